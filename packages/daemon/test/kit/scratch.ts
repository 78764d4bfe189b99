import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A folder of one's own that is gone at the end of the scope. */
export class Scratch {
  readonly folder: string = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-daemon-'));

  path(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
