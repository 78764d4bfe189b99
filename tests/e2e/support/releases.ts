import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Installation, installation, repository } from '@holdfast/testkit';

const FOLDER = path.join(repository, 'tests', 'releases');

/** Versions that were released, oldest first. */
export const RELEASES: readonly string[] = readdirSync(FOLDER).toSorted((one, other) =>
  one.localeCompare(other, 'en', { numeric: true }),
);

/** One file that is a daemon, in a folder of its own with nothing else but the one dependency that is never bundled. */
export class DaemonFile implements Disposable {
  readonly #folder = mkdtempSync('/tmp/hf-daemon-');
  readonly entry = path.join(this.#folder, 'main.js');

  constructor(code: Uint8Array) {
    writeFileSync(this.entry, code);
    writeFileSync(path.join(this.#folder, 'package.json'), '{ "type": "module" }\n');
    mkdirSync(path.join(this.#folder, 'node_modules'));
    symlinkSync(
      path.join(repository, 'node_modules', 'koffi'),
      path.join(this.#folder, 'node_modules', 'koffi'),
    );
  }

  /** This tree, but for the daemon. */
  get installation(): Installation {
    return { ...installation(), daemonEntry: this.entry };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export interface Released {
  readonly build: string;
  /** Its daemon. */
  readonly code: Uint8Array;
  /** All that is kept of it, by the file in `dist`. */
  readonly programs: Readonly<Record<string, Uint8Array>>;
}

/** A version as it was released. */
export function released(version: string): Released {
  const folder = path.join(FOLDER, version);
  const { build }: { build: string } = JSON.parse(readFileSync(path.join(folder, 'release.json'), 'utf8'));
  const programs: Record<string, Uint8Array> = {};
  for (const kept of readdirSync(folder)) {
    const [, name, ending] = /^(\w+)\.(c?js)\.gz$/.exec(kept) ?? [];
    if (name) programs[`${name}/main.${ending}`] = gunzipSync(readFileSync(path.join(folder, kept)));
  }
  const code = programs['daemon/main.js'];
  if (!code) throw new Error(`no daemon of ${version} is kept in ${folder}`);
  return { build, code, programs };
}
