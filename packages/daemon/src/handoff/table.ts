/**
 * The upgrade as tables: what can happen in which state, and nothing else. What is not in a row is a fault.
 *
 *   predecessor                                 successor
 *   starting    ── spawned, not ready yet       loading
 *   previewing  <──────── ready ──────────────  waiting
 *               ───────── preview ───────────>  preparing     left out with a successor that takes none
 *   settling    <──────── prepared ───────────  waiting
 *   frozen      ───────── snapshot ──────────>  adopting
 *               <──────── adopted ────────────  adopted
 *   committed   ───────── commit ────────────>  asking        may I be current?
 *   over        <──────── serving ────────────  serving
 */

export type PredecessorState =
  | 'idle'
  | 'starting'
  | 'previewing'
  | 'settling'
  | 'frozen'
  | 'committed'
  | 'over';

export type PredecessorEvent =
  | 'requested'
  | 'ready'
  | 'prepared'
  | 'frozen'
  | 'adopted'
  | 'serving'
  /** Whatever goes wrong: an end, a refusal, a time-out. */
  | 'failed'
  /** The successor is dead and had not said that it serves. */
  | 'confirmedDead';

export const PREDECESSOR: Record<PredecessorState, Partial<Record<PredecessorEvent, PredecessorState>>> = {
  idle: { requested: 'starting' },
  starting: { ready: 'previewing', failed: 'idle' },
  previewing: { prepared: 'settling', failed: 'idle' },
  settling: { frozen: 'frozen', failed: 'idle' },
  frozen: { adopted: 'committed', failed: 'idle' },
  // A failure alone is not enough here: the successor may be reading already.
  committed: { serving: 'over', confirmedDead: 'idle' },
  over: {},
};

export type SuccessorState =
  | 'loading'
  | 'waiting'
  | 'preparing'
  | 'adopting'
  | 'adopted'
  | 'asking'
  | 'serving'
  | 'ended';

export type SuccessorEvent =
  | 'loaded'
  | 'preview'
  | 'prepared'
  | 'snapshot'
  | 'adopted'
  | 'commit'
  | 'granted'
  | 'failed'
  | 'predecessorGone'
  /** The predecessor is gone, and there is a keeper who says who goes on. */
  | 'orphaned';

export const SUCCESSOR: Record<SuccessorState, Partial<Record<SuccessorEvent, SuccessorState>>> = {
  loading: { loaded: 'waiting', failed: 'ended', predecessorGone: 'ended' },
  waiting: { preview: 'preparing', snapshot: 'adopting', failed: 'ended', predecessorGone: 'ended' },
  preparing: { prepared: 'waiting', failed: 'ended', predecessorGone: 'ended' },
  adopting: { adopted: 'adopted', failed: 'ended', predecessorGone: 'ended' },
  // Without its commit nobody may serve: whoever started it serves on, or is gone, and then only a keeper can know that.
  adopted: { commit: 'asking', orphaned: 'asking', failed: 'ended', predecessorGone: 'ended' },
  asking: { granted: 'serving', failed: 'ended' },
  serving: { predecessorGone: 'serving' },
  ended: {},
};

export function nextPredecessor(state: PredecessorState, event: PredecessorEvent): PredecessorState {
  const next = PREDECESSOR[state][event];
  if (!next) throw new Error(`a predecessor that is ${state} can't have "${event}" happen to it`);
  return next;
}

export function nextSuccessor(state: SuccessorState, event: SuccessorEvent): SuccessorState {
  const next = SUCCESSOR[state][event];
  if (!next) throw new Error(`a successor that is ${state} can't have "${event}" happen to it`);
  return next;
}
