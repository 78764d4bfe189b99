import { isatty } from 'node:tty';
import { type Home, resolveHome } from '@holdfast/supervisor/home';
import type { CommandTable } from './command-table.ts';
import { writeStderr, writeStdout } from './output/standard-streams.ts';

/** What a command knows of the process it runs in. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  /** Where the daemon of the chosen namespace lives. */
  readonly home: Home;
  /** The host of the fleet that is meant; undefined: this machine. */
  readonly host: string | undefined;
  /** Where the daemon is to be reached. */
  readonly socketPath: string;
  /** Writes text for people or JSON to stdout. */
  readonly print: (text: string) => void;
  /** Writes one line for people to stderr. */
  readonly note: (text: string) => void;
  /** The tables of all commands. */
  readonly loadCommands: () => Promise<readonly CommandTable[]>;
  /** Columns of the terminal on stdout; undefined if stdout is none. */
  readonly columns: number | undefined;
}

/** What this process's context is made of. */
export interface ContextParts {
  readonly namespace: string | undefined;
  readonly loadCommands: Context['loadCommands'];
  /** `socketPath`: of a bridge to its daemon, if that is what the command talks to. */
  readonly elsewhere?: { readonly host: string; readonly socketPath: string | undefined };
}

/** The context of this process. Throws HoldfastError for a namespace or a home that can't be used. */
export function processContext({ namespace, loadCommands, elsewhere }: ContextParts): Context {
  const env = elsewhere ? withoutPlaces(process.env) : process.env;
  const home = resolveHome(env, namespace ?? (env['HOLDFAST_NAMESPACE'] || undefined));
  return {
    env,
    home,
    host: elsewhere?.host,
    socketPath: elsewhere?.socketPath ?? home.socketPath,
    loadCommands,
    print: writeStdout,
    note: (text) => writeStderr(`${text}\n`),
    get columns() {
      return isatty(1) ? process.stdout.columns : undefined;
    },
  };
}

/** What names something on this machine, and would be another thing elsewhere. */
function withoutPlaces(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { SSH_AUTH_SOCK: _agent, HOLDFAST_SESSION: _session, ...rest } = env;
  return rest;
}
