import path from 'node:path';
import { HoldfastError, type OpenParameters } from '@holdfast/protocol';
import { checkName, usableName } from './session-name.ts';

/** The names of a home's sessions: no two have the same, and none is another's id. */
export class SessionNames {
  readonly #sessions: ReadonlyMap<string, { readonly name: string }>;
  /** Of sessions that are being opened. */
  readonly #reserved = new Set<string>();

  /** `sessions`: by their ids, as they are at any time. */
  constructor(sessions: ReadonlyMap<string, { readonly name: string }>) {
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
    const isTaken =
      this.#reserved.has(name) ||
      this.#sessions.has(name) ||
      [...this.#sessions.values()].some((session) => session.name === name);
    if (isTaken) throw new HoldfastError('E_NAME_TAKEN', `another session is named ${JSON.stringify(name)}`);
  }
}
