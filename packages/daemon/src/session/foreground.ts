import { readFile } from 'node:fs/promises';

/** Which program is in a terminal's foreground, as it was when somebody last looked. */
export class Foreground {
  readonly #group: () => number | undefined;
  #name: string | null;
  #looking: Promise<void> | undefined;

  /** `group` tells the foreground process group. */
  constructor(group: () => number | undefined, name: string | null) {
    this.#group = group;
    this.#name = name;
  }

  get name(): string | null {
    return this.#name;
  }

  /** Whoever asks meanwhile shares the look. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const group = this.#group();
    // The group's leader may be gone while the group lives on; elsewhere than on Linux there is no /proc.
    const name = group === undefined ? null : await readFile(`/proc/${group}/comm`, 'utf8').catch(() => null);
    this.#name = name?.trimEnd() ?? null;
  }
}
