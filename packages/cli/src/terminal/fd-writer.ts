import fs from 'node:fs';
import { isNonBlocking, type Reactor, WOULD_BLOCK, WRITABLE, type Watch, write } from '@holdfast/posix';

/** What a descriptor that blocks takes without blocking when it is writable: PIPE_BUF. */
const BLOCKING_PIECE_BYTES = 4096;

/**
 * Writes to a descriptor as fast as its reader takes it. At most one chunk is held back; the caller stops until
 * `onDrain`. Bytes are copied if they must wait.
 */
export class FdWriter {
  readonly #reactor: Reactor;
  readonly #fd: number;
  /** A socket or terminal that could not be reopened: it is written to only when it is known to take something. */
  readonly #mayBlock: boolean;
  #watch: Watch | undefined;
  #pending: Uint8Array = new Uint8Array(0);
  /** Called when everything has been written, if `write` has returned false before. */
  onDrain: () => void = () => undefined;
  /** Called once, when the reader has gone or the terminal is no more. */
  onError: (error: Error) => void = () => undefined;
  #isBroken = false;

  constructor(reactor: Reactor, fd: number) {
    this.#reactor = reactor;
    this.#fd = fd;
    this.#mayBlock = !isNonBlocking(fd) && !fs.fstatSync(fd).isFile();
  }

  get isIdle(): boolean {
    return this.#pending.length === 0;
  }

  /** False if something had to be held back. */
  write(bytes: Uint8Array): boolean {
    if (this.#isBroken) return true;
    if (this.#pending.length > 0) {
      this.#pending = Buffer.concat([this.#pending, bytes]);
      return false;
    }
    const taken = this.#mayBlock ? 0 : this.#tryWrite(bytes);
    if (taken === bytes.length || this.#isBroken) return true;
    // Not `slice`: that of a Buffer is a view.
    this.#pending = new Uint8Array(bytes.subarray(taken));
    this.#watch ??= this.#reactor.watch(this.#fd, 0, () => this.#drain());
    this.#watch.interest = WRITABLE;
    return false;
  }

  /** Stops watching the descriptor, and returns what was never written. */
  close(): Uint8Array {
    this.#watch?.close();
    this.#watch = undefined;
    const pending = this.#pending;
    this.#pending = new Uint8Array(0);
    return pending;
  }

  #drain(): void {
    const now = this.#mayBlock ? this.#pending.subarray(0, BLOCKING_PIECE_BYTES) : this.#pending;
    const taken = this.#tryWrite(now);
    this.#pending = this.#pending.subarray(taken);
    if (this.#pending.length > 0 && !this.#isBroken) return;
    if (this.#watch) this.#watch.interest = 0;
    this.onDrain();
  }

  /** Writes until the descriptor takes no more. */
  #tryWrite(bytes: Uint8Array): number {
    let taken = 0;
    try {
      while (taken < bytes.length) {
        const count = write(this.#fd, bytes, taken);
        if (count === WOULD_BLOCK) break;
        taken += count;
      }
    } catch (error) {
      this.#isBroken = true;
      this.#pending = new Uint8Array(0);
      this.onError(error instanceof Error ? error : new Error(String(error)));
    }
    return taken;
  }
}
