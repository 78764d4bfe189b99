/** A failed update, kept until it is dismissed or a later one succeeds. */
export interface UpdateFailure {
  readonly code: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Which update there is. Versions are `version+build`. */
export interface UpdateStatus {
  /** Whether the daemon that runs could be replaced by `available`. */
  readonly pending: boolean;
  /** null: none runs, or it does not answer. */
  readonly running: string | null;
  /** null: what the installation's daemon is, is not known. */
  readonly available: string | null;
  readonly failure: UpdateFailure | null;
}

interface Build {
  readonly version: string;
  readonly build: string;
}

export function updateStatus(running: Build | null, available: Build | null): UpdateStatus {
  return {
    pending: running !== null && available !== null && running.build !== available.build,
    running: running && fullVersion(running),
    available: available && fullVersion(available),
    failure: null,
  };
}

function fullVersion({ version, build }: Build): string {
  return `${version}+${build}`;
}
