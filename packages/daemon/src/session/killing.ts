import type { Log } from '../log.ts';
import type { Packing } from './luggage.ts';
import type { BegunKill } from './state-file.ts';
import type { SuspendedKill } from './suspended-session.ts';
import type { Terminal } from './terminal.ts';
import { type EarlierKill, type KillSurroundings, TreeKill } from './tree-kill.ts';

/** What the end of a session has to do with that session. */
export interface KillingSurroundings extends Omit<KillSurroundings, 'changed'> {
  readonly log: Log;
  readonly session: { readonly id: string; readonly pid: number };
  /** Undefined once the session has exited. */
  readonly terminal: () => Terminal | undefined;
  /** Saves the session's state, with `progress` in it. */
  readonly save: () => Promise<void>;
  /** Something of it can't be ended. */
  readonly gaveUp: () => void;
}

/** The end of a session that somebody has asked for: one at a time, and gone on with by the next daemon. */
export class Killing {
  readonly #surroundings: KillingSurroundings;
  /** What a daemon that crashed was about, and has not been taken up yet. */
  #begun: BegunKill | undefined;
  #running: { readonly tree: TreeKill; readonly done: Promise<void> } | undefined;

  constructor(begun: BegunKill | undefined, surroundings: KillingSurroundings) {
    this.#begun = begun;
    this.#surroundings = surroundings;
  }

  /** For a daemon that comes after a crash; undefined while nobody ends it. */
  get progress(): BegunKill | undefined {
    return this.#running?.tree.progress ?? this.#begun;
  }

  /** For a successor. */
  suspend(luggage: Packing): SuspendedKill | null {
    return this.#running?.tree.suspend(luggage) ?? null;
  }

  /** Goes on with what the daemon before this one had begun: what it has handed over, or else what it had saved. */
  takeOver(handedOver?: EarlierKill): void {
    const earlier = handedOver ?? (this.#begun && { begun: this.#begun });
    if (earlier) this.#running = this.#begin(earlier.begun.callerPid, earlier);
    this.#begun = undefined;
  }

  /** Begins, if that has not been done; see TreeKill. */
  begin(callerPid: number | null): void {
    this.#running ??= this.#begin(callerPid);
  }

  /** Resolves when nothing is left of it, or can't be ended. */
  get done(): Promise<void> {
    return this.#running?.done ?? Promise.resolve();
  }

  #begin(callerPid: number | null, earlier?: EarlierKill): { tree: TreeKill; done: Promise<void> } {
    const { clock, processes, log, whileServing, session, save, gaveUp } = this.#surroundings;
    const terminal = this.#surroundings.terminal();
    let device = 0;
    const target = {
      leader: session.pid,
      terminal: () => (terminal && this.#surroundings.terminal() === terminal ? device : 0),
      callerPid,
    };
    const tree = new TreeKill(target, { clock, processes, changed: save, whileServing }, earlier);
    if (earlier && !earlier.handedOver) log('session.kill-resumed', { session: session.id });
    const run = async () => {
      if (terminal) device = await terminal.device();
      const left = await tree.run();
      if (left > 0) log('session.kill-incomplete', { session: session.id, left });
      if (left > 0) gaveUp();
    };
    const done = run().finally(() => {
      this.#running = undefined;
      void save();
    });
    return { tree, done };
  }
}
