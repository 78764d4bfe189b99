/**
 * What a supervisor that watches knows of its daemon, as a table: the state after an event, and what follows from it.
 *
 *   unseen ──greeted──> serving ──lost──> lost ──greeted──> serving
 *                          │ silent ▲       │ refused
 *                          ▼        │       ▼
 *                        silent ─greeted  absent     held: its keeper starts none any more
 */
export type DaemonState =
  /** Nothing is known yet. */
  | 'unseen'
  /** It answers. */
  | 'serving'
  /** It owns the home and does not answer: busy, stopped, or of no protocol in common. It is not dead. */
  | 'silent'
  /** The connection was lost a moment ago. */
  | 'lost'
  /** None runs. */
  | 'absent'
  /** Its keeper starts none any more, and programs wait. */
  | 'held';

export type DaemonEvent =
  /** The process that was there before answers, or the first that was ever seen. */
  | 'greeted'
  /** Another process answers, on the connection that the one before had: an upgrade. */
  | 'succeeded'
  /** Another process answers, which the same keeper has started after the one before was gone. */
  | 'replaced'
  /** Another process answers, that was started from nothing. */
  | 'anew'
  | 'silent'
  | 'lost'
  | 'refused'
  | 'held';

/** What a supervisor does on its way to a state. */
export type DaemonEffect = 'tellAdopt' | 'tellRejected' | 'tellCrash' | 'tellBudgetSpent' | 'tellResumed';

export interface DaemonStep {
  readonly state: DaemonState;
  readonly effects: readonly DaemonEffect[];
}

const step = (state: DaemonState, ...effects: DaemonEffect[]): DaemonStep => ({ state, effects });

const HELD = step('held', 'tellBudgetSpent');
const ADOPTED = step('serving', 'tellAdopt');
const CRASHED = step('serving', 'tellCrash', 'tellAdopt');
const REJECTED = step('silent', 'tellRejected');

/** Every event can come in every state: what is outside does not ask. */
export const DAEMON: Readonly<Record<DaemonState, Readonly<Record<DaemonEvent, DaemonStep>>>> = {
  unseen: {
    greeted: ADOPTED,
    succeeded: ADOPTED,
    replaced: ADOPTED,
    anew: ADOPTED,
    silent: REJECTED,
    lost: step('lost'),
    refused: step('absent'),
    held: HELD,
  },
  serving: {
    greeted: step('serving'),
    succeeded: ADOPTED,
    replaced: CRASHED,
    anew: ADOPTED,
    silent: REJECTED,
    lost: step('lost'),
    refused: step('absent'),
    held: HELD,
  },
  silent: {
    greeted: step('serving'),
    succeeded: ADOPTED,
    replaced: CRASHED,
    anew: ADOPTED,
    silent: step('silent'),
    lost: step('lost'),
    refused: step('absent'),
    held: HELD,
  },
  lost: {
    greeted: step('serving'),
    succeeded: ADOPTED,
    replaced: CRASHED,
    anew: ADOPTED,
    silent: REJECTED,
    lost: step('lost'),
    refused: step('absent'),
    held: HELD,
  },
  absent: {
    greeted: ADOPTED,
    succeeded: ADOPTED,
    replaced: ADOPTED,
    anew: ADOPTED,
    silent: REJECTED,
    lost: step('absent'),
    refused: step('absent'),
    held: HELD,
  },
  held: {
    greeted: step('serving', 'tellResumed', 'tellAdopt'),
    succeeded: step('serving', 'tellResumed', 'tellAdopt'),
    replaced: step('serving', 'tellResumed', 'tellAdopt'),
    anew: ADOPTED,
    silent: step('held'),
    lost: step('held'),
    refused: step('absent'),
    held: step('held'),
  },
};

/** Who answers, as far as it tells one daemon from another. */
export interface Serving {
  readonly pid: number;
  readonly generation: number;
  readonly startedAt: string;
}

/** Which event an answer is, by who answered before. `onSameConnection`: the connection has not been lost since. */
export function greetingOf(
  before: Serving | undefined,
  now: Serving,
  onSameConnection: boolean,
): 'greeted' | 'succeeded' | 'replaced' | 'anew' {
  if (!before || (before.pid === now.pid && before.startedAt === now.startedAt)) return 'greeted';
  if (onSameConnection) return 'succeeded';
  // A keeper counts on; one that was started after a stop begins again.
  return now.generation > before.generation ? 'replaced' : 'anew';
}
