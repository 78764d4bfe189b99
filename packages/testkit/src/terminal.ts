import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import {
  close,
  type ExitStatus,
  isErrno,
  openPty,
  readAt,
  sendSignal,
  setWindowSize,
  signalNumber,
  spawnOnTerminal,
  takeExitStatus,
  type TerminalSize,
  addressOf,
  WOULD_BLOCK,
  write,
} from '@holdfast/posix';
import { ByteLog } from './byte-log.ts';
import { eventually } from './eventually.ts';

/** How often the master is read: a terminal for tests needs no more. */
const READ_EVERY_MS = 3;
/** Reads at one time, so that a flood leaves the test its turn. */
const READS_AT_ONCE = 128;

export interface TerminalOptions {
  readonly size?: TerminalSize;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** False for a terminal that takes nothing until it is told to. */
  readonly isRead?: boolean;
}

/** A user's terminal with a program in it: types, shows, resizes; says what its modes are. */
export class Terminal implements Disposable {
  /** Everything that was shown. */
  readonly screen = new ByteLog();
  readonly pid: number;
  readonly #master: number;
  readonly #slavePath: string;
  /** Held open, so that the modes outlive the program. */
  readonly #slave: number;
  readonly #buffer = Buffer.from(new ArrayBuffer(4096));
  #reading: NodeJS.Timeout | undefined;
  #status: ExitStatus | undefined;
  #isClosed = false;

  /** `file` is absolute. */
  constructor(
    command: { file: string; argv: readonly string[]; env: Readonly<Record<string, string>> },
    { size = { cols: 80, rows: 24 }, cwd = '/', isRead = true }: TerminalOptions = {},
  ) {
    const { master, slavePath } = openPty(size);
    this.#master = master;
    this.#slavePath = slavePath;
    this.#slave = openSync(slavePath, constants.O_RDWR | constants.O_NOCTTY);
    this.pid = spawnOnTerminal({ ...command, cwd, slavePath, umask: undefined, openFilesLimit: undefined });
    if (isRead) this.read();
  }

  /** Types text or bytes. Fails if the terminal does not take them at once. */
  type(input: string | Uint8Array): void {
    const bytes = Buffer.from(Buffer.from(input));
    const count = write(this.#master, bytes);
    if (count !== bytes.length) throw new Error(`the terminal took ${count} of ${bytes.length} bytes`);
  }

  /** Types as fast as the terminal takes it. */
  async paste(bytes: Uint8Array): Promise<void> {
    let left = bytes;
    await eventually('the end of the paste', () => {
      const count = write(this.#master, Buffer.from(left));
      if (count !== WOULD_BLOCK) left = left.subarray(count);
      return left.length === 0;
    });
  }

  /** Resolves when the screen has shown it. */
  waitFor(pattern: string | RegExp, withinMs?: number): Promise<RegExpExecArray> {
    return this.screen.waitFor(pattern, withinMs);
  }

  /** Resolves with what was shown up to and with `text`; the next call begins behind it. */
  until(text: string, withinMs?: number): Promise<string> {
    return this.screen.takeThrough(text, withinMs);
  }

  /** Begins to take what is shown, if `isRead` was false. */
  read(): void {
    this.#reading ??= setInterval(() => this.#read(), READ_EVERY_MS);
  }

  resize(size: TerminalSize): void {
    setWindowSize(this.#master, size);
  }

  /** All modes of the terminal, in one comparable string. */
  get modes(): string {
    return execFileSync('stty', ['-g', '-F', this.#slavePath], { encoding: 'utf8' }).trim();
  }

  signal(name: NodeJS.Signals): void {
    sendSignal(this.pid, signalNumber(name) ?? 0);
  }

  /** Resolves with the status when the program has ended and everything it showed has been read. */
  async ended(withinMs?: number): Promise<ExitStatus> {
    const status = await eventually(`the end of process ${this.pid}`, () => this.#look(), withinMs);
    this.#read();
    return status;
  }

  get isRunning(): boolean {
    return this.#look() === undefined;
  }

  /** Hangs up, as closing a terminal window does; the program is killed if that does not end it. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#reading);
    closeSync(this.#slave);
    close(this.#master);
    if (this.#look() === undefined) sendSignal(this.pid, signalNumber('SIGKILL') ?? 9);
  }

  /** Closes the terminal's window: the program is hung up and not killed. */
  hangUp(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#reading);
    closeSync(this.#slave);
    close(this.#master);
  }

  #look(): ExitStatus | undefined {
    if (this.#status) return this.#status;
    const status = takeExitStatus(this.pid);
    if (status === 'running') return undefined;
    if (status === 'unknown') throw new Error(`process ${this.pid} was reaped by somebody else`);
    this.#status = status;
    return status;
  }

  #read(): void {
    if (this.#isClosed) return;
    try {
      for (let reads = 0; reads < READS_AT_ONCE; reads += 1) {
        const count = readAt(this.#master, addressOf(this.#buffer), this.#buffer.length);
        if (count === WOULD_BLOCK || count === 0) return;
        this.screen.push(this.#buffer.subarray(0, count));
      }
    } catch (error) {
      if (!isErrno(error, 'EIO')) throw error;
    }
  }
}
