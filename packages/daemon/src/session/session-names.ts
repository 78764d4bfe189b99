import path from 'node:path';
import { HoldfastError, type OpenParameters } from '@holdfast/protocol';
import { checkName, usableName } from './session-name.ts';

interface Named {
  readonly name: string;
  /** Undefined while it runs. */
  readonly exitedForMs?: number | undefined;
}

/** The names of a home's sessions: no two have the same, and none is another's id. */
export class SessionNames {
  readonly #sessions: ReadonlyMap<string, Named>;
  /** Of sessions that are being opened. */
  readonly #reserved = new Set<string>();

  /** `sessions`: by their ids, as they are at any time. */
  constructor(sessions: ReadonlyMap<string, Named>) {
    this.#sessions = sessions;
  }

  get reservedCount(): number {
    return this.#reserved.size;
  }

  /** The name asked for, or one after the program: nobody else gets it until it is released. Throws HoldfastError: E_BAD_NAME, E_NAME_TAKEN. */
  reserve({ name: wanted, command, env }: Pick<OpenParameters, 'name' | 'command' | 'env'>): string {
    if (wanted !== undefined) this.check(wanted);
    const taken = new Set([
      ...[...this.#sessions.values()].map((session) => session.name),
      ...this.#sessions.keys(),
      ...this.#reserved,
    ]);
    const base = usableName(path.basename(command[0] ?? env.SHELL ?? 'sh'));
    let name = wanted ?? base;
    for (let number = 2; taken.has(name); number += 1) name = `${base}-${number}`;
    this.#reserved.add(name);
    return name;
  }

  /** Its session has it now, or there is none. */
  release(name: string): void {
    this.#reserved.delete(name);
  }

  /** Throws HoldfastError: E_BAD_NAME, E_NAME_TAKEN. */
  check(name: string): void {
    checkName(name);
    const holder = this.#sessions.get(name) ?? [...this.#sessions.values()].find((one) => one.name === name);
    if (!holder && !this.#reserved.has(name)) return;
    const wayOut =
      holder?.exitedForMs === undefined ? '' : '; it has exited: forget it, and the name is free';
    const message = `another session is named ${JSON.stringify(name)}${wayOut}`;
    throw new HoldfastError('E_NAME_TAKEN', message);
  }
}
