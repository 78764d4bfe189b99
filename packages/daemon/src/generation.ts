import fs from 'node:fs';
import path from 'node:path';

/** How many daemons have served a home since it was started from nothing, in a file for one that follows a daemon that was killed. */
export class Generation {
  readonly #path: string;

  constructor(runtimeDir: string) {
    this.#path = path.join(runtimeDir, 'generation');
  }

  /** Of the daemon that has served last; 0 if that can't be known. */
  get last(): number {
    try {
      const [, digits] = /^(\d{1,9})\n$/.exec(fs.readFileSync(this.#path, 'latin1')) ?? [];
      return Number(digits ?? 0);
    } catch {
      // ENOENT: somebody has removed it. It is for people only.
      return 0;
    }
  }

  /** This one serves now. Nobody waits until it is written. */
  save(generation: number): void {
    // ENOSPC, EROFS: the next one counts anew.
    fs.writeFile(this.#path, `${generation}\n`, { mode: 0o600 }, () => undefined);
  }
}
