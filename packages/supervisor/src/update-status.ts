import type { UpgradeUnderWay } from '@holdfast/protocol';
import type { UpdateRecord } from './update-record.ts';

/** A failed update, kept until it is dismissed or a later one succeeds: its code, why, and when (ISO 8601). */
export type UpdateFailure = NonNullable<UpdateRecord['failure']>;

/** Which update there is. Versions are `version+build`. */
export interface UpdateStatus {
  /** Whether the daemon that runs could be replaced by `available`, which is not older. */
  readonly pending: boolean;
  /** null: none runs, or it does not answer. */
  readonly running: string | null;
  /** null: what the installation's daemon is, is not known. */
  readonly available: string | null;
  /** null: none is kept. */
  readonly failure: UpdateFailure | null;
  /** One that somebody has asked for, until its hand-over; null: none, or the daemon can't tell. */
  readonly underWay: UpdateUnderWay | null;
}

/** How far an update is. */
export interface UpdateUnderWay {
  /** What was asked for; null: whatever the file is. */
  readonly to: string | null;
  /** `starting` the successor, `previewing` the sessions to it, `settling` what is half done. Later versions may have others. */
  readonly phase: string;
  /** ISO 8601. */
  readonly since: string;
  /** Pid of the process that is about to take over; null: none was started yet. */
  readonly successor: number | null;
}

/** A version of Holdfast, by which builds are ordered, and the hash that tells one build from another. */
export interface Build {
  /** As in package.json. */
  readonly version: string;
  /** Content hash, 12 hex digits; `source` when run unbundled. */
  readonly build: string;
}

/** What is known without the builds that it is about. */
interface Said {
  readonly failure: UpdateFailure | null;
  /** By the daemon. */
  readonly underWay: UpgradeUnderWay | undefined;
}

/** `order`: how the available version compares to the running one, for builds that differ. */
export function updateStatus(
  builds: { running: Build | null; available: Build | null },
  order: -1 | 0 | 1,
  { failure, underWay }: Said,
): UpdateStatus {
  const { running, available } = builds;
  return {
    pending: running !== null && available !== null && running.build !== available.build && order >= 0,
    running: running && fullVersion(running),
    available: available && fullVersion(available),
    failure,
    underWay: underWay ? told(underWay) : null,
  };
}

function told({ expect, phase, since, successor }: UpgradeUnderWay): UpdateUnderWay {
  return { to: expect && fullVersion(expect), phase, since, successor };
}

function fullVersion({ version, build }: Build): string {
  return `${version}+${build}`;
}
