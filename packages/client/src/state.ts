/**
 * The states of a client, and what moves it. `lost` means that another attempt will be made, `ended` that none will.
 *
 *   connecting ──opened──> hello ──greeted──> connected ──lost──> reconnecting ──opened──> hello …
 */
export type ClientState = 'connecting' | 'hello' | 'connected' | 'reconnecting' | 'closed';
export type ClientMove = 'opened' | 'greeted' | 'lost' | 'ended';

/** Moves that a row does not name can't happen in that state. */
export const TRANSITIONS: Readonly<Record<ClientState, Partial<Record<ClientMove, ClientState>>>> = {
  connecting: { opened: 'hello', lost: 'connecting', ended: 'closed' },
  hello: { greeted: 'connected', lost: 'reconnecting', ended: 'closed' },
  connected: { lost: 'reconnecting', ended: 'closed' },
  reconnecting: { opened: 'hello', lost: 'reconnecting', ended: 'closed' },
  closed: {},
};

/** The state after a move; throws where the table has none, which is a fault in this library. */
export function nextState(state: ClientState, move: ClientMove): ClientState {
  const next = TRANSITIONS[state][move];
  if (next === undefined) throw new Error(`a client that is ${state} can't be ${move}`);
  return next;
}
