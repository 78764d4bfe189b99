import type { Exit } from '@holdfast/protocol';

/** What a session has to do with whoever keeps a second copy of its master. */
export interface SessionKeeper {
  /** Gives it a copy of the master, now or as soon as it takes it. */
  hold(sessionId: string, program: { readonly pid: number; readonly master: number }): void;
  /** Whether it has taken a copy; without a keeper there is nothing to take. */
  isHeld(sessionId: string): boolean;
  /** Whether it may be about to tell how a program ended that is no child of this process. */
  readonly tellsExits: boolean;
  /** The master is closed here. */
  drop(sessionId: string): void;
  /** How that program ended is known, and no file says it yet. */
  exitNotSaved(sessionId: string, program: { readonly pid: number; readonly exit: Exit }): void;
  /** The exit status of that program is known and saved. */
  exitSaved(pid: number): void;
}
