import type { Client, Subscription } from '@holdfast/client';
import type { Session } from '@holdfast/protocol';

/** Output that waits for who takes it; beyond it nothing more is read. */
const WAITING_BYTES = 1024 * 1024;

export type KeptPiece =
  | { readonly kind: 'output'; readonly offset: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'gap';
      readonly from: number;
      readonly to: number;
      readonly reason: 'evicted' | 'crash';
    };

/** The output of a session that is kept, to its end as it was once, at the pace of who takes it. */
export class KeptOutput {
  readonly #waiting: KeptPiece[] = [];
  #waitingBytes = 0;
  #subscription: Subscription | undefined;
  readonly #end: number;
  /** Behind the last byte that was taken. */
  #taken = 0;
  #isAtEnd = false;
  #failure: Error | undefined;
  #changed: () => void = () => undefined;

  /** From the session's `historyStart` to its `offset`, as they are told here. */
  constructor(session: Session) {
    this.#end = session.offset;
    this.#taken = session.historyStart;
  }

  /**
   * Begins to read. What nobody takes keeps the whole connection from being read: whatever else is to be asked on it comes before this.
   * Throws HoldfastError.
   */
  async open(client: Client, sessionId: string): Promise<void> {
    this.#subscription = await client.subscribe(sessionId, {
      from: this.#taken,
      mode: 'exact',
      onData: (bytes, offset) => this.#add({ kind: 'output', offset, bytes: new Uint8Array(bytes) }),
      onGap: (gap) => this.#add({ kind: 'gap', ...gap }),
      onExited: () => this.#ended(),
      onLost: (error) => this.#ended(error),
    });
  }

  /** What is next, and undefined behind the last. Whoever asks is done with what came before. Throws HoldfastError. */
  async next(): Promise<KeptPiece | undefined> {
    this.#subscription?.acknowledge(this.#taken);
    while (this.#taken < this.#end) {
      const piece = this.#waiting.shift();
      if (piece) return this.#take(piece);
      if (this.#failure) throw this.#failure;
      if (this.#isAtEnd) return undefined;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    return undefined;
  }

  /** Nobody takes any more. */
  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  #take(piece: KeptPiece): KeptPiece | undefined {
    if (piece.kind === 'gap') {
      if (piece.reason === 'evicted') this.#taken = piece.to;
      return piece.from < this.#end ? piece : undefined;
    }
    this.#waitingBytes -= piece.bytes.length;
    if (this.#waitingBytes < WAITING_BYTES) this.#subscription?.resume();
    this.#taken = piece.offset + piece.bytes.length;
    return { ...piece, bytes: piece.bytes.subarray(0, Math.max(0, this.#end - piece.offset)) };
  }

  #add(piece: KeptPiece): boolean {
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
