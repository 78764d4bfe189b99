import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

/** What npm says when it can't get to the registry. */
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/;

/**
 * A Node of that major version: the program of the package which the `node` package's install script would bring; no script
 * is run. `why`: the registry can't be reached.
 */
export async function installNode(
  folder: string,
  major: number,
): Promise<{ node: string } | { why: string }> {
  mkdirSync(folder);
  const name = `node-${process.platform}-${process.arch}`;
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--fetch-retries=1'];
  const args = ['install', '--prefix', folder, ...quiet, `${name}@${major}`];
  try {
    await promisify(execFile)('npm', args, { cwd: folder });
  } catch (error) {
    const why = UNREACHABLE.exec(String(error))?.[0];
    if (why === undefined) throw error;
    return { why };
  }
  return { node: path.join(folder, 'node_modules', name, 'bin', 'node') };
}
