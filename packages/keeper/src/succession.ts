/**
 * Which daemon is current, as a table. There are at most two: the current one, and beside it either a successor that has not been
 * granted, or (once it has) the predecessor that still lives. Deaths of both in one moment: that of the one beside comes first.
 *
 *              channel            adopted            asks                 the predecessor ends
 *     alone ──────────> offered ──────────> adopted ──────> succeeded ───────────────────────> alone
 */
export type Succession = 'none' | 'alone' | 'offered' | 'adopted' | 'succeeded';

export type SuccessionEvent =
  /** A daemon was started, by the keeper. */
  | 'started'
  /** The current one wants a channel for a successor, or one started. */
  | 'channel'
  /** The successor has taken over everything. */
  | 'adopted'
  /** The successor asks to be current. */
  | 'asks'
  | 'currentGone'
  /** The successor, or after the grant the predecessor, is gone. */
  | 'otherGone';

export type SuccessionAction =
  | 'nothing'
  /** Give out a channel; a successor that has one already loses it. */
  | 'offer'
  /** The one beside becomes current. */
  | 'grant'
  /** The predecessor becomes current again. */
  | 'currentAgain'
  /** Nobody is left, or nobody who could go on: what has a channel still loses it, and a daemon is started. */
  | 'startAfresh';

type Step = readonly [Succession, SuccessionAction];

/** What is not in a row is refused. */
export const SUCCESSION: Record<Succession, Partial<Record<SuccessionEvent, Step>>> = {
  none: { started: ['alone', 'nothing'] },
  alone: { channel: ['offered', 'offer'], currentGone: ['none', 'startAfresh'] },
  offered: {
    channel: ['offered', 'offer'],
    adopted: ['adopted', 'nothing'],
    otherGone: ['alone', 'nothing'],
    currentGone: ['none', 'startAfresh'],
  },
  adopted: {
    asks: ['succeeded', 'grant'],
    otherGone: ['alone', 'nothing'],
    currentGone: ['alone', 'grant'],
  },
  succeeded: { otherGone: ['alone', 'nothing'], currentGone: ['alone', 'currentAgain'] },
};
