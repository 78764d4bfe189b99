/**
 * Owns what a measure has started. Everything is ended in reverse order, however the measure ends: also by Ctrl-C, since
 * the outermost scope knows all others.
 */
export class Scope implements AsyncDisposable {
  readonly #owned = new Set<AsyncDisposable>();
  readonly #disown: () => void;

  constructor(outer?: Scope) {
    outer?.own(this);
    this.#disown = () => outer?.disown(this);
  }

  /** Takes over something to be ended; returns it. */
  own<T extends AsyncDisposable>(thing: T): T {
    this.#owned.add(thing);
    return thing;
  }

  /** Gives up something that ends by itself. */
  disown(thing: AsyncDisposable): void {
    this.#owned.delete(thing);
  }

  /** Something that is ended by a function. */
  defer(end: () => void | Promise<void>): void {
    this.own({ [Symbol.asyncDispose]: async () => end() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disown();
    const owned = [...this.#owned].toReversed();
    this.#owned.clear();
    for (const thing of owned) {
      try {
        await thing[Symbol.asyncDispose]();
      } catch (error) {
        // The rest must be ended all the same.
        console.error(`bench: could not clean up: ${String(error)}`);
      }
    }
  }
}
