import { existsSync } from 'node:fs';
import { HoldfastError, type RunningBuild } from '@holdfast/protocol';
import { askKeeper } from './keeper.ts';
import { underLifecycleLock } from './lifecycle-lock.ts';
import { reach, type Surroundings } from './surroundings.ts';

const TIMEOUT_MS = 5_000;
const HELLO_MS = 5_000;

/** How a daemon is started again. */
export interface ResumeOptions {
  /** For the keeper's answer, in ms; by default 5,000. */
  readonly timeoutMs?: number;
  /** Another daemon than that of the installation, by absolute paths. */
  readonly start?: { readonly node: string; readonly entry: string };
}

/** What serves after it. */
export interface Resumed {
  /** The daemon that was started, or that ran already. */
  readonly daemon: RunningBuild;
  /** Sessions that run. */
  readonly sessions: number;
}

/**
 * Has the keeper start this daemon, and none other from now on, unless one runs. Throws E_NO_DAEMON if there is no keeper, E_HELD
 * if the daemon dies as those before it did.
 */
export async function resume(surroundings: Surroundings, options: ResumeOptions = {}): Promise<Resumed> {
  const { home, connector } = surroundings;
  if (!existsSync(home.stateDir)) throw new HoldfastError('E_NO_DAEMON', 'no keeper is running');
  return underLifecycleLock(home, connector, () => startByKeeper(surroundings, options));
}

async function startByKeeper(surroundings: Surroundings, options: ResumeOptions): Promise<Resumed> {
  const { home, installation, emit } = surroundings;
  const { node, entry } = options.start ?? { node: installation.node, entry: installation.daemonEntry };
  const parameters = { node, nodeArguments: [], entry };
  const { daemonPid } = await askKeeper(
    home,
    { type: 'resume', parameters },
    options.timeoutMs ?? TIMEOUT_MS,
  );
  if (daemonPid === null) throw new HoldfastError('E_DAEMON_START', `${node} could not be started`);
  const client = await reach(surroundings, HELLO_MS);
  if (!client) throw new HoldfastError('E_NO_DAEMON', 'the daemon has ended again');
  try {
    const { sessions, daemon } = await client.request('status', {});
    const { pid, version, build } = daemon;
    emit({ type: 'resumed', pid, version, build, sessions: sessions.running });
    return { daemon: { pid, version, build }, sessions: sessions.running };
  } finally {
    client.close();
  }
}
