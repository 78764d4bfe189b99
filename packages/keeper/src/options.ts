import { parseArgs } from 'node:util';
import { type DaemonStart, daemonStartShape } from '@holdfast/protocol/keeper';

export interface KeeperOptions {
  readonly runtimeDir: string;
  readonly stateDir: string;
  /** What `status` shows as the home. */
  readonly home: string;
  /** Off only in tests: this keeper, and the daemons that it starts, then learn of ends as on systems without pidfds. */
  readonly usePidfd: boolean;
  /** Where the first daemon is to say that it is ready. */
  readonly readyFd: number | undefined;
  /** A daemon that runs already, and its channel: this keeper replaces one that died. */
  readonly daemon: { readonly pid: number; readonly channelFd: number } | undefined;
  /** What an earlier keeper in this same process has left, as a file. */
  readonly legacyFd: number | undefined;
  /** Only look whether that can be read, and end. */
  readonly isTrial: boolean;
  readonly start: DaemonStart;
}

const USAGE =
  'main.js --runtime-dir DIR --state-dir DIR [--home DIR] [--no-pidfd] [--ready-fd N] [--daemon-pid N --channel-fd N] -- NODE [NODE ARGUMENT…] ENTRY';

/** Parses the keeper's arguments. What follows `--` is how a daemon is started. Throws Error. */
export function parseOptions(args: readonly string[]): KeeperOptions {
  const end = args.indexOf('--');
  const [node, ...more] = end < 0 ? [] : args.slice(end + 1);
  const { values } = parseArgs({
    args: args.slice(0, end < 0 ? args.length : end),
    options: {
      'runtime-dir': { type: 'string' },
      'state-dir': { type: 'string' },
      home: { type: 'string' },
      'no-pidfd': { type: 'boolean' },
      'ready-fd': { type: 'string' },
      'daemon-pid': { type: 'string' },
      'channel-fd': { type: 'string' },
      'legacy-fd': { type: 'string' },
      trial: { type: 'boolean' },
    },
  });
  const { 'runtime-dir': runtimeDir, 'state-dir': stateDir } = values;
  const start = daemonStartShape.safeParse({
    node,
    nodeArguments: more.slice(0, -1),
    entry: more.at(-1),
  });
  if (!runtimeDir || !stateDir || !start.success) throw new Error(`usage: ${USAGE}`);
  const pid = number(values['daemon-pid']);
  const channelFd = number(values['channel-fd']);
  return {
    runtimeDir,
    stateDir,
    home: values.home ?? stateDir,
    usePidfd: !values['no-pidfd'],
    readyFd: number(values['ready-fd']),
    daemon: pid === undefined || channelFd === undefined ? undefined : { pid, channelFd },
    legacyFd: number(values['legacy-fd']),
    isTrial: values.trial ?? false,
    start: start.data,
  };
}

/** What daemons and later keepers are told of the home, and how ends are learned of. */
export function homeArguments({ runtimeDir, stateDir, home, usePidfd }: KeeperOptions): string[] {
  const folders = ['--runtime-dir', runtimeDir, '--state-dir', stateDir, '--home', home];
  return usePidfd ? folders : [...folders, '--no-pidfd'];
}

/** The command that starts a keeper or a daemon, but for its own arguments. */
export function commandOf({ node, nodeArguments, entry }: DaemonStart): [string, ...string[]] {
  return [node, ...nodeArguments, entry];
}

function number(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`not a number: ${text}`);
  return Number(text);
}
