import {
  close,
  type ExitStatus,
  openPty,
  read,
  sendSignal,
  setWindowSize,
  spawnOnTerminal,
  takeExitStatus,
  WOULD_BLOCK,
  write,
} from '@holdfast/posix';

/** How often the terminal is looked at. Node has no way to wait for a descriptor that is not its own. */
const LOOK_EVERY_MS = 5;
const PATIENCE_MS = 15_000;
const SIGKILL = 9;

interface Waiter {
  readonly isMet: () => boolean;
  readonly met: () => void;
}

/** A program in a real terminal, of which this is the user. */
export class TerminalProgram implements AsyncDisposable {
  readonly pid: number;
  /** Everything that the program has written, carriage returns and escape sequences included. */
  output = '';
  /** While true, nothing is read: the program's terminal fills up. */
  isStuck = false;
  readonly #master: number;
  readonly #timer: NodeJS.Timeout;
  readonly #chunk = Buffer.alloc(64 * 1024);
  readonly #decoder = new TextDecoder();
  #waiters: Waiter[] = [];
  #typing = Buffer.alloc(0);
  #status: ExitStatus | undefined;
  #isHungUp = false;

  private constructor(options: { argv: string[]; cwd: string; env: Record<string, string> }) {
    const { master, slavePath } = openPty({ cols: 100, rows: 30 });
    this.#master = master;
    const file = options.argv[0] ?? '';
    this.pid = spawnOnTerminal({ ...options, file, slavePath, umask: undefined, openFilesLimit: undefined });
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  static start(options: { argv: string[]; cwd: string; env: Record<string, string> }): TerminalProgram {
    return new TerminalProgram(options);
  }

  /** Types bytes, as fast as the terminal takes them. */
  type(text: string): void {
    this.#typing = Buffer.concat([this.#typing, Buffer.from(text)]);
  }

  resize(size: { cols: number; rows: number }): void {
    setWindowSize(this.#master, size);
  }

  signal(number: number): void {
    sendSignal(this.pid, number);
  }

  /** Resolves with the output up to and with `text`, and forgets that. */
  async until(text: string, { patienceMs = PATIENCE_MS } = {}): Promise<string> {
    await this.#when(() => this.output.includes(text), { what: JSON.stringify(text), patienceMs });
    const end = this.output.indexOf(text) + text.length;
    const before = this.output.slice(0, end);
    this.output = this.output.slice(end);
    return before;
  }

  /** Resolves when the program has ended and all of its output is there. */
  async exited(): Promise<ExitStatus> {
    await this.#when(() => this.#status !== undefined && this.#isHungUp, { what: 'its end' });
    return this.#status ?? { code: -1 };
  }

  /** The user closes the window. */
  hangUp(): void {
    this.#isHungUp = true;
    clearInterval(this.#timer);
    close(this.#master);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    if (this.#status === undefined) {
      sendSignal(this.pid, SIGKILL);
      while (takeExitStatus(this.pid) === 'running') await new Promise((resolve) => setImmediate(resolve));
    }
    if (!this.#isHungUp) close(this.#master);
  }

  #look(): void {
    if (!this.isStuck) this.#read();
    if (this.#typing.length > 0 && !this.#isHungUp) {
      const count = write(this.#master, this.#typing);
      if (count !== WOULD_BLOCK) this.#typing = this.#typing.subarray(count);
    }
    if (this.#status === undefined) {
      const status = takeExitStatus(this.pid);
      if (typeof status === 'object') this.#status = status;
    }
    for (const waiter of this.#waiters.filter(({ isMet }) => isMet())) waiter.met();
  }

  #read(): void {
    try {
      for (;;) {
        const count = read(this.#master, this.#chunk, 0, this.#chunk.length);
        if (count === WOULD_BLOCK) return;
        this.output += this.#decoder.decode(this.#chunk.subarray(0, count), { stream: true });
      }
    } catch {
      this.#isHungUp = true; // EIO: nobody has the terminal open any more
    }
  }

  #when(
    isMet: () => boolean,
    { what, patienceMs = PATIENCE_MS }: { what: string; patienceMs?: number },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { isMet, met: () => done(resolve) };
      const late = setTimeout(() => {
        done(() =>
          reject(new Error(`${what} did not come; there is ${JSON.stringify(this.output.slice(-2000))}`)),
        );
      }, patienceMs);
      const done = (settle: () => void) => {
        clearTimeout(late);
        this.#waiters = this.#waiters.filter((each) => each !== waiter);
        settle();
      };
      this.#waiters.push(waiter);
    });
  }
}
