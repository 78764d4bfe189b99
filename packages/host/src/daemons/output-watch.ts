import type { Client } from '@holdfast/client';

/** The offsets of sessions that have printed something, by id. */
export type Printed = Readonly<Record<string, number>>;

/** The daemon tells nobody of each byte that is printed, so it is asked; once for all who listen. */
const LOOK_MS = 2_000;
const ANSWER_MS = 3_000;

/** Which sessions print, for as long as somebody wants to know. */
export class OutputWatch {
  readonly #client: () => Promise<Client>;
  readonly #listeners = new Set<(printed: Printed) => void>();
  #offsets = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(client: () => Promise<Client>) {
    this.#client = client;
  }

  /** Returns what ends it. */
  listen(listener: (printed: Printed) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) void this.#look();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      this.#offsets.clear();
    };
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const { sessions } = await (await this.#client()).request('list', {}, { timeoutMs: ANSWER_MS });
      const printed = sessions.filter(({ id, offset }) => this.#offsets.get(id) !== offset);
      this.#offsets = new Map(sessions.map(({ id, offset }) => [id, offset]));
      if (printed.length > 0) this.#tell(Object.fromEntries(printed.map(({ id, offset }) => [id, offset])));
    } catch {
      // HoldfastError: it can't be reached now, which others tell of.
    }
    if (this.#listeners.size === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
  }

  #tell(printed: Printed): void {
    for (const listener of this.#listeners) listener(printed);
  }
}
