import { type Exit, HoldfastError, type RequestResult, type Session } from '@holdfast/protocol';
import type { Client } from '../client.ts';
import type { Input } from '../input.ts';
import { LONGEST_SEARCH_MS, type OutputMatch, OutputSearch } from '../waiting/output-search.ts';
import { plainText } from '../waiting/plain-text.ts';
import { literally } from '../waiting/literally.ts';
import { PromptWait } from '../waiting/prompt-wait.ts';
import { waitForExit } from '../waiting/wait-for-exit.ts';
import { waitForMatch } from '../waiting/wait-for-match.ts';
import { waitForSilence } from '../waiting/wait-for-silence.ts';
import { abortable } from '../abortable.ts';
import { beforeDeadline, STANDARD_MS } from './deadline.ts';
import { type OutputPiece, SessionOutput } from './session-output.ts';
import {
  type Abortable,
  type ExpectOptions,
  type FindTerminalOptions,
  type Limited,
  openParametersOf,
  type OpenTerminalOptions,
  type ReadOptions,
} from './terminal-options.ts';

/** So much of the output does an error quote. */
const QUOTED_CHARACTERS = 200;

/**
 * One session, for a program that drives it: types, waits for what comes, reads. It lives as long as its client, across reconnects, upgrades
 * and crashes of the daemon.
 *
 * `await using` ends the program of a terminal that was opened (unless `keep`), and only lets go of one that was found.
 * Everything that fails throws a HoldfastError; `code` is one of docs/protocol.md. E_DISCONNECTED means that the client has given up.
 */
export class Terminal implements AsyncDisposable {
  /** Of the session, for as long as it is listed. */
  readonly id: string;
  readonly #client: Client;
  readonly #isOwned: boolean;
  #session: Session;
  #input: Promise<Input> | undefined;
  #expectedTo: number;

  /**
   * Opens a session and starts a program in it. Throws E_COMMAND_NOT_FOUND, E_COMMAND_NOT_EXECUTABLE, E_CWD, E_NAME_TAKEN, E_BAD_NAME, E_LIMIT and
   * what else the system lacks; E_DISCONNECTED if the connection was lost before it was known whether it was opened.
   */
  static async open(client: Client, options: OpenTerminalOptions): Promise<Terminal> {
    options.signal?.throwIfAborted();
    const opening = client.request('open', openParametersOf(options));
    const isOwned = options.keep !== true;
    // Who has turned away meanwhile can't end it.
    if (isOwned && options.signal)
      opening.then(
        ({ session }) => endIfAborted(client, session, options.signal),
        () => undefined,
      );
    const { session } = await abortable(opening, options.signal);
    return new Terminal(client, session, { isOwned, expectFrom: 0 });
  }

  /** Finds a session that is there: by its id, a unique beginning of it, or its name. Throws E_NO_SESSION, E_AMBIGUOUS. */
  static async find(client: Client, session: string, options: FindTerminalOptions = {}): Promise<Terminal> {
    const { signal } = options;
    const { session: found } = await client.request('get', { session }, { signal });
    return new Terminal(client, found, { isOwned: false, expectFrom: options.from ?? found.offset });
  }

  private constructor(client: Client, session: Session, how: { isOwned: boolean; expectFrom: number }) {
    this.id = session.id;
    this.#client = client;
    this.#session = session;
    this.#isOwned = how.isOwned;
    this.#expectedTo = how.expectFrom;
  }

  /** As it was when it was last heard of: when it was opened or found, and by `refresh`, `resize`, `kill`. */
  get session(): Session {
    return this.#session;
  }

  /** Asks the daemon how the session is now. Throws E_NO_SESSION when it was forgotten. */
  async refresh({ signal }: Abortable = {}): Promise<Session> {
    return this.#heardOf(this.#client.request('get', { session: this.id }, { signal }));
  }

  /**
   * Types a text, or bytes, as they are: Enter is `\r`. Resolves when the program's terminal has all of it, so it waits while the program does
   * not read; what was given up by `signal` is typed all the same. Throws E_EXITED; E_INPUT_UNKNOWN if nobody can know whether
   * it was typed, after a crash, in which case it never will be again; E_LIMIT if 16 MiB are waiting.
   */
  async type(text: string | Uint8Array, { signal }: Abortable = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#input ??= this.#client.openInput(this.id);
    const opening = this.#input;
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    try {
      await abortable(
        opening.then((input) => input.write(bytes)),
        signal,
      );
    } catch (error) {
      // An input that is over stays so; the next typing opens another.
      const isOver =
        error instanceof HoldfastError && error.code !== 'E_INPUT_UNKNOWN' && error.code !== 'E_LIMIT';
      if (isOver && this.#input === opening) this.#input = undefined;
      throw error;
    }
  }

  /**
   * Waits until the output matches, from behind what the last `expect` has found; `^` and `$` need the flag `m` to be the ends of lines. A match spans
   * at most 65,536 characters, and no gap: what was printed before a crash of the daemon is not joined to what was printed behind it. Tells what was found, and where. Throws E_TIMEOUT, and E_EXITED if the session has ended without; both quote what came.
   * An expression that takes longer than a second for one search, as it backtracks, is E_BAD_REQUEST: nothing else could happen meanwhile.
   */
  async expect(expected: RegExp | string, options: ExpectOptions = {}): Promise<OutputMatch> {
    const { from = this.#expectedTo, escapes = false, timeoutMs = STANDARD_MS } = options;
    const deadlineMs = Number.isFinite(timeoutMs) ? performance.now() + timeoutMs : undefined;
    const bounds = { deadlineMs, longestMs: LONGEST_SEARCH_MS };
    const search = new OutputSearch(searchable(expected), { plain: !escapes, ...bounds });
    const found = await beforeDeadline(
      options,
      (time) => `${String(expected)} did not come within ${time}; ${outputEnd(search.text)}`,
      (signal) => waitForMatch(this.#client, this.id, search, { from, signal }),
    );
    if (!found) {
      throw new HoldfastError(
        'E_EXITED',
        `the session has ended without ${String(expected)}; ${outputEnd(search.text)}`,
      );
    }
    this.#expectedTo = found.to;
    return found;
  }

  /**
   * Waits until the shell shows its prompt, which it has to mark (OSC 133: docs/cli.md); tells how its last command has ended, undefined if it has
   * not told. Throws E_TIMEOUT, and E_EXITED if the session has ended.
   */
  async prompt(options: Limited & { readonly from?: number } = {}): Promise<number | undefined> {
    const wait = new PromptWait();
    const isThere = await beforeDeadline(
      options,
      (time) =>
        `${wait.hasMarks ? 'the prompt did not come' : 'the shell has marked no prompt'} within ${time}`,
      (signal) => wait.run(this.#client, this.id, { from: options.from, signal }),
    );
    if (!isThere) throw new HoldfastError('E_EXITED', 'the session has ended, and showed no prompt');
    return wait.lastExit;
  }

  /** Waits until nothing was printed for so many milliseconds, from now on. Throws E_TIMEOUT, and E_EXITED if the session ends. */
  async idle(idleMs: number, options: Limited = {}): Promise<void> {
    const isIdle = await beforeDeadline(
      options,
      (time) => `it was not silent for ${idleMs} ms within ${time}`,
      (signal) => waitForSilence(this.#client, this.id, idleMs, { signal }),
    );
    if (!isIdle) throw new HoldfastError('E_EXITED', 'the session has ended');
  }

  /** Waits until the program has ended, and tells how: `{ code }`, `{ signal }`, or `{ lost }` if nobody can know. It waits for ever unless told otherwise. */
  exited({ signal, timeoutMs = Number.POSITIVE_INFINITY }: Limited = {}): Promise<Exit> {
    return beforeDeadline(
      { signal, timeoutMs },
      (time) => `the program did not end within ${time}`,
      (either) => waitForExit(this.#client, this.id, { signal: either }),
    );
  }

  /**
   * The output, byte for byte: what was printed, and what is missing. Ends when the session has exited and all is told, or at `to`. The program waits
   * for who takes it slowly, at most as long as the lease. Leave the loop to let go. Throws E_OFFSET for a `from` behind the end.
   */
  async *output({
    from = 'start',
    to,
    leaseMs,
    signal,
  }: ReadOptions = {}): AsyncGenerator<OutputPiece, void> {
    const output = new SessionOutput({ from, to, leaseMs });
    await output.open(this.#client, this.id, signal);
    try {
      for (let piece = await output.next(signal); piece; piece = await output.next(signal)) yield piece;
    } finally {
      await output.close();
    }
  }

  /** What the terminal shows now, with `historyLines` (0 to 1,000) above it. Throws E_TIMEOUT after 10 s. */
  screen(
    options: Abortable & { readonly format?: 'text' | 'ansi' | 'html'; readonly historyLines?: number } = {},
  ): Promise<RequestResult<'capture'>> {
    const { format = 'text', historyLines = 0, signal } = options;
    return this.#client.request('capture', { session: this.id, format, historyLines }, { signal });
  }

  /** Sets columns and rows, 1 to 4,096 each. Throws E_EXITED. */
  async resize(
    size: { readonly cols: number; readonly rows: number },
    { signal }: Abortable = {},
  ): Promise<Session> {
    return this.#heardOf(this.#client.request('resize', { session: this.id, ...size }, { signal }));
  }

  /** Sends a signal, by its name (`SIGINT`), to what runs in the foreground. Throws E_EXITED. */
  async sendSignal(name: string, { signal }: Abortable = {}): Promise<void> {
    await this.#client.request('signal', { session: this.id, signal: name }, { signal });
  }

  /** Ends the program and all that it has started: SIGHUP, and from a second later on SIGKILL. Resolves when it has exited; of one that has already, at once. */
  async kill({ signal }: Abortable = {}): Promise<Session> {
    const killing = this.#client.request('kill', { session: this.id }, { timeoutMs: null, signal });
    return this.#heardOf(killing).catch((error: unknown) => {
      if (error instanceof HoldfastError && error.code === 'E_EXITED') return this.refresh({ signal });
      throw error;
    });
  }

  /** Lets go; ends the program if this has opened it, and it was not to be kept. The session stays listed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const input = await this.#input?.catch(() => undefined);
    await input?.close();
    if (!this.#isOwned || this.#client.state === 'closed') return;
    await this.kill().catch((error: unknown) => {
      if (!(error instanceof HoldfastError && error.code === 'E_NO_SESSION')) throw error;
    });
  }

  async #heardOf(asked: Promise<{ session: Session }>): Promise<Session> {
    this.#session = (await asked).session;
    return this.#session;
  }
}

function endIfAborted(client: Client, { id }: Session, signal: AbortSignal | undefined): void {
  if (signal?.aborted) client.request('kill', { session: id }, { timeoutMs: null }).catch(() => undefined);
}

/** The same, as it can be looked for again and again; a text means itself. */
function searchable(expected: RegExp | string): RegExp {
  if (typeof expected === 'string') return literally(expected);
  return new RegExp(expected.source, `${expected.flags.replace(/[gy]/g, '')}g`);
}

function outputEnd(text: string): string {
  const end = plainText(text).trimEnd().slice(-QUOTED_CHARACTERS);
  return end === '' ? 'nothing came' : `the output ends with ${JSON.stringify(end)}`;
}
