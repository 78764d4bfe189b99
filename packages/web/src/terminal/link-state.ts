/**
 * Where a pane's connection to its terminal stands.
 *
 *   opening   a WebSocket is opened, or has not been answered yet
 *   waiting   it was lost; the next try has its time
 *   live      the terminal is attached
 *   stalled   it is attached, but nobody behind it answers
 *   refused   trying again is of no use, until the user says so
 *   ended     the program has exited, and all its output is here
 *
 * `Late`: for so long now that the user is told.
 */
export type LinkState =
  | 'opening'
  | 'openingLate'
  | 'waiting'
  | 'waitingLate'
  | 'live'
  | 'stalled'
  | 'refused'
  | 'ended';

export type LinkEvent =
  /** The host has attached us. */
  | 'attached'
  /** The WebSocket has closed, in a way that says: try again. */
  | 'lost'
  /** It has closed for good, for a reason that repeats. */
  | 'refused'
  | 'exited'
  /** The time of the next try has come. */
  | 'due'
  /** Without a connection for LATE_MS. */
  | 'late'
  /** The page finds that the daemon does not answer, or that it does again. */
  | 'unanswered'
  | 'answered'
  /** The user, or the browser that is online again, doesn't want to wait. */
  | 'reconnect';

/** What the owner of a socket does on a transition, in this order. */
export type LinkEffect =
  | 'open'
  | 'close'
  | 'scheduleTry'
  | 'cancelTry'
  | 'startLate'
  | 'cancelLate'
  | 'resetPause';

export interface Transition {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
}

/** How long a pane only says that it connects, in ms. */
export const LATE_MS = 10_000;

const go = (state: LinkState, ...effects: LinkEffect[]): Transition => ({ state, effects });

/** Every state with every event: nothing is left to chance. */
export const LINK: Readonly<Record<LinkState, Readonly<Record<LinkEvent, Transition>>>> = {
  opening: {
    attached: go('live', 'cancelLate', 'resetPause'),
    lost: go('waiting', 'scheduleTry'),
    refused: go('refused', 'cancelLate'),
    exited: go('ended', 'cancelLate'),
    due: go('opening'),
    late: go('openingLate'),
    unanswered: go('opening'),
    answered: go('opening'),
    reconnect: go('opening', 'close', 'resetPause', 'open'),
  },
  openingLate: {
    attached: go('live', 'resetPause'),
    lost: go('waitingLate', 'scheduleTry'),
    refused: go('refused'),
    exited: go('ended'),
    due: go('openingLate'),
    late: go('openingLate'),
    unanswered: go('openingLate'),
    answered: go('openingLate'),
    reconnect: go('openingLate', 'close', 'resetPause', 'open'),
  },
  waiting: {
    attached: go('waiting'),
    lost: go('waiting'),
    refused: go('refused', 'cancelTry', 'cancelLate'),
    exited: go('ended', 'cancelTry', 'cancelLate'),
    due: go('opening', 'open'),
    late: go('waitingLate'),
    unanswered: go('waiting'),
    answered: go('opening', 'cancelTry', 'resetPause', 'open'),
    reconnect: go('opening', 'cancelTry', 'resetPause', 'open'),
  },
  waitingLate: {
    attached: go('waitingLate'),
    lost: go('waitingLate'),
    refused: go('refused', 'cancelTry'),
    exited: go('ended', 'cancelTry'),
    due: go('openingLate', 'open'),
    late: go('waitingLate'),
    unanswered: go('waitingLate'),
    answered: go('openingLate', 'cancelTry', 'resetPause', 'open'),
    reconnect: go('openingLate', 'cancelTry', 'resetPause', 'open'),
  },
  live: {
    attached: go('live'),
    lost: go('waiting', 'startLate', 'scheduleTry'),
    refused: go('refused'),
    exited: go('ended'),
    due: go('live'),
    late: go('live'),
    unanswered: go('stalled'),
    answered: go('live'),
    reconnect: go('live'),
  },
  stalled: {
    attached: go('live'),
    lost: go('waitingLate', 'scheduleTry'),
    refused: go('refused'),
    exited: go('ended'),
    due: go('stalled'),
    late: go('stalled'),
    unanswered: go('stalled'),
    answered: go('live'),
    reconnect: go('openingLate', 'close', 'resetPause', 'open'),
  },
  refused: {
    attached: go('refused'),
    lost: go('refused'),
    refused: go('refused'),
    exited: go('ended'),
    due: go('refused'),
    late: go('refused'),
    unanswered: go('refused'),
    answered: go('refused'),
    reconnect: go('opening', 'resetPause', 'startLate', 'open'),
  },
  ended: {
    attached: go('ended'),
    lost: go('ended'),
    refused: go('ended'),
    exited: go('ended'),
    due: go('ended'),
    late: go('ended'),
    unanswered: go('ended'),
    answered: go('ended'),
    reconnect: go('ended'),
  },
};

/** What the user is told; null: nothing, all is well. `wasAttached`: what is made is not the first connection. */
export function linkLabel(
  state: LinkState,
  { wasAttached }: { readonly wasAttached: boolean },
): string | null {
  return (wasAttached ? undefined : FIRST_LABEL[state]) ?? LABEL[state];
}

/** Where there was no connection, none is made again. */
const FIRST_LABEL: Partial<Readonly<Record<LinkState, string>>> = {
  opening: 'Connecting…',
  waiting: 'Connecting…',
};

const LABEL: Readonly<Record<LinkState, string | null>> = {
  opening: 'Reconnecting…',
  waiting: 'Reconnecting…',
  openingLate: "Terminals aren't responding",
  waitingLate: "Terminals aren't responding",
  stalled: "Terminals aren't responding",
  refused: 'Disconnected',
  live: null,
  ended: null,
};

/** Whether what is typed reaches the terminal now; otherwise it is held back. */
export function carriesInput(state: LinkState): boolean {
  return state === 'live' || state === 'stalled';
}

/** What a close code of docs/api.md means for the link. */
export function eventOfClose(code: number): Extract<LinkEvent, 'lost' | 'refused' | 'exited'> {
  if (code === 1000) return 'exited';
  if ([1009, 4400, 4401, 4403, 4404, 4500].includes(code)) return 'refused';
  return 'lost';
}

const FIRST_PAUSE_MS = 250;
const UNAVAILABLE_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

/**
 * How long to wait before the next try. `tries`: how many failed since a connection brought something. A daemon that can't be
 * reached (4503) is given a second at least.
 */
export function pauseBeforeTry(tries: number, closeCode: number): number {
  const least = closeCode === 4503 ? UNAVAILABLE_PAUSE_MS : 0;
  return Math.max(least, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries));
}
