import {
  Block,
  close,
  connectUnix,
  isErrno,
  READABLE,
  type Reactor,
  readAt,
  type Watch,
  WOULD_BLOCK,
  WRITABLE,
  write,
  writeAt,
} from '@holdfast/posix';
import { HoldfastError } from '@holdfast/protocol';
import type { Connector, Timer, Transport } from '../transport.ts';

/** One read: a whole OUTPUT frame and its header fit, and it stays in the processor's cache. */
const READ_BYTES = 128 * 1024;
/** A frame of some keys fits. */
const SMALL_BYTES = 64;
/** Reads before the reactor looks after others: the terminal must not wait for a flood to end. */
const READS_PER_TURN = 4;

/** Connects through our own reactor; for the CLI, whose event loop it has. */
export function posixConnector(socketPath: string, reactor: Reactor): Connector {
  return {
    after: (ms, callback) => reactor.after(ms, callback),
    // Async, so that what connecting throws becomes a rejection.
    async connect() {
      try {
        return new PosixTransport(connectUnix(socketPath), reactor);
      } catch (cause) {
        throw new HoldfastError('E_NO_DAEMON', `can't connect to ${socketPath}: ${reason(cause)}`, { cause });
      }
    },
  };
}

class PosixTransport implements Transport {
  onData: Transport['onData'] = ignore;
  onTurnEnd: Transport['onTurnEnd'] = ignore;
  onDrain: Transport['onDrain'] = ignore;
  onClose: Transport['onClose'] = ignore;
  readonly #fd: number;
  readonly #reactor: Reactor;
  readonly #watch: Watch;
  readonly #buffer = new Block(READ_BYTES);
  /** A key's frame is put here to be written: to find out where a small array stands, V8 would have to move it first. */
  readonly #small = new Block(SMALL_BYTES);
  /** What the kernel has not taken yet, in order. Bounded by those who send: each has a limit of its own. */
  #unsent: Uint8Array[] = [];
  #isPaused = false;
  #isClosed = false;

  constructor(fd: number, reactor: Reactor) {
    this.#fd = fd;
    this.#reactor = reactor;
    this.#watch = reactor.watch(fd, READABLE, (ready) => this.#ready(ready));
  }

  after(ms: number, callback: () => void): Timer {
    return this.#reactor.after(ms, callback);
  }

  send(bytes: Uint8Array): boolean {
    if (this.#isClosed) return true;
    const taken = this.#unsent.length === 0 && bytes.length <= SMALL_BYTES ? this.#writeSmall(bytes) : 0;
    if (taken === bytes.length || this.#isClosed) return true;
    this.#unsent.push(bytes.subarray(taken));
    if (this.#unsent.length > 1) return false;
    this.#flush();
    return this.#unsent.length === 0;
  }

  pause(): void {
    this.#isPaused = true;
    this.#setInterest();
  }

  resume(): void {
    this.#isPaused = false;
    this.#setInterest();
  }

  close(): void {
    this.#end(undefined);
  }

  #ready(ready: number): void {
    if (ready & WRITABLE) {
      this.#flush();
      if (!this.#isClosed && this.#unsent.length === 0) this.onDrain();
    }
    if (ready & READABLE) this.#read();
  }

  #read(): void {
    for (let reads = 0; reads < READS_PER_TURN && !this.#isClosed && !this.#isPaused; reads += 1) {
      const length = this.#attempt(() => readAt(this.#fd, this.#buffer.address, READ_BYTES));
      if (length === undefined || length === WOULD_BLOCK) break;
      if (length === 0) return this.#end(undefined);
      this.onData(this.#buffer.bytes.subarray(0, length));
      // Less than fits: the socket is empty, and asking it again would only say so.
      if (length < READ_BYTES) break;
    }
    if (!this.#isClosed) this.onTurnEnd();
  }

  /** Returns how many bytes the kernel has taken. */
  #writeSmall(bytes: Uint8Array): number {
    this.#small.bytes.set(bytes);
    const written = this.#attempt(() => writeAt(this.#fd, this.#small.address, bytes.length));
    return written === undefined || written === WOULD_BLOCK ? 0 : written;
  }

  #flush(): void {
    for (;;) {
      const next = this.#unsent[0];
      if (!next || this.#isClosed) break;
      const written = this.#attempt(() => write(this.#fd, next));
      if (written === undefined || written === WOULD_BLOCK) break;
      if (written === next.length) this.#unsent.shift();
      else this.#unsent[0] = next.subarray(written);
    }
    this.#setInterest();
  }

  /** A fault of the socket ends it; undefined then. */
  #attempt(call: () => number): number | undefined {
    try {
      return call();
    } catch (cause) {
      this.#end(cause instanceof Error ? cause : new Error(String(cause)));
      return undefined;
    }
  }

  #setInterest(): void {
    if (this.#isClosed) return;
    this.#watch.interest = (this.#isPaused ? 0 : READABLE) | (this.#unsent.length > 0 ? WRITABLE : 0);
  }

  #end(cause: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unsent = [];
    this.#watch.close();
    close(this.#fd);
    this.#reactor.defer(() => this.onClose(cause));
  }
}

function reason(cause: unknown): string {
  if (isErrno(cause, 'ENOENT', 'ECONNREFUSED')) return 'nobody listens there';
  return cause instanceof Error ? cause.message : String(cause);
}

function ignore(): void {}
