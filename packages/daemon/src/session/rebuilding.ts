import { close, isErrno, openPidfd, slavePathOf, startTimeOf } from '@holdfast/posix';
import type { Log } from '../log.ts';
import { testPoint } from '../test-points.ts';
import type { Inheritance, InheritedMaster } from './inheritance.ts';
import type { Launched } from './launch.ts';
import { RebuildRecord } from './rebuild-record.ts';
import { recoverState } from './recovered-state.ts';
import type { Session } from './session.ts';
import type { SessionState } from './state-file.ts';
import { type SessionHome, takenUp } from './taken-up.ts';

/** What is the system's fault, not that of a session's files. */
const SYSTEM_ERRORS = ['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EACCES', 'ENOSPC', 'EDQUOT', 'EROFS'];

export interface Rebuilt {
  /** Oldest first. */
  readonly sessions: readonly Session[];
  /** Why sessions are kept and not served, by their ids. */
  readonly aside: ReadonlyMap<string, string>;
}

/**
 * Makes sessions of what a daemon before this one left in files, and beside them: programs whose masters nobody kept have ended
 * with it, their histories are kept.
 */
export class Rebuilding {
  readonly #home: SessionHome;
  readonly #inheritance: Inheritance;
  readonly #aside = new Map<string, string>();

  constructor(home: SessionHome, inheritance: Inheritance) {
    this.#home = home;
    this.#inheritance = inheritance;
  }

  /** `runtimeDir`: where it is noted what is being rebuilt. */
  async run(runtimeDir: string): Promise<Rebuilt> {
    const { files } = this.#home;
    const { masters } = this.#inheritance;
    const sessions: Session[] = [];
    const record = new RebuildRecord(runtimeDir);
    const ids = await files.ids();
    for (const id of ids) {
      const master = masters.get(id);
      try {
        if (record.isDeadly(id)) files.leaveAside(id, 'the daemon died twice while it was rebuilt');
        const why = files.whyAside(id);
        if (why !== undefined) {
          this.#leaveAside(id, why, master);
          continue;
        }
        if (master && !files.hasState(id)) {
          this.#endUnknown(id, master, 'it has no state');
          await files.remove(id);
          continue;
        }
        this.#note(record, id);
        sessions.push(await this.#rebuild(id, master));
      } catch (error) {
        await this.#unusable(id, error, master);
      }
    }
    record.done();
    for (const [id, master] of masters) {
      if (!ids.includes(id)) this.#endUnknown(id, master, 'it has no files');
    }
    sessions.sort((one, other) => one.createdAt.localeCompare(other.createdAt));
    return { sessions, aside: this.#aside };
  }

  async #rebuild(id: string, master: InheritedMaster | undefined): Promise<Session> {
    const { files, bootId } = this.#home;
    const { exits, isRecent } = this.#inheritance;
    const found = await this.#readState(id, master);
    const isOfThisBoot = found.state.bootId === undefined || found.state.bootId === bootId;
    // A pid of before the machine was started is that of somebody else, who may have ended as well.
    const exit = isOfThisBoot ? exits.get(found.state.pid) : undefined;
    if (found.state.kill && !(isRecent && isOfThisBoot)) {
      // Pids may be those of others by now.
      found.state = { ...found.state, kill: undefined };
      found.warnings.push('it was being killed when its daemon ended; of its processes some may be left');
    }
    if (master && isWronglyLost(found.state)) {
      this.#log('session.not-lost', { session: id });
      found.state = { ...found.state, exit: null, exitedAt: null };
    }
    testPoint('daemon.rebuilding', id);
    if (!master || found.state.exit) {
      const { history, warnings } = await files.reopenHistory(found.state);
      // Its end had been recorded, and not yet been told to whoever kept the master.
      if (master) this.#release(id, master);
      return takenUp(this.#home, {
        state: found.state,
        history,
        program: undefined,
        crashed: { exit },
        warnings: [...found.warnings, ...warnings],
      });
    }
    const { history, historyIn, warnings } = await files.reopenLiveHistory(found.state);
    for (const warning of warnings) this.#log('session.warning', { session: id, warning });
    const state = { ...found.state, historyIn, historyBytes: history.capacity };
    return takenUp(this.#home, {
      state,
      history,
      program: this.#reopenProgram(state, master.fd),
      crashed: { exit },
      warnings: [...found.warnings, ...warnings],
    });
  }

  /** Of one that lives it is made up from what the system knows, if the file can't be read. Throws Error. */
  async #readState(
    id: string,
    master: InheritedMaster | undefined,
  ): Promise<{ state: SessionState; warnings: string[] }> {
    const { files } = this.#home;
    try {
      return { state: await files.readState(id), warnings: [] };
    } catch (error) {
      if (!master) throw error;
      this.#log('session.state-recovered', { session: id, error: String(error) });
      const state = { ...recoverState(id, master), ...files.recoverHistory(id) };
      return { state, warnings: [`its name and its beginning are lost: ${String(error)}`] };
    }
  }

  /** The program of a daemon that was killed. It is nobody's child here, and may have ended. */
  #reopenProgram({ pid, startTime }: SessionState, master: number): Launched {
    const slavePath = slavePathOf(master);
    if (slavePath === undefined) throw new Error('what was kept of it is no terminal');
    const pidfd = this.#home.surroundings.usePidfd ? openPidfd(pid) : undefined;
    if (pidfd === undefined) return { pid, master, slavePath, pidfd: null };
    // Looked at behind the opening: the descriptor stays that of one process.
    const found = startTimeOf(pid);
    if (found === startTime || startTime === 0) return { pid, master, slavePath, pidfd };
    close(pidfd);
    return { pid, master, slavePath, pidfd: null };
  }

  /**
   * Out of the way, unless its program lives, or it is the system's fault and may go better next time; never so that the
   * daemon fails to start.
   */
  async #unusable(id: string, error: unknown, master: InheritedMaster | undefined): Promise<void> {
    this.#log('session.unusable', { session: id, error: String(error) });
    if (master) {
      this.#leaveAside(id, error instanceof Error ? error.message : String(error), master);
      return;
    }
    if (isErrno(error, ...SYSTEM_ERRORS)) return;
    await this.#home.files.setAside(id).catch((cause: unknown) => {
      this.#log('session.set-aside-failed', { session: id, error: String(cause) });
    });
  }

  /** Kept as it is, and not served; its program runs on where somebody else has its master. */
  #leaveAside(id: string, why: string, master: InheritedMaster | undefined): void {
    this.#aside.set(id, why);
    this.#log('session.aside', { session: id, why });
    if (master) close(master.fd);
  }

  /** Nobody was told of this session: its daemon was killed while it was being opened. */
  #endUnknown(id: string, master: InheritedMaster, why: string): void {
    this.#log('session.unfinished', { session: id, why });
    this.#release(id, master);
  }

  /** Nobody needs the master any more; whatever still uses the terminal is hung up. */
  #release(id: string, master: InheritedMaster): void {
    close(master.fd);
    this.#home.surroundings.keeper.drop(id);
  }

  /** Without the note a session that kills daemons is tried once more; that is no reason to do without any. */
  #note(record: RebuildRecord, id: string): void {
    try {
      record.begin(id);
    } catch (error) {
      this.#log('session.rebuild-not-noted', { session: id, error: String(error) });
    }
  }

  get #log(): Log {
    return this.#home.surroundings.log;
  }
}

/** Somebody who did not have its master has taken it for lost; its program lives. */
function isWronglyLost({ exit, pid, startTime }: SessionState): boolean {
  return exit !== null && 'lost' in exit && startTime !== 0 && startTimeOf(pid) === startTime;
}
