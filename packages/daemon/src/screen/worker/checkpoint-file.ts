import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '@holdfast/screen';
import type { HistorySource } from '../messages.ts';

/** The checkpoint of a screen, beside its history. It is never needed: what is not there, or can't be read, is made anew. */
export class CheckpointFile {
  readonly #file: string | undefined;

  /** A history without files has no checkpoint either. */
  constructor(history: HistorySource) {
    this.#file = 'folder' in history ? path.join(history.folder, 'screen') : undefined;
  }

  read(): Checkpoint | undefined {
    if (this.#file === undefined) return undefined;
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.#file);
    } catch {
      // ENOENT: there is none.
      return undefined;
    }
    const checkpoint = decodeCheckpoint(bytes);
    return typeof checkpoint === 'string' ? undefined : checkpoint;
  }

  /** Says whether that could be done. */
  write(checkpoint: Checkpoint): boolean {
    if (this.#file === undefined) return false;
    try {
      // Whoever else writes there at the same time leaves something damaged, and that is noticed.
      const fresh = `${this.#file}.new`;
      writeFileSync(fresh, encodeCheckpoint(checkpoint), { mode: 0o600 });
      renameSync(fresh, this.#file);
      return true;
    } catch {
      // ENOENT: the session was forgotten. ENOSPC, EDQUOT: there is no room.
      return false;
    }
  }
}
