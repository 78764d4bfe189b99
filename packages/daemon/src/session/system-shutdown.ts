import type { Exit } from '@holdfast/protocol';
import type { Lifecycle } from './lifecycle.ts';
import type { SessionState } from './state-file.ts';

/** A shutdown signals everybody at once: a program may be gone so long before the daemon hears of it. */
const SPREAD_MS = 2_000;
/** How programs end that the system's shutdown has ended, as shells tell it, too. */
const SIGNALS = ['SIGTERM', 'SIGHUP'];
const CODES = [129, 143];

/**
 * What the system's going down means for a session. Nobody has asked for its end then: its file goes on telling that it runs, so that the
 * next daemon finds it as it would after a crash.
 */
export class SystemShutdown {
  /** Somebody has asked for the session's end, or it has ended long ago. */
  #isEndMeant: boolean;
  #isUnderWay = false;

  constructor(isEndMeant: boolean) {
    this.#isEndMeant = isEndMeant;
  }

  /** Whether the session ends by it, or has. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** Somebody asks for the session's end; during a shutdown that is part of it. */
  endMeant(): void {
    if (!this.#isUnderWay) this.#isEndMeant = true;
  }

  /** `exitedForMs`: how long ago the session exited, if it has. */
  begin(lifecycle: Lifecycle, exitedForMs: number | undefined): void {
    if (this.#isEndMeant) return;
    const isRecent = (exitedForMs ?? 0) <= SPREAD_MS;
    this.#isUnderWay = lifecycle.state === 'running' || (isRecent && isOfShutdown(lifecycle.exit));
  }

  /** What the session's file is to say. */
  kept(state: SessionState, hasExited: boolean): SessionState {
    if (!this.#isUnderWay) return state;
    // A kill that goes on after the machine has gone down would be that of other processes.
    return { ...state, exit: null, exitedAt: null, kill: undefined, wentDown: hasExited || undefined };
  }
}

function isOfShutdown(exit: Exit): boolean {
  if ('signal' in exit) return SIGNALS.includes(exit.signal);
  return 'code' in exit && CODES.includes(exit.code);
}
