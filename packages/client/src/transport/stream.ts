import type { Duplex } from 'node:stream';
import type { Connector, Transport } from '../transport.ts';
import { after } from './after.ts';

/** Connects through streams of any kind, each of which leads to the same daemon. `open` rejects with HoldfastError. */
export function streamConnector(open: () => Promise<Duplex>): Connector {
  return { connect: async () => new StreamTransport(await open()), after };
}

class StreamTransport implements Transport {
  onData: Transport['onData'] = ignore;
  onTurnEnd: Transport['onTurnEnd'] = ignore;
  onDrain: Transport['onDrain'] = ignore;
  onClose: Transport['onClose'] = ignore;
  readonly after = after;
  readonly #stream: Duplex;
  #cause: Error | undefined;
  #isClosed = false;
  #isTurnOpen = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('drain', () => this.onDrain());
    stream.on('error', (error) => {
      this.#cause = error;
    });
    stream.on('close', () => this.onClose(this.#cause));
    // It flows from the next tick on: whoever waits for this transport has set its handlers by then.
    stream.on('data', (chunk: Uint8Array) => this.#received(chunk));
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
    // What the other end does not take now is not waited for.
    if (this.#stream.writableLength > 0) this.#stream.destroy();
    else this.#stream.end();
    this.#stream.resume();
  }

  #received(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    if (!this.#isTurnOpen) {
      this.#isTurnOpen = true;
      setImmediate(() => {
        this.#isTurnOpen = false;
        if (!this.#isClosed) this.onTurnEnd();
      });
    }
    this.onData(chunk);
  }
}

function ignore(): void {}
