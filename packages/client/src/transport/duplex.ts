import type { Duplex } from 'node:stream';
import type { Transport } from '../transport.ts';
import { after } from './after.ts';

/** A transport by way of a stream of Node's, to which whoever reads that hands what has come. */
export class DuplexTransport implements Transport {
  onData: Transport['onData'] = ignore;
  onTurnEnd: Transport['onTurnEnd'] = ignore;
  onDrain: Transport['onDrain'] = ignore;
  onClose: Transport['onClose'] = ignore;
  readonly after = after;
  readonly #stream: Duplex;
  readonly #end: () => void;
  #isClosed = false;
  #isTurnOpen = false;

  /** `end` ends the stream: what was sent goes out as far as it is taken now. */
  constructor(stream: Duplex, end: () => void) {
    this.#stream = stream;
    this.#end = end;
    stream.on('drain', () => this.onDrain());
    stream.on('error', ignore); // Its end tells of it.
    const onClose = () => this.onClose(stream.errored ?? undefined);
    if (stream.closed) setImmediate(onClose);
    else stream.once('close', onClose);
  }

  received(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    if (!this.#isTurnOpen) {
      this.#isTurnOpen = true;
      // libuv reads a socket several times in one turn of its loop; setImmediate comes after all of them.
      setImmediate(() => {
        this.#isTurnOpen = false;
        if (!this.#isClosed) this.onTurnEnd();
      });
    }
    this.onData(chunk);
  }

  send(bytes: Uint8Array): boolean {
    return this.#isClosed || this.#stream.write(bytes);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#end();
  }
}

function ignore(): void {}
