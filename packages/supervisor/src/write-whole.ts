import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Writes a private file so that whoever reads it finds what was there before, or all of this. Throws Node's error. */
export function writeWhole(path: string, text: string): void {
  const fresh = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(fresh, `${text}\n`, { mode: 0o600 });
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Does something that a full or read-only disk may prevent: what it is for can do without. */
export function withoutDisk(action: () => void): void {
  try {
    action();
  } catch {
    // ENOSPC, EROFS, EDQUOT, or ENOENT of a home that was removed.
  }
}
