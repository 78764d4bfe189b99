/** Of the update's status: VERSION+BUILD; null while it is not known. */
export interface Builds {
  readonly running: string | null;
  readonly available: string | null;
}

export interface FailureText {
  readonly title: string;
  /** What went wrong. */
  readonly what: string;
  /** What became of the daemon and its sessions. */
  readonly outcome: string;
  /** False: the update may have happened. */
  readonly isKnown: boolean;
}

/** Failures after which the daemon of before is known to go on. */
const UNCHANGED: Readonly<Record<string, string>> = {
  E_UPGRADE_START: 'The new daemon could not be started.',
  E_UPGRADE_TIMEOUT: 'The new daemon was not ready in time.',
  E_UPGRADE_REFUSED: 'The new daemon could not take over.',
  E_UPGRADE_UNREADABLE: 'The new daemon could not read what it was to take over.',
  E_UPGRADE_BUSY: 'Another update is in progress.',
};

/** What was refused before anything was done for it. */
const REFUSED: Readonly<Record<string, string>> = {
  E_FORBIDDEN: 'Not allowed.',
  E_USAGE: 'It can’t be asked for.',
  E_NO_DAEMON: 'No daemon could be reached.',
};

/** After which it isn't, as after any that is not listed. */
const IN_DOUBT: Readonly<Record<string, string>> = {
  E_TIMEOUT: 'The daemon did not answer in time.',
  E_DISCONNECTED: 'The connection was lost before the answer came.',
  E_PROTOCOL: 'The answer could not be read.',
};

/** What an update's failure means, for people; `update` is what is known now. */
export function failureText(code: string, update: Builds | undefined): FailureText {
  const running = update?.running ?? null;
  const title = 'Update couldn’t preserve sessions';
  const unchanged = UNCHANGED[code];
  if (unchanged !== undefined) {
    const outcome = `Nothing has changed: ${running ?? 'the old daemon'} goes on, and your sessions with it.`;
    return { title, what: unchanged, outcome, isKnown: true };
  }
  const refused = REFUSED[code];
  if (refused !== undefined) return { title, what: refused, outcome: 'Nothing was updated.', isKnown: true };
  if (code === 'E_UPGRADE_UNEXPECTED') {
    const what = 'Another build came up than the one that was asked for.';
    // Found before the hand-over or after it: who serves is what counts.
    return {
      title,
      what,
      outcome: `${running ?? 'A daemon'} serves, and your sessions go on.`,
      isKnown: true,
    };
  }
  return {
    title: 'It isn’t known what became of the update',
    what: IN_DOUBT[code] ?? 'The update was broken off.',
    outcome: `It may have happened all the same.${running === null ? '' : ` The daemon that answered last is ${running}.`}`,
    isKnown: false,
  };
}

/** Whether an update without an answer has happened, as far as the builds tell: not if it was to the same one. */
export function hasHappened(before: Builds | undefined, after: Builds | undefined): boolean {
  const from = before?.running ?? null;
  const to = before?.available ?? null;
  return from !== null && to !== null && from !== to && after?.running === to;
}
