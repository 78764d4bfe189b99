/** The use of a thing, until it is disposed of. */
export interface Use<T> extends Disposable {
  readonly thing: T;
}

interface Pooled<T> {
  readonly thing: T;
  users: number;
  /** Runs while nobody uses it. */
  timer: NodeJS.Timeout | undefined;
}

/**
 * Things by their names: each is made for its first user, and closed some time after the last one has gone, so that who comes
 * back meanwhile finds it as it was.
 */
export class Pool<T extends { close(): void }> {
  readonly #make: (name: string) => T;
  readonly #lingerMs: number;
  /** Those that nobody uses are in the order in which that began. */
  readonly #pooled = new Map<string, Pooled<T>>();

  constructor(make: (name: string) => T, options: { readonly lingerMs: number }) {
    this.#make = make;
    this.#lingerMs = options.lingerMs;
  }

  has(name: string): boolean {
    return this.#pooled.has(name);
  }

  /** How many there are, in use or not. */
  count(which: (thing: T) => boolean = () => true): number {
    let count = 0;
    for (const { thing } of this.#pooled.values()) if (which(thing)) count += 1;
    return count;
  }

  use(name: string): Use<T> {
    const pooled = this.#pooled.get(name) ?? { thing: this.#make(name), users: 0, timer: undefined };
    clearTimeout(pooled.timer);
    pooled.users += 1;
    this.#pooled.set(name, pooled);
    let isOver = false;
    return {
      thing: pooled.thing,
      [Symbol.dispose]: () => {
        if (!isOver) this.#leave(name, pooled);
        isOver = true;
      },
    };
  }

  /** Closes the one that nobody has used for the longest; false if all are used. */
  closeIdle(which: (thing: T) => boolean = () => true): boolean {
    for (const [name, pooled] of this.#pooled) {
      if (pooled.users > 0 || !which(pooled.thing)) continue;
      this.#close(name, pooled);
      return true;
    }
    return false;
  }

  /** Closes all, whoever uses them. */
  close(): void {
    for (const [name, pooled] of this.#pooled) this.#close(name, pooled);
  }

  #leave(name: string, pooled: Pooled<T>): void {
    pooled.users -= 1;
    if (pooled.users > 0 || this.#pooled.get(name) !== pooled) return;
    this.#pooled.delete(name);
    this.#pooled.set(name, pooled);
    pooled.timer = setTimeout(() => this.#close(name, pooled), this.#lingerMs).unref();
  }

  #close(name: string, { thing, timer }: Pooled<T>): void {
    clearTimeout(timer);
    this.#pooled.delete(name);
    thing.close();
  }
}
