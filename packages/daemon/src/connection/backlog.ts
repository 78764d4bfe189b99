/**
 * Frames that were read and may not be handled yet, in their order. They are no more than what one look at the socket
 * brings, since nothing is read as long as there are any.
 */
export class Backlog {
  readonly #frames: (() => void)[] = [];
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

  /** Handles a frame now, or in its turn. What it refers to must last until then. */
  handle(frame: () => void): void {
    if (this.isDue) this.#frames.push(frame);
    else frame();
  }

  /** Handles those that may be handled by now. */
  goOn(): void {
    while (this.#frames.length > 0 && this.#mayGoOn()) this.#frames.shift()?.();
  }

  clear(): void {
    this.#frames.length = 0;
  }
}
