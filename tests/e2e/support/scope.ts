/** Disposes of what was given to it, the last first: AsyncDisposableStack, which Node 20 lacks. */
export class Scope implements AsyncDisposable {
  readonly #things: AsyncDisposable[] = [];

  use<T extends AsyncDisposable>(thing: T): T {
    this.#things.push(thing);
    return thing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thing of this.#things.toReversed()) await thing[Symbol.asyncDispose]();
  }
}
