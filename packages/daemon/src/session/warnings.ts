/** What is not as it should be with a session, for people to know. Each is there once. */
export class Warnings {
  readonly #texts: string[];
  readonly #changed: () => void;

  /** `changed` is called whenever there are others. */
  constructor(texts: readonly string[], changed: () => void) {
    this.#texts = [...texts];
    this.#changed = changed;
  }

  /** In the order in which they came. */
  get all(): string[] {
    return [...this.#texts];
  }

  add(text: string): void {
    if (this.#texts.includes(text)) return;
    this.#texts.push(text);
    this.#changed();
  }

  /** Whether there is one that begins so. */
  has(beginning: string): boolean {
    return this.#texts.some((text) => text.startsWith(beginning));
  }

  /** Drops the first that begins so, if there is one. */
  drop(beginning: string): void {
    const at = this.#texts.findIndex((text) => text.startsWith(beginning));
    if (at < 0) return;
    this.#texts.splice(at, 1);
    this.#changed();
  }
}
