import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

/** A small file system of its own, for root. Unmounted at once, and gone when the last file in it is closed. */
export class SmallDisk implements Disposable {
  readonly #folder: string;

  constructor(folder: string, byteCount: number) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${byteCount},mode=700`, 'holdfast-test', folder]);
  }

  /** Leaves no room in it. */
  fill(): void {
    try {
      for (;;) writeFileSync(`${this.#folder}/filler`, Buffer.alloc(4096), { flag: 'a' });
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error;
    }
  }

  /** Gives back what `fill` has taken. */
  free(): void {
    rmSync(`${this.#folder}/filler`);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['-l', this.#folder]);
  }
}
