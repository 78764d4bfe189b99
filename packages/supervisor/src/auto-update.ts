/**
 * The automatic update of one supervisor, as a table: the state after an event, and what follows from it.
 *
 *   idle ──newer──> waiting ──due──> updating ──ok──> done
 *    │ spent           ▲                │ failed
 *    ▼                 └────────────────┤ busy
 *   givenUp <────────────failedLast─────┘
 */
export type AutoUpdateState =
  /** Nothing newer is there, as far as is known. */
  | 'idle'
  /** An attempt will be made when its time has come. */
  | 'waiting'
  | 'updating'
  /** It has failed too often, here or in other processes. */
  | 'givenUp'
  /** It was done once. Who runs an older build after that wants it: two supervisors of different builds must not take turns. */
  | 'done';

export type AutoUpdateEvent =
  /** The daemon that serves is older, and tries are left. */
  | 'newer'
  /** The daemon that serves is older, and no tries are left. */
  | 'spent'
  /** The daemon that serves is not older, or none does. */
  | 'current'
  | 'due'
  | 'ok'
  | 'failed'
  | 'failedLast'
  /** Somebody else upgrades to another build just now: that was no try. */
  | 'busy';

export type AutoUpdateEffect =
  | 'schedule'
  | 'scheduleSame'
  | 'cancel'
  | 'upgrade'
  | 'tellPending'
  | 'tellOk'
  | 'tellFailed'
  | 'tellGivenUp';

export interface AutoUpdateStep {
  readonly state: AutoUpdateState;
  readonly effects: readonly AutoUpdateEffect[];
}

const step = (state: AutoUpdateState, ...effects: AutoUpdateEffect[]): AutoUpdateStep => ({ state, effects });

/** Events that a row does not name change nothing. */
export const AUTO_UPDATE: Readonly<
  Record<AutoUpdateState, Partial<Record<AutoUpdateEvent, AutoUpdateStep>>>
> = {
  idle: {
    newer: step('waiting', 'tellPending', 'schedule'),
    spent: step('givenUp', 'tellPending'),
  },
  waiting: {
    current: step('idle', 'cancel'),
    spent: step('givenUp', 'cancel'),
    due: step('updating', 'upgrade'),
  },
  updating: {
    ok: step('done', 'tellOk'),
    failed: step('waiting', 'tellFailed', 'schedule'),
    failedLast: step('givenUp', 'tellFailed', 'tellGivenUp'),
    busy: step('waiting', 'scheduleSame'),
  },
  givenUp: { current: step('idle') },
  done: {},
};
