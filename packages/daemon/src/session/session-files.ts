import fsSync from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from '@holdfast/posix';
import { BUILD, HoldfastError, LIMITS } from '@holdfast/protocol';
import * as z from 'zod/mini';
import { beginAnew } from '../history/begin-anew.ts';
import { History } from '../history/history.ts';
import { capacityOfRingFile } from '../history/ring.ts';
import { AgentLink } from './agent-link.ts';
import { type SessionState, StateFile } from './state-file.ts';
import { parseState } from './state-parser.ts';

export interface HomeFolders {
  /** Sockets, locks, and histories that are kept in memory. */
  readonly runtimeDir: string;
  readonly stateDir: string;
}

/** A history, and what people should know about it. */
export interface OpenedHistory {
  readonly history: History;
  readonly historyIn: 'disk' | 'memory';
  readonly warnings: readonly string[];
}

/** What names the history files of a session. */
export type HistoryPlace = Pick<SessionState, 'id' | 'historyIn' | 'historyBytes'>;

const HISTORY_FILES = ['ring', 'ledger', 'marks', 'times'] as const;

/** Why a session is not rebuilt, and by which build. */
const asideShape = z.object({ build: z.string(), why: z.string() });
type AsideNote = z.infer<typeof asideShape>;

/** Where the files of sessions are: state and history in a folder each, the ssh agent's link beside the socket. */
export class SessionFiles {
  readonly #folders: HomeFolders;
  readonly #whileServing: (() => Promise<void>) | undefined;

  /** `whileServing`: see StateFile. */
  constructor(folders: HomeFolders, whileServing?: () => Promise<void>) {
    this.#folders = folders;
    this.#whileServing = whileServing;
  }

  /** Ids of all sessions that have a folder. */
  async ids(): Promise<string[]> {
    try {
      return await fs.readdir(path.join(this.#folders.stateDir, 'sessions'));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  stateFile(id: string): StateFile {
    return new StateFile(this.#stateFolder(id), process.pid, this.#whileServing);
  }

  agentLink(id: string): AgentLink {
    return new AgentLink(path.join(this.#folders.runtimeDir, 'agents'), id);
  }

  hasState(id: string): boolean {
    return fsSync.existsSync(path.join(this.#stateFolder(id), 'state.json'));
  }

  /** Throws Error if there is no valid state of this session. */
  async readState(id: string): Promise<SessionState> {
    const state = parseState(await fs.readFile(path.join(this.#stateFolder(id), 'state.json'), 'utf8'));
    if (state.id !== id) throw new Error(`the state is that of ${state.id}`);
    return state;
  }

  /**
   * Creates a history that begins at offset 0, or `begin`. Where there is no room for it the session lives all the same, on
   * memory, and says so. Throws HoldfastError: E_DISK, E_NO_DESCRIPTORS.
   */
  async createHistory(
    id: string,
    wanted: { historyBytes: number; historyIn: 'disk' | 'memory'; begin?: number },
  ): Promise<OpenedHistory> {
    try {
      await fs.mkdir(this.#stateFolder(id), { recursive: true, mode: 0o700 });
      const history = History.create(
        this.historyFolder(id, wanted.historyIn),
        wanted.historyBytes,
        wanted.begin,
      );
      return { history, historyIn: wanted.historyIn, warnings: [] };
    } catch (cause) {
      // What was allocated until the disk was full is free again: the session's state needs some of it.
      await this.#removeHistory(id, wanted.historyIn).catch(() => undefined);
      if (!isErrno(cause, 'ENOSPC', 'EDQUOT', 'EROFS')) throw historyError(cause);
      await fs.mkdir(this.#stateFolder(id), { recursive: true, mode: 0o700 }).catch(() => undefined);
      return this.#historyWithoutFiles(wanted, cause);
    }
  }

  /** Opens the history of a session that was there before this daemon. Throws if it is damaged. */
  async reopenHistory(state: SessionState): Promise<OpenedHistory> {
    const folder = this.historyFolder(state.id, state.historyIn);
    const isThere = await fs.access(path.join(folder, 'ring')).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      const history = History.withoutFiles(LIMITS.historyBytesMin, this.#beginAnew(state));
      return { history, historyIn: 'memory', warnings: ['its history is gone: it was kept in memory'] };
    }
    return { history: this.reopenFiles(state), historyIn: state.historyIn, warnings: [] };
  }

  /**
   * As reopenHistory, for a session that lives: where its history is damaged or gone, it goes on with a new one, and what
   * was left of the old one is kept for people to look at. Throws HoldfastError.
   */
  async reopenLiveHistory(state: SessionState): Promise<OpenedHistory> {
    try {
      const opened = await this.reopenHistory(state);
      if (!opened.history.descriptors) return opened;
      opened.history.close();
      throw new Error('it is gone');
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const begin = this.#beginAnew(state);
      await this.#setHistoryAside(state);
      const { id, historyBytes, historyIn } = state;
      const opened = await this.createHistory(id, { historyBytes, historyIn, begin });
      return { ...opened, warnings: [`its history begins anew, at ${begin}: ${why}`, ...opened.warnings] };
    }
  }

  /** Where a history is to begin that takes the place of one that is lost. */
  #beginAnew({ id, historyIn, leases }: SessionState): number {
    return beginAnew(
      this.historyFolder(id, historyIn),
      leases.map(({ offset }) => offset),
    );
  }

  /** How much the history of a session keeps whose state can't be read; undefined if there is none. */
  recoverHistory(id: string): Pick<SessionState, 'historyBytes' | 'historyIn'> | undefined {
    for (const historyIn of ['disk', 'memory'] as const) {
      const ring = fsSync.statSync(path.join(this.historyFolder(id, historyIn), 'ring'), {
        throwIfNoEntry: false,
      });
      if (ring) return { historyBytes: capacityOfRingFile(ring.size), historyIn };
    }
    return undefined;
  }

  /** Says that a session is not to be rebuilt by this build again. Throws Node's error. */
  leaveAside(id: string, why: string): void {
    const note: AsideNote = { build: BUILD, why };
    fsSync.writeFileSync(this.#asidePath(id), JSON.stringify(note), { mode: 0o600 });
  }

  /** Why a session is not to be rebuilt; undefined if it is, or another build may try again. */
  whyAside(id: string): string | undefined {
    try {
      const note = asideShape.safeParse(JSON.parse(fsSync.readFileSync(this.#asidePath(id), 'utf8')));
      if (note.success && note.data.build === BUILD) return note.data.why;
    } catch {
      // ENOENT: there is no note.
    }
    return undefined;
  }

  /** Opens the history of a session by its files. Throws if one is missing or damaged. */
  reopenFiles({ id, historyIn, historyBytes }: HistoryPlace): History {
    return History.reopen(this.historyFolder(id, historyIn), historyBytes);
  }

  /** Removes all files of a session. */
  async remove(id: string): Promise<void> {
    this.agentLink(id).remove();
    for (const where of ['disk', 'memory'] as const) {
      await fs.rm(this.historyFolder(id, where), { recursive: true, force: true });
    }
  }

  /** Moves a session that can't be used out of the way, for people to look at. */
  async setAside(id: string): Promise<void> {
    const aside = path.join(this.#folders.stateDir, 'set-aside');
    await fs.mkdir(aside, { recursive: true, mode: 0o700 });
    await fs.rename(this.#stateFolder(id), path.join(aside, `${id}.${Date.now()}`));
  }

  /** Removes a history that could not be created, and folders in which nothing else is: those of a session that lives stay. */
  async #removeHistory(id: string, where: 'disk' | 'memory'): Promise<void> {
    const folder = this.historyFolder(id, where);
    for (const name of HISTORY_FILES) await fs.rm(path.join(folder, name), { recursive: true, force: true });
    for (const made of new Set([folder, this.#stateFolder(id)])) {
      await fs.rmdir(made).catch((error: unknown) => {
        if (!isErrno(error, 'ENOTEMPTY', 'ENOENT')) throw error;
      });
    }
  }

  async #setHistoryAside(state: SessionState): Promise<void> {
    const folder = this.historyFolder(state.id, state.historyIn);
    const aside = path.join(this.#folders.stateDir, 'set-aside', `${state.id}.${Date.now()}`);
    await fs.mkdir(aside, { recursive: true, mode: 0o700 });
    for (const name of HISTORY_FILES) {
      const from = path.join(folder, name);
      try {
        if (state.historyIn === 'disk') await fs.rename(from, path.join(aside, name));
        else await fs.rm(from, { force: true });
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error;
      }
    }
  }

  #asidePath(id: string): string {
    return path.join(this.#stateFolder(id), 'set-aside');
  }

  #historyWithoutFiles(
    { historyBytes, begin }: { historyBytes: number; begin?: number },
    cause: unknown,
  ): OpenedHistory {
    try {
      const history = History.withoutFiles(historyBytes, begin);
      const why = cause instanceof Error ? cause.message : String(cause);
      return { history, historyIn: 'memory', warnings: [`its history is kept in memory only: ${why}`] };
    } catch (error) {
      throw historyError(error);
    }
  }

  /** Where the files of its history are, if it has any. */
  historyFolder(id: string, where: 'disk' | 'memory'): string {
    return where === 'disk' ? this.#stateFolder(id) : path.join(this.#folders.runtimeDir, 'memory', id);
  }

  #stateFolder(id: string): string {
    return path.join(this.#folders.stateDir, 'sessions', id);
  }
}

function historyError(cause: unknown): HoldfastError {
  if (isErrno(cause, 'EMFILE', 'ENFILE')) {
    return new HoldfastError('E_NO_DESCRIPTORS', 'no file descriptor is left for another session', { cause });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new HoldfastError('E_DISK', `the session's history could not be created: ${why}`, { cause });
}
