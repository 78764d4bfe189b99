import { isatty } from 'node:tty';
import { type Home, resolveHome } from '@holdfast/supervisor/home';
import type { CommandTable } from './command-table.ts';
import { writeStderr, writeStdout } from './output/standard-streams.ts';

/** What a command knows of the process it runs in. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  /** Where the daemon of the chosen namespace lives. */
  readonly home: Home;
  /** Writes text for people or JSON to stdout. */
  readonly print: (text: string) => void;
  /** Writes one line for people to stderr. */
  readonly note: (text: string) => void;
  /** The tables of all commands. */
  readonly loadCommands: () => Promise<readonly CommandTable[]>;
  /** Columns of the terminal on stdout; undefined if stdout is none. */
  readonly columns: number | undefined;
}

/** The context of this process. Throws HoldfastError for a namespace or a home that can't be used. */
export function processContext(
  namespace: string | undefined,
  loadCommands: Context['loadCommands'],
): Context {
  const env = process.env;
  const home = resolveHome(env, namespace ?? (env['HOLDFAST_NAMESPACE'] || undefined));
  return {
    env,
    home,
    loadCommands,
    print: writeStdout,
    note: (text) => writeStderr(`${text}\n`),
    get columns() {
      return isatty(1) ? process.stdout.columns : undefined;
    },
  };
}
