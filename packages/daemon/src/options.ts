import { parseArgs } from 'node:util';

export interface DaemonOptions {
  readonly runtimeDir: string;
  readonly stateDir: string;
  /** What `status` shows as the home. */
  readonly home: string;
  readonly readyFd: number | undefined;
  /** Off only in tests: the daemon then learns of exits by SIGCHLD, as on systems without pidfds. */
  readonly usePidfd: boolean;
  /** Where the predecessor is, for a daemon that is to take over. */
  readonly channelFd: number | undefined;
  /** Where the keeper is; undefined: nobody keeps a second copy of anything. */
  readonly keeperFd: number | undefined;
}

/** What a successor is to be told, but for its mode: the home, and how exits are learned of. */
export function argumentsOf({ runtimeDir, stateDir, home, usePidfd }: DaemonOptions): string[] {
  const folders = ['--runtime-dir', runtimeDir, '--state-dir', stateDir, '--home', home];
  return usePidfd ? folders : [...folders, '--no-pidfd'];
}

const USAGE =
  'main.js serve|adopt --runtime-dir DIR --state-dir DIR [--home DIR] [--no-pidfd] [--ready-fd N] [--channel-fd N] [--keeper-fd N]';

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
      'channel-fd': { type: 'string' },
      'keeper-fd': { type: 'string' },
      'no-pidfd': { type: 'boolean' },
    },
  });
  const { 'runtime-dir': runtimeDir, 'state-dir': stateDir, home } = values;
  const [mode, ...others] = positionals;
  const channelFd = mode === 'adopt' ? descriptor(values['channel-fd']) : undefined;
  const isMode = mode === 'serve' || (mode === 'adopt' && channelFd !== undefined);
  if (!isMode || others.length > 0 || !runtimeDir || !stateDir) throw new Error(`usage: ${USAGE}`);
  return {
    runtimeDir,
    stateDir,
    home: home ?? stateDir,
    readyFd: descriptor(values['ready-fd']),
    usePidfd: !values['no-pidfd'],
    channelFd,
    keeperFd: descriptor(values['keeper-fd']),
  };
}

function descriptor(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`not a descriptor: ${text}`);
  return Number(text);
}
