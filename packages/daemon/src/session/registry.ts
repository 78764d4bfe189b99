import fs from 'node:fs/promises';
import path from 'node:path';
import { isErrno, processEntry } from '@holdfast/posix';
import { HoldfastError, LIMITS, type OpenParameters } from '@holdfast/protocol';
import { History } from '../history/history.ts';
import type { Log } from '../log.ts';
import { AgentLink } from './agent-link.ts';
import { findProgram, launch } from './launch.ts';
import { Session, type SessionSurroundings } from './session.ts';
import { checkName, newSessionId } from './session-id.ts';
import { type SessionState, StateFile } from './state-file.ts';
import { parseState } from './state-parser.ts';

/** An exited session is kept, with its history, for so long unless it is forgotten before. */
const RETENTION_MS = 24 * 60 * 60 * 1_000;
const RETENTION_CHECK_MS = 10 * 60 * 1_000;

export interface RegistryFolders {
  readonly runtimeDir: string;
  readonly stateDir: string;
}

export interface RegistryListener {
  sessionChanged(session: Session): void;
  sessionForgotten(id: string): void;
}

/** All sessions of a home: running and exited ones. */
export class SessionRegistry {
  readonly #sessions = new Map<string, Session>();
  /** Names of sessions that are being opened. */
  readonly #reservedNames = new Set<string>();
  readonly #folders: RegistryFolders;
  readonly #surroundings: SessionSurroundings;
  readonly #listeners = new Set<RegistryListener>();
  readonly #log: Log;
  #opening = 0;
  #isStopping = false;

  constructor(folders: RegistryFolders, surroundings: Omit<SessionSurroundings, 'changed'>) {
    this.#folders = folders;
    this.#log = surroundings.log;
    this.#surroundings = {
      ...surroundings,
      changed: (session) => {
        for (const listener of this.#listeners) listener.sessionChanged(session);
      },
    };
  }

  /** Oldest first. */
  get all(): Session[] {
    return [...this.#sessions.values()];
  }

  listen(listener: RegistryListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** By id, name, or unique prefix of an id. Throws HoldfastError: E_NO_SESSION, E_AMBIGUOUS. */
  find(reference: string): Session {
    const exact = this.#sessions.get(reference) ?? this.all.find((session) => session.name === reference);
    if (exact) return exact;
    const fitting = this.all.filter((session) => session.id.startsWith(reference));
    if (fitting.length > 1) {
      const ids = fitting.map((session) => `${session.id} (${session.name})`).join(', ');
      throw new HoldfastError('E_AMBIGUOUS', `"${reference}" fits several sessions: ${ids}`);
    }
    if (!fitting[0]) throw new HoldfastError('E_NO_SESSION', `no such session: ${reference}`);
    return fitting[0];
  }

  /** Starts a program in a new session. Throws HoldfastError; nothing is left behind then. */
  async open(request: OpenParameters): Promise<Session> {
    if (this.#isStopping) throw new HoldfastError('E_STOPPING', 'the daemon is stopping');
    if (this.#sessions.size + this.#opening >= LIMITS.sessions) {
      throw new HoldfastError('E_LIMIT', `there are ${LIMITS.sessions} sessions already; forget exited ones first`);
    }
    this.#opening += 1;
    const name = this.#reserveName(request);
    try {
      return await this.#start(name, request);
    } finally {
      this.#opening -= 1;
      this.#reservedNames.delete(name);
    }
  }

  /** Throws HoldfastError: E_BAD_NAME, E_NAME_TAKEN. */
  async rename(session: Session, name: string): Promise<void> {
    if (name === session.name) return;
    checkName(name);
    this.#checkFree(name);
    await session.rename(name);
  }

  /** Drops an exited session with all its files. Throws HoldfastError(E_RUNNING). */
  async forget(session: Session): Promise<void> {
    if (!session.hasExited) throw new HoldfastError('E_RUNNING', `session ${session.name} is still running`);
    if (!this.#sessions.delete(session.id)) return;
    for (const listener of this.#listeners) listener.sessionForgotten(session.id);
    await session.settled();
    session.dispose();
    await this.#removeFolders(session.id);
    this.#log('session.forgotten', { session: session.id });
  }

  /** Takes up what a daemon before this one left: its sessions have exited with it, their histories are kept. */
  async load(): Promise<void> {
    const folder = path.join(this.#folders.stateDir, 'sessions');
    const ids = await fs.readdir(folder).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    });
    const loaded: Session[] = [];
    for (const id of ids) {
      try {
        loaded.push(await this.#load(id));
      } catch (error) {
        await this.#setAside(id, error);
      }
    }
    loaded.sort((one, other) => one.createdAt.localeCompare(other.createdAt));
    for (const session of loaded) this.#sessions.set(session.id, session);
  }

  /** Ends the retention of exited sessions, now and from time to time. */
  keepRetention(): void {
    const oldest = Date.now() - RETENTION_MS;
    for (const session of this.all) {
      if (session.exitedAt === null || Date.parse(session.exitedAt) >= oldest) continue;
      this.forget(session).catch((error: unknown) => {
        this.#log('session.forget-failed', { session: session.id, error: String(error) });
      });
    }
    this.#surroundings.reactor.after(RETENTION_CHECK_MS, () => this.keepRetention());
  }

  /** Ends all sessions and takes no new ones; resolves with how many were running when none runs any more. */
  async stop(callerPid: number | null): Promise<number> {
    this.#isStopping = true;
    const running = this.all.filter((session) => !session.hasExited);
    await Promise.all(
      running.map(
        (session) =>
          new Promise<void>((resolve) => {
            session.onExit(resolve);
            void session.kill(callerPid);
          }),
      ),
    );
    await Promise.all(this.all.map((session) => session.settled()));
    return running.length;
  }

  async #start(name: string, request: OpenParameters): Promise<Session> {
    const program = await findProgram(request);
    const id = newSessionId();
    const agentLink = new AgentLink(path.join(this.#folders.runtimeDir, 'agents'), id);
    const warnings: string[] = [];
    const wanted = request.historyIn ?? 'disk';
    const { history, historyIn } = await this.#createHistory(id, { ...request, historyIn: wanted }, warnings);
    try {
      const env = this.#environment(id, request.env, agentLink);
      const launched = launch(program, { ...request, env });
      const state: SessionState = {
        ...{ schema: 1, id, name, pid: launched.pid, command: program.command, cwd: request.cwd },
        startTime: (await processEntry(launched.pid))?.startTime ?? 0,
        ...{ cols: request.cols, rows: request.rows, createdAt: new Date().toISOString(), exitedAt: null, exit: null },
        ...{ historyBytes: history.capacity, historyIn, leases: [] },
      };
      history.marks.size(0, state.cols, state.rows);
      const stateFile = new StateFile(this.#stateFolder(id));
      const session = new Session({ state, history, stateFile, agentLink, process: launched, warnings }, this.#surroundings);
      this.#sessions.set(id, session);
      await session.save();
      this.#log('session.opened', { session: id, name, pid: launched.pid });
      for (const listener of this.#listeners) listener.sessionChanged(session);
      return session;
    } catch (error) {
      history.close();
      agentLink.remove();
      await this.#removeFolders(id);
      throw error;
    }
  }

  /** Where there is no room on disk the session lives on memory, and says so. */
  async #createHistory(
    id: string,
    request: OpenParameters & { historyIn: 'disk' | 'memory' },
    warnings: string[],
  ): Promise<{ history: History; historyIn: 'disk' | 'memory' }> {
    const capacity = request.historyBytes ?? LIMITS.historyBytesDefault;
    const stateFolder = this.#stateFolder(id);
    try {
      await fs.mkdir(stateFolder, { recursive: true, mode: 0o700 });
      const folder = request.historyIn === 'disk' ? stateFolder : this.#memoryFolder(id);
      return { history: History.open(folder, capacity), historyIn: request.historyIn };
    } catch (cause) {
      if (!isErrno(cause, 'ENOSPC', 'EDQUOT', 'EROFS')) throw diskError(cause);
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#log('session.history-in-memory', { session: id, why });
      warnings.push(`its history is kept in memory only: ${why}`);
      try {
        return { history: History.openWithoutFiles(capacity), historyIn: 'memory' };
      } catch (error) {
        throw diskError(error);
      }
    }
  }

  #environment(id: string, client: Record<string, string>, agentLink: AgentLink): Record<string, string> {
    const env: Record<string, string> = { ...client, HOLDFAST_SESSION: id };
    const agent = client.SSH_AUTH_SOCK;
    if (!agent || !agentLink.isUsable) return env;
    try {
      agentLink.pointAt(agent);
      env.SSH_AUTH_SOCK = agentLink.path;
    } catch (error) {
      this.#log('session.agent-link-failed', { session: id, error: String(error) });
    }
    return env;
  }

  async #load(id: string): Promise<Session> {
    const folder = this.#stateFolder(id);
    const stateFile = new StateFile(folder);
    const state = parseState(await fs.readFile(path.join(folder, 'state.json'), 'utf8'));
    if (state.id !== id) throw new Error(`the state is that of ${state.id}`);
    const warnings: string[] = [];
    const history = await this.#reopenHistory(state, warnings);
    const agentLink = new AgentLink(path.join(this.#folders.runtimeDir, 'agents'), id);
    return new Session({ state, history, stateFile, agentLink, warnings }, this.#surroundings);
  }

  async #reopenHistory(state: SessionState, warnings: string[]): Promise<History> {
    const folder = state.historyIn === 'disk' ? this.#stateFolder(state.id) : this.#memoryFolder(state.id);
    const isThere = await fs.access(path.join(folder, 'ring')).then(
      () => true,
      () => false,
    );
    if (isThere) {
      const history = History.open(folder, state.historyBytes);
      if (Number.isSafeInteger(history.end)) return history;
      history.close();
      throw new Error('the ledger is damaged');
    }
    warnings.push('its history is gone: it was in memory');
    return History.openWithoutFiles(LIMITS.historyBytesMin);
  }

  async #setAside(id: string, error: unknown): Promise<void> {
    this.#log('session.set-aside', { session: id, error: String(error) });
    const aside = path.join(this.#folders.stateDir, 'set-aside');
    try {
      await fs.mkdir(aside, { recursive: true, mode: 0o700 });
      await fs.rename(this.#stateFolder(id), path.join(aside, `${id}.${Date.now()}`));
    } catch (cause) {
      this.#log('session.set-aside-failed', { session: id, error: String(cause) });
    }
  }

  #reserveName(request: OpenParameters): string {
    if (request.name !== undefined) {
      checkName(request.name);
      this.#checkFree(request.name);
      this.#reservedNames.add(request.name);
      return request.name;
    }
    const program = path.basename(request.command[0] ?? request.env.SHELL ?? 'sh');
    const base = program.replace(/\p{C}/gu, '').trim().replace(/^-+/, '').slice(0, LIMITS.nameCharacters - 8) || 'session';
    let name = base;
    for (let number = 2; this.#isTaken(name); number += 1) name = `${base}-${number}`;
    this.#reservedNames.add(name);
    return name;
  }

  #checkFree(name: string): void {
    if (this.#isTaken(name)) throw new HoldfastError('E_NAME_TAKEN', `another session is named ${JSON.stringify(name)}`);
  }

  #isTaken(name: string): boolean {
    return this.#reservedNames.has(name) || this.#sessions.has(name) || this.all.some((session) => session.name === name);
  }

  async #removeFolders(id: string): Promise<void> {
    for (const folder of [this.#stateFolder(id), this.#memoryFolder(id)]) {
      await fs.rm(folder, { recursive: true, force: true });
    }
  }

  #stateFolder(id: string): string {
    return path.join(this.#folders.stateDir, 'sessions', id);
  }

  #memoryFolder(id: string): string {
    return path.join(this.#folders.runtimeDir, 'memory', id);
  }
}

function diskError(cause: unknown): unknown {
  const why = cause instanceof Error ? cause.message : String(cause);
  if (isErrno(cause, 'EMFILE', 'ENFILE')) {
    return new HoldfastError('E_NO_DESCRIPTORS', 'no file descriptor is left for another session', { cause });
  }
  return new HoldfastError('E_DISK', `the session's history could not be created: ${why}`, { cause });
}
