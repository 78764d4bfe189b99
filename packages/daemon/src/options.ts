import { parseArgs } from 'node:util';

export interface DaemonOptions {
  readonly runtimeDir: string;
  readonly stateDir: string;
  /** What `status` shows as the home. */
  readonly home: string;
  readonly readyFd: number | undefined;
  /** Off only in tests: the daemon then learns of exits by SIGCHLD, as on systems without pidfds. */
  readonly usePidfd: boolean;
}

/** Parses the daemon's arguments. Its mode is decided here and never by the environment, which is inherited. */
export function parseOptions(args: readonly string[]): DaemonOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'runtime-dir': { type: 'string' },
      'state-dir': { type: 'string' },
      home: { type: 'string' },
      'ready-fd': { type: 'string' },
      'no-pidfd': { type: 'boolean' },
    },
  });
  const runtimeDir = values['runtime-dir'];
  const stateDir = values['state-dir'];
  if (positionals[0] !== 'serve' || positionals.length > 1 || !runtimeDir || !stateDir) {
    throw new Error(
      'usage: main.js serve --runtime-dir DIR --state-dir DIR [--home DIR] [--ready-fd N] [--no-pidfd]',
    );
  }
  const ready = values['ready-fd'];
  if (ready !== undefined && !/^\d+$/.test(ready))
    throw new Error(`--ready-fd takes a descriptor, not ${ready}`);
  const readyFd = ready === undefined ? undefined : Number(ready);
  return { runtimeDir, stateDir, home: values.home ?? stateDir, readyFd, usePidfd: !values['no-pidfd'] };
}
