import { existsSync } from 'node:fs';
import path from 'node:path';

/** A built tree that tests run: its command line, its daemon and its keeper. */
export interface Installation {
  readonly bin: string;
  readonly daemonEntry: string;
  readonly keeperEntry: string;
}

/** The repository that this file belongs to, whether it is run from src/ or from dist/. */
export const repository: string = path.resolve(import.meta.dirname, '../../..');

/** The tree in a folder with `bin/` and `dist/`; by default this repository, or HOLDFAST_TEST_INSTALLATION. */
export function installation(
  root: string = process.env['HOLDFAST_TEST_INSTALLATION'] || repository,
): Installation {
  const found = {
    bin: path.join(root, 'bin', 'holdfast'),
    daemonEntry: path.join(root, 'dist', 'daemon', 'main.js'),
    keeperEntry: path.join(root, 'dist', 'keeper', 'main.js'),
  };
  for (const file of Object.values(found)) {
    if (!existsSync(file)) throw new Error(`${file} is missing: run "npm run build" first`);
  }
  return found;
}
