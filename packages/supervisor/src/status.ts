import type { Connector } from '@holdfast/client';
import {
  type DaemonIdentity,
  HoldfastError,
  type RequestResult,
  type UpgradeUnderWay,
} from '@holdfast/protocol';
import type { KeeperReport } from '@holdfast/protocol/keeper-report';
import { connectIfRunning } from './connect.ts';
import type { Home } from './home.ts';
import { keeperReport } from './keeper-report.ts';
import { readUpdateRecord } from './update-record.ts';
import { type Build, type UpdateStatus, updateStatus } from './update-status.ts';

export { isUpdateWanted } from './wanted-update.ts';

type Answer = RequestResult<'status'>;

/** Why a keeper starts no daemon any more. */
export interface Holding {
  /** A time of day; null: a keeper of an earlier version does not say it. */
  readonly since: string | null;
  /** Daemons in a row that could not go on. */
  readonly crashes: number;
  readonly reason: string | null;
}

/** What a keeper says of itself, and whether it holds. */
export interface KeeperStatus extends KeeperReport {
  readonly holding: Holding | null;
}

/** What there is in a home. */
export interface SupervisorStatus {
  /** null: none runs; see `keeper` for why. */
  readonly daemon: DaemonIdentity | null;
  /** null: there is none. */
  readonly keeper: KeeperStatus | null;
  readonly update: UpdateStatus;
  readonly sessions: { readonly running: number; readonly exited: number };
  /** Connections to the daemon, this one not counted. */
  readonly clients: number;
  /** As it is shown to people. */
  readonly home: string;
  /** Who holds a program back. */
  readonly holders: Answer['holders'];
  /** Sessions that are kept and not served. */
  readonly aside: NonNullable<Answer['aside']>;
  /** How long the daemon's loop was busy, turn by turn; null without a daemon, or if it does not say. */
  readonly eventLoop: NonNullable<Answer['eventLoop']> | null;
}

export interface StatusQuestion {
  readonly home: Home;
  readonly connector: Connector;
  readonly name: string;
  /** What the installation's daemon is; null: not known. */
  readonly available: Build | null;
}

/**
 * Asks the daemon and reads what its keeper says. That none runs is an answer. Throws E_NO_DAEMON if one has the home and does not
 * answer, or the home can't be used. Loads neither libc nor anything else that a quick command would notice.
 */
export async function readStatus(question: StatusQuestion): Promise<SupervisorStatus> {
  const { home, available } = question;
  const answer = await ask(question);
  return {
    daemon: answer?.daemon ?? null,
    keeper: keeperStatus(home),
    update: await readUpdate(home, { running: answer?.daemon ?? null, available }, answer?.upgrade),
    sessions: answer?.sessions ?? { running: 0, exited: 0 },
    // The daemon counts every connection; this one is gone when somebody reads of it.
    clients: answer ? answer.clients - 1 : 0,
    home: home.label,
    holders: answer?.holders ?? [],
    aside: answer?.aside ?? [],
    eventLoop: answer?.eventLoop ?? null,
  };
}

function keeperStatus(home: Home): KeeperStatus | null {
  const report = keeperReport(home);
  if (!report) return null;
  const { state, heldSince = null, failures, reason } = report;
  return { ...report, holding: state === 'held' ? { since: heldSince, crashes: failures, reason } : null };
}

/** Which update there is, by what runs, what it says of one that is under way, and what was kept of failures. Asks nobody. */
export async function readUpdate(
  home: Home,
  builds: { running: Build | null; available: Build | null },
  underWay?: UpgradeUnderWay,
): Promise<UpdateStatus> {
  const { running, available } = builds;
  const said = { failure: readUpdateRecord(home).failure, underWay };
  if (!running || !available || running.build === available.build) return updateStatus(builds, 0, said);
  // Only builds that differ have to be put in order, and that takes a library.
  const { orderOf } = await import('./build-order.ts');
  return updateStatus(builds, orderOf(available.version, running.version), said);
}

/** undefined if no daemon runs. */
async function ask({ home, connector, name }: StatusQuestion): Promise<Answer | undefined> {
  try {
    const client = await connectIfRunning(home, { connector, name });
    const answer = await client?.request('status', {});
    client?.close();
    return answer;
  } catch (error) {
    // What the keeper says of itself is the status then.
    if (error instanceof HoldfastError && error.code === 'E_HELD') return undefined;
    throw error;
  }
}
