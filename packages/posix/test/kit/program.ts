import {
  close,
  type ExitStatus,
  isErrno,
  openPidfd,
  openPty,
  type Pty,
  READABLE,
  type Reactor,
  read,
  sendSignal,
  type SpawnOptions,
  spawnOnTerminal,
  type TerminalSize,
  takeExitStatus,
  type Watch,
  WOULD_BLOCK,
  write,
} from '@holdfast/posix';

export interface Ended {
  readonly status: ExitStatus;
  readonly output: Buffer;
}

type Options = Partial<SpawnOptions> & { size?: TerminalSize };

/** A program on a terminal of its own, of which everything that it writes is kept. */
export class Program {
  readonly pty: Pty;
  readonly pid: number;
  /** Its status is known and the terminal is drained. */
  readonly ended: Promise<Ended>;
  readonly #reactor: Reactor;
  readonly #chunks: Buffer[] = [];
  readonly #piece = Buffer.alloc(65_536);
  readonly #waiting: { pattern: RegExp; found: (match: RegExpExecArray) => void }[] = [];
  readonly #masterWatch: Watch;
  #isOver = false;

  constructor(reactor: Reactor, argv: readonly string[], options: Options = {}) {
    const { size, ...spawnOptions } = options;
    this.#reactor = reactor;
    this.pty = openPty(size ?? { cols: 80, rows: 24 });
    try {
      this.pid = spawnOnTerminal({ ...defaults(argv), slavePath: this.pty.slavePath, ...spawnOptions });
    } catch (error) {
      close(this.pty.master);
      throw error;
    }
    this.#masterWatch = reactor.watch(this.pty.master, READABLE, () => {
      if (this.#read() === 'end') this.#masterWatch.interest = 0;
    });
    this.ended = this.#untilEnded();
  }

  /** What it has written so far. */
  get output(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Resolves when what it has written matches. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      this.#waiting.push({ pattern, found: resolve });
      this.#look();
    });
  }

  type(text: string): void {
    const bytes = Buffer.from(text);
    if (write(this.pty.master, bytes) !== bytes.length) throw new Error('the terminal took only a part');
  }

  /** Ends it if need be; nothing of it is left afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) sendSignal(-this.pid, 9);
    await this.ended;
    this.#masterWatch.close();
    close(this.pty.master);
  }

  #untilEnded(): Promise<Ended> {
    const pidfd = openPidfd(this.pid);
    if (pidfd === undefined) throw new Error('this kernel has no pidfds');
    return new Promise((resolve, reject) => {
      const watch = this.#reactor.watch(pidfd, READABLE, () => {
        watch.close();
        close(pidfd);
        this.#isOver = true;
        const status = takeExitStatus(this.pid);
        while (this.#read() === 'more');
        if (typeof status === 'string')
          reject(new Error(`the status is ${status}, though its pidfd is readable`));
        else resolve({ status, output: this.output });
      });
    });
  }

  /** `empty`: nothing now; `end`: nothing any more. */
  #read(): 'more' | 'empty' | 'end' {
    try {
      const count = read(this.pty.master, this.#piece, 0, this.#piece.length);
      if (count === WOULD_BLOCK) return 'empty';
      if (count === 0) return 'end';
      this.#chunks.push(Buffer.from(this.#piece.subarray(0, count)));
    } catch (error) {
      if (isErrno(error, 'EIO')) return 'end';
      throw error;
    }
    this.#look();
    return 'more';
  }

  #look(): void {
    if (this.#waiting.length === 0) return;
    const text = this.output.toString();
    for (const waiter of Array.from(this.#waiting)) {
      const match = waiter.pattern.exec(text);
      if (!match) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.found(match);
    }
  }
}

/** A shell script on a terminal of its own. */
export function shell(reactor: Reactor, script: string, options: Options = {}): Program {
  return new Program(reactor, ['/bin/sh', '-c', script], options);
}

/** The options of a program that is named by its path. */
export function defaults(argv: readonly string[]): Omit<SpawnOptions, 'slavePath'> {
  return {
    file: argv[0] ?? '',
    argv,
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    umask: undefined,
    openFilesLimit: undefined,
  };
}
