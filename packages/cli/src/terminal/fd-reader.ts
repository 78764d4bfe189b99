import { isErrno, READABLE, type Reactor, read, type Watch, WOULD_BLOCK } from '@holdfast/posix';

const CHUNK_BYTES = 64 * 1024;

/** Reads a descriptor whenever it has something, until its end. */
export class FdReader {
  readonly #fd: number;
  readonly #watch: Watch;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  readonly #onData: (bytes: Uint8Array) => void;
  readonly #onEnd: (error?: Error) => void;
  #isClosed = false;

  /**
   * `onData` gets a view that is valid only during the call. `onEnd` also stands for a terminal that was hung up; with an
   * error for what can't be read, such as a folder.
   */
  constructor(
    reactor: Reactor,
    fd: number,
    handlers: { onData: (bytes: Uint8Array) => void; onEnd: (error?: Error) => void },
  ) {
    this.#fd = fd;
    this.#onData = handlers.onData;
    this.#onEnd = handlers.onEnd;
    this.#watch = reactor.watch(fd, READABLE, () => this.#read());
  }

  pause(): void {
    if (!this.#isClosed) this.#watch.interest = 0;
  }

  resume(): void {
    if (!this.#isClosed) this.#watch.interest = READABLE;
  }

  close(): void {
    this.#isClosed = true;
    this.#watch.close();
  }

  #read(): void {
    let count: number;
    try {
      count = read(this.#fd, this.#chunk, 0, this.#chunk.length);
    } catch (error) {
      this.close();
      // EIO: hung up, or a background process group that may not read.
      if (isErrno(error, 'EIO')) this.#onEnd();
      else this.#onEnd(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (count === WOULD_BLOCK) return;
    if (count > 0) {
      this.#onData(this.#chunk.subarray(0, count));
      return;
    }
    this.close();
    this.#onEnd();
  }
}
