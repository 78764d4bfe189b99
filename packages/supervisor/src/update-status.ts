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
  readonly failure: UpdateFailure | null;
}

/** A version of Holdfast, by which builds are ordered, and the hash that tells one build from another. */
export interface Build {
  readonly version: string;
  readonly build: string;
}

/** `order`: how the available version compares to the running one, for builds that differ. */
export function updateStatus(
  builds: { running: Build | null; available: Build | null },
  order: -1 | 0 | 1,
  failure: UpdateFailure | null,
): UpdateStatus {
  const { running, available } = builds;
  return {
    pending: running !== null && available !== null && running.build !== available.build && order >= 0,
    running: running && fullVersion(running),
    available: available && fullVersion(available),
    failure,
  };
}

function fullVersion({ version, build }: Build): string {
  return `${version}+${build}`;
}
