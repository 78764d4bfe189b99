import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A small file system of its own, for who may mount. Unmounted at once, and gone when the last file in it is closed. */
export class SmallDisk implements Disposable {
  readonly #folder: string;

  constructor(folder: string, byteCount: number) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${byteCount},mode=700`, 'holdfast-test', folder], {
      stdio: 'pipe',
    });
  }

  /** Whether there can be one here: not even root may mount in every container. */
  static isPossible(): boolean {
    if (process.geteuid?.() !== 0) return false;
    const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-mount-'));
    try {
      using _disk = new SmallDisk(folder, 65_536);
      return true;
    } catch {
      // EPERM, in the words of mount.
      return false;
    } finally {
      rmdirSync(folder);
    }
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
