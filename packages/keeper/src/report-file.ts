import fs from 'node:fs';
import type { KeeperReport } from '@holdfast/protocol';
import { log } from './log.ts';

/** keeper.json: what the keeper does, for whoever gets no answer from a daemon. */
export class ReportFile {
  readonly #path: string;
  #written = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** Writes it if it says something new. Whoever reads it meanwhile reads the old one or the new one. */
  write(report: KeeperReport): void {
    const text = `${JSON.stringify(report)}\n`;
    if (text === this.#written) return;
    this.#written = text;
    try {
      fs.writeFileSync(`${this.#path}.new`, text, { mode: 0o600 });
      fs.renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      log('report-failed', { error: String(error) }); // a full disk must not end anything
    }
  }

  remove(): void {
    fs.rmSync(this.#path, { force: true });
  }
}
