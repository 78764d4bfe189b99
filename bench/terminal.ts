import os from 'node:os';
import {
  close,
  isErrno,
  openPidfd,
  openPty,
  READABLE,
  type Reactor,
  read,
  sendSignal,
  spawnOnTerminal,
  takeExitStatus,
  type Timer,
  type Watch,
  WOULD_BLOCK,
  write,
} from '@holdfast/posix';

/** The size that peerbench.py gives its terminals. */
const SIZE = { cols: 120, rows: 40 };
const READ_BYTES = 64 * 1024;
/** Reads before the reactor gets a turn: as often as a fast terminal would. */
const READS_PER_TURN = 16;
/** A program that has been hung up for so long is killed. */
const HANG_UP_MS = 2_000;
/** What the last error message shows of the output. */
const TAIL_BYTES = 200;
const { SIGHUP, SIGKILL } = os.constants.signals;

interface Waiter {
  readonly mark: Buffer;
  readonly seen: (atMs: number) => void;
  readonly failed: (why: string) => void;
}

/** A terminal as a user's terminal program keeps one: it runs a command in it, reads what it shows, and types. */
export class Terminal implements AsyncDisposable {
  readonly #reactor: Reactor;
  readonly #master: number;
  readonly #pid: number;
  readonly #watch: Watch;
  readonly #buffer = Buffer.from(new ArrayBuffer(READ_BYTES));
  /** The end of what was read before: a mark may be cut in two. */
  #tail = Buffer.alloc(0);
  #waiter: Waiter | undefined;
  #onOutput: (() => void) | undefined;

  /** Runs the command by `sh -c` on a new pseudo-terminal. */
  constructor(reactor: Reactor, command: string, env: Readonly<Record<string, string>>) {
    this.#reactor = reactor;
    const pty = openPty(SIZE);
    this.#master = pty.master;
    this.#pid = spawnOnTerminal({
      file: '/bin/sh',
      argv: ['sh', '-c', command],
      cwd: '/',
      env,
      slavePath: pty.slavePath,
      umask: undefined,
      openFilesLimit: 1024,
    });
    this.#watch = reactor.watch(this.#master, READABLE, () => this.#read());
  }

  /** Types a text. */
  type(text: string): void {
    const bytes = Buffer.from(text);
    const count = write(this.#master, bytes);
    if (count !== bytes.length) throw new Error(`the terminal took ${count} of ${bytes.length} bytes`);
  }

  /** Resolves when the mark shows, with the time (performance.now) at which it was read. Rejects after `timeoutMs`. */
  until(mark: string, timeoutMs = 120_000): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = this.#reactor.after(timeoutMs, () => this.#waiter?.failed(`within ${timeoutMs} ms`));
      const over = () => {
        this.#waiter = undefined;
        timer.cancel();
      };
      this.#tail = Buffer.alloc(0);
      this.#waiter = {
        mark: Buffer.from(mark),
        seen: (atMs) => {
          over();
          resolve(atMs);
        },
        failed: (why) => {
          over();
          const tail = JSON.stringify(this.#tail.toString('latin1').slice(-TAIL_BYTES));
          reject(new Error(`no ${JSON.stringify(mark)} ${why}; the output ends in ${tail}`));
        },
      };
    });
  }

  /** Resolves when nothing has been shown for so long. */
  quiet(quietMs = 300): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const begin = () => {
        timer?.cancel();
        timer = this.#reactor.after(quietMs, () => {
          this.#onOutput = undefined;
          resolve();
        });
      };
      this.#onOutput = begin;
      begin();
    });
  }

  /** Hangs up, and waits for the command to end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch.close();
    const ended = this.#ended();
    sendSignal(this.#pid, SIGHUP);
    close(this.#master);
    await ended;
  }

  #read(): void {
    let readAny = false;
    for (let reads = 0; reads < READS_PER_TURN; reads += 1) {
      const count = this.#readOnce();
      if (count <= 0) break;
      readAny = true;
      this.#look(this.#buffer.subarray(0, count));
    }
    if (readAny) this.#onOutput?.();
  }

  #readOnce(): number {
    try {
      return read(this.#master, this.#buffer, 0, READ_BYTES);
    } catch (error) {
      if (!isErrno(error, 'EIO')) throw error;
      this.#watch.close();
      this.#waiter?.failed('before the command ended');
      return WOULD_BLOCK;
    }
  }

  #look(bytes: Buffer): void {
    if (!this.#waiter) return;
    const { mark, seen } = this.#waiter;
    const seam = Buffer.concat([this.#tail, bytes.subarray(0, mark.length)]);
    const isSeen = bytes.includes(mark) || seam.includes(mark);
    this.#tail = Buffer.from(bytes.subarray(-Math.max(TAIL_BYTES, mark.length)));
    if (isSeen) seen(performance.now());
  }

  #ended(): Promise<void> {
    const pidfd = openPidfd(this.#pid);
    if (pidfd === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#reactor.after(HANG_UP_MS, () => sendSignal(this.#pid, SIGKILL));
      const watch = this.#reactor.watch(pidfd, READABLE, () => {
        takeExitStatus(this.#pid);
        timer.cancel();
        watch.close();
        close(pidfd);
        resolve();
      });
    });
  }
}
