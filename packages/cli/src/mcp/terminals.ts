import type { Client } from '@holdfast/client';
import type { Session } from '@holdfast/protocol';
import type * as z from 'zod/v4';
import type { DaemonLink } from './daemon-link.ts';
import { LABEL_END } from './label.ts';
import { Refusal } from './refusal.ts';
import type { terminalShape } from './shapes.ts';

const COMMAND_CHARACTERS = 200;
/** Names that an error lists. */
const NAMES_MAX = 10;

/** A terminal as an agent is told of it. */
export type Told = z.infer<typeof terminalShape>;

/** The terminals that an agent may know of: those whose names begin with its label. */
export class Terminals {
  readonly #link: DaemonLink;
  readonly #label: () => string;
  readonly #isAll: boolean;
  /** Where the output stood when something was last typed, by the session's id. */
  readonly #typedAt = new Map<string, number>();

  constructor(link: DaemonLink, scope: { label: () => string; isAll: boolean }) {
    this.#link = link;
    this.#label = scope.label;
    this.#isAll = scope.isAll;
  }

  /** The name under which a session is opened. */
  fullName(name: string): string {
    return `${this.#prefix}${name}`;
  }

  /** Newest first; of no daemon, none. */
  async list(): Promise<Session[]> {
    const client = await this.#link.ifRunning();
    return client ? this.#listed(client) : [];
  }

  /** The one that is meant, and the connection to ask about it. Throws E_NO_SESSION, also for another's. */
  async find(reference: string): Promise<{ client: Client; session: Session }> {
    const client = await this.#link.ifRunning();
    const sessions = client ? await this.#listed(client) : [];
    const named = sessions.find(
      ({ id, name }) => id === reference || name === this.fullName(reference) || name === reference,
    );
    const begun = sessions.filter(({ id }) => id.startsWith(reference));
    const session = named ?? (begun.length === 1 ? begun[0] : undefined);
    if (client && session) return { client, session };
    const names = sessions.slice(0, NAMES_MAX).map((each) => this.tell(each).name);
    throw new Refusal(
      'E_NO_SESSION',
      `there is no terminal "${reference}"`,
      names.length > 0 ? `There are: ${names.join(', ')}.` : 'There is none: terminal_new opens one.',
    );
  }

  /** A connection for opening one. */
  connectOrStart(): Promise<Client> {
    return this.#link.orStart();
  }

  tell(session: Session): Told {
    const { name, command, warnings } = session;
    const own = name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : name;
    const line = command.join(' ');
    const shown = line.length > COMMAND_CHARACTERS ? `${line.slice(0, COMMAND_CHARACTERS)}…` : line;
    const { id, state, exit, foreground, cwd, pid, cols, rows, offset, historyStart, createdAt } = session;
    return {
      id,
      name: own,
      state,
      exit,
      command: shown,
      foreground,
      cwd,
      pid,
      cols,
      rows,
      offset,
      historyStart,
      createdAt,
      ...(warnings.length > 0 ? { warnings } : {}),
    };
  }

  /** Something is typed while the output ends here. */
  typed(session: Session): void {
    this.#typedAt.set(session.id, session.offset);
  }

  /** Where what came of the last typing begins; undefined if nothing was typed by this server. */
  typedAt({ id }: Session): number | undefined {
    return this.#typedAt.get(id);
  }

  forget({ id }: Session): void {
    this.#typedAt.delete(id);
  }

  get #prefix(): string {
    return `${this.#label()}${LABEL_END}`;
  }

  async #listed(client: Client): Promise<Session[]> {
    const { sessions } = await client.request('list', {});
    return sessions
      .filter(({ name }) => this.#isAll || name.startsWith(this.#prefix))
      .toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  }
}

/** `claude/build (8b0b4f9c1d2e)`, for people and models. */
export function inWords({ id, name, state, exit }: Told): string {
  return `${name} (${id}), ${state === 'running' ? 'running' : exitInWords(exit)}`;
}

export function exitInWords(exit: Told['exit']): string {
  if (exit?.code !== undefined) return `exited with ${exit.code}`;
  if (exit?.signal !== undefined) return `killed by ${exit.signal}`;
  return 'ended; how is not known';
}
