import type { SessionKeeper } from '../session/session.ts';

/** Of a daemon that was started by itself: what it holds ends with it. */
export const NO_KEEPER: SessionKeeper = {
  hold: () => undefined,
  isHeld: () => true,
  tellsExits: false,
  drop: () => undefined,
  exitSaved: () => undefined,
};
