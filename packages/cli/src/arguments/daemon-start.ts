import path from 'node:path';
import type { Options } from '../command-table.ts';
import { daemonEntry } from '../connection/daemon-entry.ts';

/** Options of the commands that start a daemon in place of another. */
export const START_OPTIONS = {
  entry: {
    kind: 'value',
    value: 'FILE',
    summary: 'run this daemon instead of the one beside this program',
  },
  node: { kind: 'value', value: 'PATH', summary: 'the Node to run it by; default: the one that runs this' },
} as const satisfies Options;

/** What these options ask for, by absolute paths: it is not for this folder that it is started. */
export function chosenStart(
  options: { readonly entry: string | undefined; readonly node: string | undefined },
  env: NodeJS.ProcessEnv,
): { node: string; entry: string } {
  return {
    node: options.node === undefined ? process.execPath : path.resolve(options.node),
    entry: options.entry === undefined ? daemonEntry(env) : path.resolve(options.entry),
  };
}
