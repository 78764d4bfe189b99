import fs from 'node:fs/promises';
import path from 'node:path';
import type { Exit } from '@holdfast/protocol';
import type { TerminalFacts } from '@holdfast/screen/queries';

/** What must outlive the daemon about a session. Never its environment: that may hold secrets. */
export interface SessionState {
  readonly schema: 1;
  readonly id: string;
  readonly name: string;
  readonly pid: number;
  /** Of the process, to tell it from another with the same pid; 0 = not known. */
  readonly startTime: number;
  /** Of the machine, when the program was started; absent where that is not known: pid and start time are believed then. */
  readonly bootId?: string | undefined;
  readonly command: readonly string[];
  /** It was started as the user's login shell. */
  readonly isLoginShell?: boolean | undefined;
  readonly cwd: string;
  readonly cols: number;
  readonly rows: number;
  readonly createdAt: string;
  readonly exitedAt: string | null;
  /** The same on the machine's monotonic clock, which nobody sets: of that boot only. */
  readonly exitedAtMonotonicMs?: number | undefined;
  readonly exit: Exit | null;
  readonly historyBytes: number;
  readonly historyIn: 'disk' | 'memory';
  /** What exact subscribers had acknowledged when this was written; they have at least that. */
  readonly leases: readonly { readonly offset: number; readonly leaseMs: number }[];
  /** It is being killed; its program itself may have ended. */
  readonly kill?: BegunKill | undefined;
  /** It ended with its daemon as the system went down: its file has it as running, and nothing of what it printed is missing. */
  readonly wentDown?: boolean | undefined;
  /** What is known of the last terminal that showed it, by what that has answered. */
  readonly terminal?: TerminalFacts | undefined;
}

/** How far the end of a session has come. */
export interface BegunKill {
  /** Who is spared. */
  readonly callerPid: number | null;
  readonly isHungUp: boolean;
  /** What was found to belong to the session, whatever has become of its parents. */
  readonly known: { readonly pid: number; readonly startTime: number }[];
}

/**
 * Writes a session's state, one version at a time, each whole: readers see the old or the new one. Of several that
 * come in while one is being written, only the last is written.
 */
export class StateFile {
  readonly #path: string;
  readonly #fresh: string;
  #next: SessionState | undefined;
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  readonly #whileServing: () => Promise<void>;

  /**
   * `writer` tells daemons apart: a predecessor may be in the middle of writing when its successor begins to.
   * `whileServing` resolves unless that serves by now: then what this one knows is old, and nothing of it may be put in place.
   */
  constructor(folder: string, writer: number = process.pid, whileServing = async () => {}) {
    this.#whileServing = whileServing;
    this.#path = path.join(folder, 'state.json');
    this.#fresh = `${this.#path}.${writer}.new`;
  }

  /** Whether the file holds what was to be saved last. */
  get isSaved(): boolean {
    return this.#writing === undefined && !this.#hasFailed;
  }

  /** Resolves when this state, or a later one, is in the file. Rejects with Node's error (ENOSPC…) if the last of them could not be written. */
  save(state: SessionState): Promise<void> {
    this.#next = state;
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  /** Resolves when nothing is being written any more, whether that went well or not. */
  async settled(): Promise<void> {
    await this.#writing?.catch(() => undefined);
  }

  async #writeAll(): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    for (let state = this.#next; state; state = this.#next) {
      this.#next = undefined;
      // What has come in meanwhile gets its own try: the disk may have room by now, and nobody would save it again.
      failure = await this.#write(state).then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
    }
    // In the same step as the last look at #next: who saves after it begins anew.
    this.#writing = undefined;
    this.#hasFailed = failure !== undefined;
    if (failure) throw failure.error;
  }

  async #write(state: SessionState): Promise<void> {
    try {
      await fs.writeFile(this.#fresh, `${JSON.stringify(state)}\n`, { mode: 0o600 });
      await this.#whileServing();
      await fs.rename(this.#fresh, this.#path);
    } catch (error) {
      // On a full disk a part of it may be there.
      await fs.rm(this.#fresh, { force: true });
      throw error;
    }
  }
}
