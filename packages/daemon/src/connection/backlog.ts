/** A frame that was read: how to handle it, and how it came. */
export interface ReadFrame {
  handle(): void;
  /** What brings a reader to hand on the same frame. */
  encode(): Uint8Array;
}

/**
 * Frames that were read and may not be handled yet, in their order. They are no more than what one look at the socket
 * brings, since nothing is read as long as there are any.
 */
export class Backlog {
  readonly #frames: ReadFrame[] = [];
  readonly #mayGoOn: () => boolean;

  constructor(mayGoOn: () => boolean) {
    this.#mayGoOn = mayGoOn;
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  /** Whether the next frame has to wait. */
  get isDue(): boolean {
    return this.#frames.length > 0 || !this.#mayGoOn();
  }

  /** Keeps a frame until its turn. What it refers to must last until then. */
  add(frame: ReadFrame): void {
    this.#frames.push(frame);
  }

  /** Handles those that may be handled by now. */
  goOn(): void {
    while (this.#frames.length > 0 && this.#mayGoOn()) this.#frames.shift()?.handle();
  }

  /** All of them as they came, for a successor. */
  encode(): Uint8Array[] {
    return this.#frames.map((frame) => frame.encode());
  }

  clear(): void {
    this.#frames.length = 0;
  }
}
