import type { Client } from '../client.ts';
import type { Subscription } from '../subscription.ts';
import { abortable } from '../abortable.ts';

/** Output that waits for who takes it; beyond it nothing more is read. */
const WAITING_BYTES = 1024 * 1024;

/** The next part of a session's output, or what is missing in it. */
export type OutputPiece =
  | {
      readonly kind: 'output';
      /** Of the first byte: bytes since the session began. */
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | {
      readonly kind: 'gap';
      readonly from: number;
      readonly to: number;
      /** `evicted`: these bytes are no longer kept. `crash`: up to so many may be missing at `from`. */
      readonly reason: 'evicted' | 'crash';
    };

/** Where to begin and to end, as offsets in bytes. */
export interface OutputRange {
  /** `start`: the oldest byte that is kept. `now`: the end as it is when this is read. */
  readonly from: number | 'start' | 'now';
  /** Undefined: when the session has exited. */
  readonly to?: number | undefined;
  /** How long the program may be held back for whoever takes nothing: 0 to 3,600,000 ms; 5,000 by default. */
  readonly leaseMs?: number | undefined;
}

/** The output of a session, exact, at the pace of who takes it. */
export class SessionOutput {
  readonly #range: OutputRange;
  readonly #waiting: OutputPiece[] = [];
  #waitingBytes = 0;
  #subscription: Subscription | undefined;
  /** Behind the last byte that was taken. */
  #taken = 0;
  #isAtEnd = false;
  #failure: Error | undefined;
  #changed: () => void = () => undefined;

  constructor(range: OutputRange) {
    this.#range = range;
  }

  /**
   * Begins to read. What nobody takes keeps the whole connection from being read: whatever else is to be asked on it comes before this.
   * Throws HoldfastError, or the reason of `signal`.
   */
  async open(client: Client, sessionId: string, signal?: AbortSignal): Promise<void> {
    const { from, leaseMs } = this.#range;
    this.#subscription = await client.subscribe(sessionId, {
      from,
      mode: 'exact',
      ...(leaseMs === undefined ? {} : { leaseMs }),
      onData: (bytes, offset) => this.#add({ kind: 'output', offset, bytes: new Uint8Array(bytes) }),
      onGap: (gap) => this.#add({ kind: 'gap', ...gap }),
      onExited: () => this.#ended(),
      onLost: (error) => this.#ended(error),
      signal,
    });
    // Pieces may have come before it was told where they begin.
    const [first] = this.#waiting;
    const begin = first?.kind === 'gap' ? first.from : first?.offset;
    this.#taken = typeof from === 'number' ? from : (begin ?? this.#subscription.offset);
  }

  /**
   * What is next, and undefined behind the last. Whoever asks is done with what came before. Throws HoldfastError, or the reason of
   * `signal`; nothing is lost by that, and it can be asked again.
   */
  async next(signal?: AbortSignal): Promise<OutputPiece | undefined> {
    signal?.throwIfAborted();
    this.#subscription?.acknowledge(this.#taken);
    while (this.#taken < this.#end) {
      const piece = this.#waiting.shift();
      if (piece) return this.#take(piece);
      if (this.#failure) throw this.#failure;
      if (this.#isAtEnd) return undefined;
      const changed = new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
      await abortable(changed, signal);
    }
    return undefined;
  }

  /** Nobody takes any more. */
  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  get #end(): number {
    return this.#range.to ?? Number.POSITIVE_INFINITY;
  }

  #take(piece: OutputPiece): OutputPiece | undefined {
    if (piece.kind === 'gap') {
      if (piece.reason === 'evicted') this.#taken = piece.to;
      return piece.from < this.#end ? piece : undefined;
    }
    this.#waitingBytes -= piece.bytes.length;
    if (this.#waitingBytes < WAITING_BYTES) this.#subscription?.resume();
    this.#taken = piece.offset + piece.bytes.length;
    return { ...piece, bytes: piece.bytes.subarray(0, Math.max(0, this.#end - piece.offset)) };
  }

  #add(piece: OutputPiece): boolean {
    this.#waiting.push(piece);
    if (piece.kind === 'output') this.#waitingBytes += piece.bytes.length;
    this.#changed();
    return this.#waitingBytes < WAITING_BYTES;
  }

  #ended(failure?: Error): void {
    this.#isAtEnd = true;
    this.#failure = failure;
    this.#changed();
  }
}
