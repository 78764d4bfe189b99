import { Duplex } from 'node:stream';
import { FLEET_LIMITS } from '../limits.ts';
import { decodeCount, decodeMessage, encodeCount, encodeMessage, KIND, type Kind } from './message.ts';

export interface TunnelOptions {
  /** Sends a message to the other end. It may get lost. */
  readonly send: (message: Uint8Array) => void;
  /** How many bytes the other end takes before it says more. */
  readonly peerWindowBytes: number;
  /** Whether more may be sent now; if not, it calls back when it is to be asked again. By default it always may. */
  readonly isFree?: (goOn: () => void) => boolean;
}

/**
 * One end of a byte stream that is carried by messages which may get lost: then the stream ends with an error, as a socket does,
 * and nothing behind the loss is handed on. What has come is exact up to there.
 *
 * The receiver grants bytes, and takes no more than it has granted: what is under way is bounded by the window, however slow
 * whoever reads is.
 */
export class Tunnel extends Duplex {
  readonly #send: TunnelOptions['send'];
  readonly #isFree: (goOn: () => void) => boolean;
  readonly #goOn = () => this.#sendMore();
  readonly #beat: NodeJS.Timeout;
  /** Of the messages sent, and of those received. */
  #sentPlace = 0;
  #receivedPlace = 0;
  /** Bytes of the stream: sent, and how many may be. */
  #sent = 0;
  #allowed: number;
  readonly #peerWindowBytes: number;
  /** Received, and how many the other end may send. */
  #received = 0;
  #granted: number = FLEET_LIMITS.windowBytes;
  #unsent: { bytes: Buffer; taken: () => void } | undefined;
  #hasSpoken = false;
  #heardAt = performance.now();
  /** Either end has closed it. */
  #isOver = false;

  constructor(options: TunnelOptions) {
    super({ allowHalfOpen: false, readableHighWaterMark: FLEET_LIMITS.messageBytes });
    this.#send = options.send;
    this.#isFree = options.isFree ?? (() => true);
    this.#allowed = options.peerWindowBytes;
    this.#peerWindowBytes = options.peerWindowBytes;
    this.#beat = setInterval(() => this.#tick(), FLEET_LIMITS.beatMs);
  }

  /** A message from the other end. */
  receive(bytes: Uint8Array): void {
    if (this.destroyed || this.#isOver) return;
    const message = decodeMessage(bytes);
    if (!message) return this.#break('a message that can’t be read');
    if (message.place !== this.#receivedPlace) return this.#break('a message was lost on the way');
    this.#receivedPlace += 1;
    this.#heardAt = performance.now();
    switch (message.kind) {
      case KIND.DATA:
        this.#received += message.body.length;
        if (this.#received > this.#granted) return this.#break('more was sent than was granted');
        // The message's memory is NATS's own, which goes on with it.
        this.push(Buffer.from(message.body));
        return this.#grant();
      case KIND.GRANT:
        // Nobody who reads has room for more than a window behind what was sent.
        this.#allowed = Math.max(
          this.#allowed,
          Math.min(decodeCount(message.body), this.#sent + this.#peerWindowBytes),
        );
        return this.#sendMore();
      case KIND.CLOSE:
        this.#isOver = true;
        this.push(null);
        return this.#drop();
      case KIND.BEAT:
    }
  }

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.#unsent = { bytes: chunk, taken };
    if (this.#isOver) this.#drop();
    else this.#sendMore();
  }

  override _read(): void {
    this.#grant();
  }

  override _final(done: () => void): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#say(KIND.CLOSE);
      this.push(null);
    }
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.#beat);
    this.#unsent = undefined;
    // Also after a fault: the other end need not wait for the silence.
    if (!this.#isOver) this.#say(KIND.CLOSE);
    this.#isOver = true;
    done(error);
  }

  #sendMore(): void {
    while (this.#unsent && !this.destroyed) {
      const { bytes, taken } = this.#unsent;
      const length = Math.min(bytes.length, FLEET_LIMITS.messageBytes, this.#allowed - this.#sent);
      if (length <= 0 && bytes.length > 0) return; // until more is granted
      if (!this.#isFree(this.#goOn)) return;
      this.#sent += length;
      this.#say(KIND.DATA, bytes.subarray(0, length));
      this.#unsent = length < bytes.length ? { bytes: bytes.subarray(length), taken } : undefined;
      if (!this.#unsent) taken();
    }
  }

  /** Nobody is there to take it, as with a socket that was closed; what has come may still be read. */
  #drop(): void {
    const dropped = this.#unsent;
    this.#unsent = undefined;
    dropped?.taken();
  }

  #grant(): void {
    if (this.#isOver) return;
    const allowed = this.#received - this.readableLength + FLEET_LIMITS.windowBytes;
    if (allowed - this.#granted < FLEET_LIMITS.windowBytes / 4 || this.destroyed) return;
    this.#granted = allowed;
    this.#say(KIND.GRANT, encodeCount(allowed));
  }

  #tick(): void {
    // Behind the end nothing more comes, however long what came before it is left unread.
    if (this.#isOver) return;
    if (performance.now() - this.#heardAt > FLEET_LIMITS.silenceMs)
      return this.#break('the other end has fallen silent');
    if (!this.#hasSpoken) this.#say(KIND.BEAT);
    this.#hasSpoken = false;
  }

  #say(kind: Kind, body?: Uint8Array): void {
    this.#hasSpoken = true;
    this.#send(encodeMessage(kind, this.#sentPlace, body));
    this.#sentPlace += 1;
  }

  #break(why: string): void {
    this.destroy(new Error(`the tunnel is broken: ${why}`));
  }
}
