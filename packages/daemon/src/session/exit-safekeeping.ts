import { takeExitStatus } from '@holdfast/posix';
import type { Exit } from '@holdfast/protocol';
import type { SessionKeeper } from './session-keeper.ts';

/**
 * Sees to it that somebody beside this daemon knows how a program has ended: its zombie, the keeper, or a file. A child is not
 * reaped before: if this daemon is killed, its zombies are the keeper's, and tell that.
 */
export class ExitSafekeeping {
  readonly #sessionId: string;
  readonly #pid: number;
  readonly #keeper: SessionKeeper;
  #isSaved: boolean;
  #isKept = false;
  #isZombie = false;

  /** `isSaved`: the file says it already. */
  constructor(program: { sessionId: string; pid: number; isSaved: boolean }, keeper: SessionKeeper) {
    this.#sessionId = program.sessionId;
    this.#pid = program.pid;
    this.#isSaved = program.isSaved;
    this.#keeper = keeper;
  }

  /** Whether the state file says how it ended. */
  get isSaved(): boolean {
    return this.#isSaved;
  }

  /** It was a child of this process, and nobody has waited for it yet. */
  childEnded(): void {
    this.#isZombie = true;
  }

  /** The file could not be written, and there may be no room for long. */
  notSaved(exit: Exit): void {
    if (this.#isKept || this.#isSaved) return;
    this.#isKept = true;
    this.#keeper.exitNotSaved(this.#sessionId, { pid: this.#pid, exit });
    this.#reap();
  }

  /** The file says it, or it does not matter any more: whoever has it beside this daemon need not keep it any longer. */
  saved(): void {
    if (this.#isSaved) return;
    this.#isSaved = true;
    this.#keeper.exitSaved(this.#pid);
    this.#reap();
  }

  #reap(): void {
    if (this.#isZombie) takeExitStatus(this.#pid);
    this.#isZombie = false;
  }
}
