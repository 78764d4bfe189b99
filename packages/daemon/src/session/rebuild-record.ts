import fs from 'node:fs';
import path from 'node:path';

/** A session that was being rebuilt when the daemon died so many times in a row is not tried again. */
const DEATHS_MAX = 2;

/**
 * Notes in a file which session is being rebuilt, so that the next daemon knows what killed this one. A daemon that dies
 * for another reason leaves no note.
 */
export class RebuildRecord {
  readonly #path: string;
  readonly #before: { readonly id: string; readonly deaths: number } | undefined;

  constructor(folder: string) {
    this.#path = path.join(folder, 'rebuilding');
    this.#before = this.#read();
  }

  /** Whether rebuilding this session has killed too many daemons. */
  isDeadly(id: string): boolean {
    return this.#before?.id === id && this.#before.deaths >= DEATHS_MAX;
  }

  /** It is being rebuilt from now on. Throws Node's error if that can't be noted. */
  begin(id: string): void {
    const deaths = this.#before?.id === id ? this.#before.deaths : 0;
    fs.writeFileSync(this.#path, `${id} ${deaths + 1}\n`, { mode: 0o600 });
  }

  /** All are rebuilt. */
  done(): void {
    fs.rmSync(this.#path, { force: true });
  }

  #read(): { id: string; deaths: number } | undefined {
    try {
      const [, id, deaths] = /^([0-9a-f]{12}) (\d{1,3})\n$/.exec(fs.readFileSync(this.#path, 'latin1')) ?? [];
      return id === undefined ? undefined : { id, deaths: Number(deaths) };
    } catch {
      // ENOENT: all were rebuilt. What can't be read counts as that.
      return undefined;
    }
  }
}
