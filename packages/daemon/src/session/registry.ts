import path from 'node:path';
import {
  Block,
  close,
  isErrno,
  openPidfd,
  setNonBlocking,
  slavePathOf,
  startTimeOf,
  takeExitStatus,
} from '@holdfast/posix';
import {
  type Exit,
  HoldfastError,
  LIMITS,
  type OpenParameters,
  type RequestParameters,
} from '@holdfast/protocol';
import { History } from '../history/history.ts';
import type { Log } from '../log.ts';
import type { ScreenedSession } from '../screen/messages.ts';
import { testPoint } from '../test-points.ts';
import type { AgentLink } from './agent-link.ts';
import { readBootId } from './boot-id.ts';
import type { Inheritance, InheritedMaster } from './inheritance.ts';
import { findProgram, type Launched, launch, type Program } from './launch.ts';
import { NOTHING_TO_UNPACK, type Unpacking } from './luggage.ts';
import { PreparedHistories } from './prepared-histories.ts';
import { LOOK_BLOCK_BYTES } from './queries.ts';
import { RebuildRecord } from './rebuild-record.ts';
import { recoverState } from './recovered-state.ts';
import { restoredLine } from './restored-line.ts';
import { Session, type SessionSurroundings, type SuspendedParts } from './session.ts';
import { type HistoryPlace, type HomeFolders, type OpenedHistory, SessionFiles } from './session-files.ts';
import type { SessionState } from './state-file.ts';
import { canBeMadeEarly, type SuspendedSession } from './suspended-session.ts';
import { checkName, newSessionId, usableName } from './session-name.ts';

/** An exited session is kept, with its history, for so long unless it is forgotten before. */
const RETENTION_MS = 24 * 60 * 60 * 1_000;
const RETENTION_CHECK_MS = 10 * 60 * 1_000;

export interface RegistryListener {
  sessionChanged(session: Session): void;
  sessionForgotten(id: string): void;
}

type RestoreParameters = Omit<RequestParameters<'restore'>, 'session'>;

/** What is the system's fault, not that of a session's files. */
const SYSTEM_ERRORS = ['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EACCES', 'ENOSPC', 'EDQUOT', 'EROFS'];

/** All sessions of a home, running and exited ones, and their names. */
export class SessionRegistry {
  readonly #sessions = new Map<string, Session>();
  /** Names of sessions that are being opened. */
  readonly #reservedNames = new Set<string>();
  /** Ids of sessions whose programs are being started anew. */
  readonly #restoring = new Set<string>();
  /** Programs that no session was made of, until they have ended: nobody else waits for them. */
  readonly #hungUp = new Set<number>();
  readonly #bootId = readBootId();
  readonly #folders: HomeFolders;
  readonly #files: SessionFiles;
  readonly #prepared: PreparedHistories;
  /** Made before they were handed over, by what the preview said of them. */
  readonly #early = new Map<SuspendedSession, Session>();
  readonly #surroundings: SessionSurroundings;
  readonly #listeners = new Set<RegistryListener>();
  /** Why sessions are not served, by their ids. */
  readonly #aside = new Map<string, string>();
  readonly #log: Log;
  #isStopping = false;

  constructor(folders: HomeFolders, surroundings: Omit<SessionSurroundings, 'changed' | 'lookBlock'>) {
    this.#folders = folders;
    this.#files = new SessionFiles(folders, surroundings.whileServing);
    this.#prepared = new PreparedHistories((place) => this.#files.reopenFiles(place));
    this.#log = surroundings.log;
    this.#surroundings = {
      ...surroundings,
      lookBlock: new Block(LOOK_BLOCK_BYTES),
      changed: (session) => {
        // Not of one that is forgotten or was restored, though its last subscribers leave only now.
        if (this.#sessions.get(session.id) !== session) return;
        for (const listener of this.#listeners) listener.sessionChanged(session);
      },
    };
  }

  /** Oldest first. */
  get all(): Session[] {
    return [...this.#sessions.values()];
  }

  /** Tells of changes until the returned function is called. */
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

  /** What is needed to make a session's screen. Throws HoldfastError(E_NO_SESSION), if it was forgotten. */
  screened(id: string): ScreenedSession {
    const { history, historyPlace: place, size } = this.find(id);
    const folder = place && this.#files.historyFolder(id, place.historyIn);
    const source = history.descriptors ?? { folder: folder ?? '' };
    return { id, history: source, capacity: history.capacity, ...size };
  }

  /** Starts a program in a new session. Throws HoldfastError; nothing is left behind then. */
  async open(request: OpenParameters): Promise<Session> {
    if (this.#isStopping) throw new HoldfastError('E_STOPPING', 'the daemon is stopping');
    if (this.#sessions.size + this.#reservedNames.size >= LIMITS.sessions) {
      throw new HoldfastError(
        'E_LIMIT',
        `there are ${LIMITS.sessions} sessions already; forget exited ones first`,
      );
    }
    const name = this.#reserveName(request);
    try {
      return await this.#start(name, request);
    } finally {
      this.#reservedNames.delete(name);
    }
  }

  /**
   * Starts the program of an exited session anew: the session that takes its place has its id, its name, and its history. Throws
   * HoldfastError; all is as before then.
   */
  async restore(old: Session, request: RestoreParameters): Promise<Session> {
    if (this.#isStopping) throw new HoldfastError('E_STOPPING', 'the daemon is stopping');
    if (!old.hasExited) throw new HoldfastError('E_RUNNING', `session ${old.name} is still running`);
    if (this.#restoring.has(old.id))
      throw new HoldfastError('E_RUNNING', `session ${old.name} is being restored already`);
    this.#restoring.add(old.id);
    try {
      return await this.#restore(old, request);
    } finally {
      this.#restoring.delete(old.id);
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
    if (this.#restoring.has(session.id))
      throw new HoldfastError('E_RUNNING', `session ${session.name} is being restored`);
    if (!this.#sessions.delete(session.id)) return;
    for (const listener of this.#listeners) listener.sessionForgotten(session.id);
    await session.settled();
    session.dispose();
    await this.#files.remove(session.id);
    this.#log('session.forgotten', { session: session.id });
  }

  /**
   * Takes up what a daemon before this one left in files, and beside them: programs whose masters nobody kept have ended
   * with it, their histories are kept.
   */
  async load(inheritance: Inheritance): Promise<void> {
    const { masters, exits } = inheritance;
    const loaded: Session[] = [];
    const record = new RebuildRecord(this.#folders.runtimeDir);
    const ids = await this.#files.ids();
    for (const id of ids) {
      const master = masters.get(id);
      try {
        if (record.isDeadly(id)) this.#files.leaveAside(id, 'the daemon died twice while it was rebuilt');
        const why = this.#files.whyAside(id);
        if (why !== undefined) {
          this.#leaveAside(id, why, master);
          continue;
        }
        if (master && !this.#files.hasState(id)) {
          this.#endUnknown(id, master, 'it has no state');
          await this.#files.remove(id);
          continue;
        }
        this.#note(record, id);
        loaded.push(await this.#load(id, master, inheritance));
      } catch (error) {
        await this.#unusable(id, error, master);
      }
    }
    record.done();
    for (const [id, master] of masters) {
      if (!ids.includes(id)) this.#endUnknown(id, master, 'it has no files');
    }
    loaded.sort((one, other) => one.createdAt.localeCompare(other.createdAt));
    for (const session of loaded) this.#sessions.set(session.id, session);
    for (const pid of exits.keys()) this.#takeUnlessAwaited(pid);
  }

  /** Begins to serve the sessions that were loaded. */
  goOn(): void {
    for (const session of this.all) session.takeOver();
  }

  /** Some child of this process has ended. */
  childEnded(): void {
    for (const session of this.all) session.childEnded();
    for (const pid of this.#hungUp) if (takeExitStatus(pid) !== 'running') this.#hungUp.delete(pid);
  }

  /** Somebody has reaped a program that is no child of this process. */
  programEnded(pid: number, exit: Exit): void {
    for (const session of this.all) if (session.runs(pid)) return session.exitTold(exit);
    this.#takeUnlessAwaited(pid);
  }

  /** Sessions that are kept and not served, with the reason. */
  get aside(): { readonly id: string; readonly why: string }[] {
    return [...this.#aside].map(([id, why]) => ({ id, why }));
  }

  /** For a successor: where the histories are that it can open before it takes over. */
  get historyPlaces(): HistoryPlace[] {
    return this.all.flatMap((session) => session.historyPlace ?? []);
  }

  /**
   * Opens histories and makes sessions for `resume` while a predecessor still has them; returns ids of sessions whose files
   * are gone.
   */
  prepare(places: readonly HistoryPlace[], sessions: readonly SuspendedSession[]): string[] {
    const missing = this.#prepared.prepare(places);
    for (const session of sessions) if (canBeMadeEarly(session)) this.#makeEarly(session);
    return missing;
  }

  /** The history files of these sessions are gone, if they are not forgotten: nothing but this daemon has them. */
  leaveFiles(ids: readonly string[]): void {
    for (const id of ids) this.#sessions.get(id)?.leaveFiles();
  }

  /** All sessions have been resumed: closes what was prepared for others. */
  disposePrepared(): void {
    // They hold nothing but their histories.
    this.#early.clear();
    this.#prepared.dispose();
  }

  /** Takes up what a predecessor did not serve. */
  resumeAside(aside: readonly { id: string; why: string }[]): void {
    for (const { id, why } of aside) this.#aside.set(id, why);
  }

  /** Takes up a session as a predecessor had it. Throws Error if its history can't be had. */
  resume(suspended: SuspendedSession, luggage: Unpacking): Session {
    const session = this.#resumeEarly(suspended, luggage) ?? this.#resumeWhole(suspended, luggage);
    this.#sessions.set(session.id, session);
    return session;
  }

  #makeEarly(suspended: SuspendedSession): void {
    const { state, program, warnings } = suspended;
    const history = this.#prepared.get(state.id);
    if (!history) return;
    const session = this.#takeUp({
      state,
      history,
      program: program ? 'later' : undefined,
      suspended: { state: suspended, luggage: NOTHING_TO_UNPACK },
      warnings,
    });
    this.#early.set(suspended, session);
  }

  /** undefined if it was not made early, or is not as it was then. */
  #resumeEarly(suspended: SuspendedSession, luggage: Unpacking): Session | undefined {
    const session = this.#early.get(suspended);
    if (!session) return undefined;
    this.#early.delete(suspended);
    this.#prepared.take(suspended.state);
    const program = launchedOf(suspended, luggage);
    if (!program) return session;
    setNonBlocking(program.master);
    session.resumeProgram(program);
    return session;
  }

  #resumeWhole(suspended: SuspendedSession, luggage: Unpacking): Session {
    const { state, warnings } = suspended;
    const fd = (index: number) => luggage.fd(index, `of session ${state.id}`);
    const anonymous = suspended.anonymousHistory;
    const history = anonymous
      ? History.adopt(
          { ledger: fd(anonymous.ledger), marks: fd(anonymous.marks), ring: fd(anonymous.ring) },
          anonymous.capacity,
        )
      : this.#prepared.take(state);
    return this.#takeUp({
      state,
      history,
      program: launchedOf(suspended, luggage),
      suspended: { state: suspended, luggage },
      warnings,
    });
  }

  /** Ends the retention of exited sessions, now and from time to time. */
  keepRetention(): void {
    for (const session of this.all) {
      if (session.exitedForMs === undefined || session.exitedForMs <= RETENTION_MS) continue;
      this.forget(session).catch((error: unknown) => {
        this.#log('session.forget-failed', { session: session.id, error: String(error) });
      });
    }
    this.#surroundings.reactor.after(RETENTION_CHECK_MS, () => this.keepRetention());
  }

  /** The system goes down: sessions that end now are those that are lost, for the next daemon. */
  goDown(): void {
    for (const session of this.all) session.goDown();
  }

  /** Ends all sessions and takes no new ones; resolves with how many were running when none runs any more. */
  async stop(callerPid: number | null): Promise<number> {
    this.#isStopping = true;
    const running = this.all.filter((session) => !session.hasExited);
    const exits = running.map((session) => new Promise<void>((resolve) => session.onExit(resolve)));
    // Of one that has exited something may be left that is still to be killed.
    await Promise.all([...exits, ...this.all.map((session) => session.kill(callerPid))]);
    await this.settled();
    return running.length;
  }

  /** Resolves when the state of every session has been saved, or could not be. */
  async settled(): Promise<void> {
    await Promise.all(this.all.map((session) => session.settled()));
  }

  /** A session of a daemon before this one, whoever has passed it on. */
  #takeUp(parts: {
    state: SessionState;
    history: History;
    program: Launched | 'later' | undefined;
    suspended?: SuspendedParts;
    crashed?: { exit: Exit | undefined };
    warnings: readonly string[];
  }): Session {
    const { program, ...rest } = parts;
    const { id } = parts.state;
    // It belongs to the open file description, which others have shared.
    if (program && program !== 'later') setNonBlocking(program.master);
    return new Session(
      {
        ...rest,
        stateFile: this.#files.stateFile(id),
        agentLink: this.#files.agentLink(id),
        ...(program ? { program } : {}),
      },
      this.#surroundings,
    );
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
    await this.#files.setAside(id).catch((cause: unknown) => {
      this.#log('session.set-aside-failed', { session: id, error: String(cause) });
    });
  }

  async #start(name: string, request: OpenParameters): Promise<Session> {
    const program = await findProgram(request);
    const id = newSessionId();
    const { historyBytes = LIMITS.historyBytesDefault, historyIn = 'disk' } = request;
    const opened = await this.#files.createHistory(id, { historyBytes, historyIn });
    try {
      if (this.#isStopping) throw new HoldfastError('E_STOPPING', 'the daemon is stopping');
      const agentLink = this.#files.agentLink(id);
      const env = this.#environment(id, request.env, agentLink);
      const launched = launch(program, { ...request, env });
      const session = this.#orHangUp(launched, () =>
        this.#begin({ id, name, agentLink }, { program, launched, request, opened }),
      );
      this.#surroundings.keeper.hold(id, launched);
      this.#sessions.set(id, session);
      this.#log('session.opened', { session: id, name, pid: launched.pid });
      for (const warning of opened.warnings) this.#log('session.warning', { session: id, warning });
      await session.save();
      this.#surroundings.changed(session);
      return session;
    } catch (error) {
      opened.history.close();
      await this.#files.remove(id);
      throw error;
    }
  }

  #begin(
    named: { id: string; name: string; agentLink: AgentLink },
    made: { program: Program; launched: Launched; request: OpenParameters; opened: OpenedHistory },
  ): Session {
    const { id, name, agentLink } = named;
    const { program, launched, request, opened } = made;
    const { history, historyIn } = opened;
    const { cwd, cols, rows, leaseMs } = request;
    history.marks.size(0, cols, rows);
    const state = {
      schema: 1 as const,
      id,
      name,
      pid: launched.pid,
      startTime: startTimeOf(launched.pid),
      bootId: this.#bootId,
      command: program.command,
      ...(request.command.length === 0 ? { isLoginShell: true } : {}),
      cwd,
      cols,
      rows,
      createdAt: new Date().toISOString(),
      exitedAt: null,
      exit: null,
      historyBytes: history.capacity,
      historyIn,
      leases: leaseMs === undefined ? [] : [{ offset: 0, leaseMs }],
    };
    return this.#beginAnew({ state, launched, agentLink, opened });
  }

  async #restore(old: Session, request: RestoreParameters): Promise<Session> {
    const { command, isLoginShell, ...begun } = old.state;
    // What is still being killed of it would be taken for a part of the new one.
    await old.kill(null);
    const program = await findProgram({
      ...begun,
      command: isLoginShell ? [] : [...command],
      env: isLoginShell && command[0] !== undefined ? { ...request.env, SHELL: command[0] } : request.env,
    });
    // Offsets never reset: what begins anew since its files are gone begins behind what there was.
    const leases = [{ offset: old.history.end, leaseMs: 0 }];
    const opened = await this.#files.reopenLiveHistory({ ...old.state, leases });
    const { history, historyIn } = opened;
    const { id, name, cwd, cols, rows } = begun;
    try {
      await old.settled();
      if (this.#isStopping) throw new HoldfastError('E_STOPPING', 'the daemon is stopping');
      const agentLink = this.#files.agentLink(id);
      const env = this.#environment(id, request.env, agentLink);
      const launched = launch(program, { ...request, command: [...command], cwd, cols, rows, env });
      const session = this.#orHangUp(launched, () => {
        const state = {
          ...old.state,
          pid: launched.pid,
          startTime: startTimeOf(launched.pid),
          bootId: this.#bootId,
          exitedAt: null,
          exit: null,
          historyBytes: history.capacity,
          historyIn,
          leases: [],
        };
        testPoint('daemon.restoring', id);
        return this.#beginAnew({ state, launched, agentLink, opened });
      });
      // Only now can nothing fail any more, and nothing has been read yet.
      session.beginBelow(Buffer.from(restoredLine(new Date())));
      // Nothing of the old one is told or saved any more.
      old.retire();
      this.#surroundings.keeper.hold(id, launched);
      this.#sessions.set(id, session);
      this.#log('session.restored', { session: id, name, pid: launched.pid });
      await session.save();
      this.#surroundings.changed(session);
      return session;
    } catch (error) {
      if (this.#sessions.get(id) === old) history.close();
      throw error;
    }
  }

  /** What is made of a program that runs; if that fails it is hung up, since nobody would know of it. */
  #orHangUp<T>({ pid, master }: Launched, make: () => T): T {
    try {
      return make();
    } catch (error) {
      close(master);
      this.#hungUp.add(pid);
      throw error;
    }
  }

  #beginAnew(made: {
    state: SessionState;
    launched: Launched;
    agentLink: AgentLink;
    opened: OpenedHistory;
  }): Session {
    const { state, launched, agentLink, opened } = made;
    const { history, warnings } = opened;
    const stateFile = this.#files.stateFile(state.id);
    return new Session(
      { state, history, stateFile, agentLink, program: launched, warnings },
      this.#surroundings,
    );
  }

  /** The client's, with what marks the session. */
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

  async #load(
    id: string,
    master: InheritedMaster | undefined,
    { exits, isRecent }: Inheritance,
  ): Promise<Session> {
    const found = await this.#readState(id, master);
    const isOfThisBoot = found.state.bootId === undefined || found.state.bootId === this.#bootId;
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
      const { history, warnings } = await this.#files.reopenHistory(found.state);
      // Its end had been recorded, and not yet been told to whoever kept the master.
      if (master) this.#release(id, master);
      return this.#takeUp({
        state: found.state,
        history,
        program: undefined,
        crashed: { exit },
        warnings: [...found.warnings, ...warnings],
      });
    }
    const { history, historyIn, warnings } = await this.#files.reopenLiveHistory(found.state);
    for (const warning of warnings) this.#log('session.warning', { session: id, warning });
    const state = { ...found.state, historyIn, historyBytes: history.capacity };
    return this.#takeUp({
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
    try {
      return { state: await this.#files.readState(id), warnings: [] };
    } catch (error) {
      if (!master) throw error;
      this.#log('session.state-recovered', { session: id, error: String(error) });
      const state = { ...recoverState(id, master), ...this.#files.recoverHistory(id) };
      return { state, warnings: [`its name and its beginning are lost: ${String(error)}`] };
    }
  }

  /** The program of a daemon that was killed. It is nobody's child here, and may have ended. */
  #reopenProgram({ pid, startTime }: SessionState, master: number): Launched {
    const slavePath = slavePathOf(master);
    if (slavePath === undefined) throw new Error('what was kept of it is no terminal');
    const pidfd = this.#surroundings.usePidfd ? openPidfd(pid) : undefined;
    if (pidfd === undefined) return { pid, master, slavePath, pidfd: null };
    // Looked at behind the opening: the descriptor stays that of one process.
    const found = startTimeOf(pid);
    if (found === startTime || startTime === 0) return { pid, master, slavePath, pidfd };
    close(pidfd);
    return { pid, master, slavePath, pidfd: null };
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
    this.#surroundings.keeper.drop(id);
  }

  #takeUnlessAwaited(pid: number): void {
    const isAwaited = this.all.some((session) => session.runs(pid) || session.mustSaveExitOf(pid));
    if (!isAwaited) this.#surroundings.keeper.exitSaved(pid);
  }

  /** Without the note a session that kills daemons is tried once more; that is no reason to do without any. */
  #note(record: RebuildRecord, id: string): void {
    try {
      record.begin(id);
    } catch (error) {
      this.#log('session.rebuild-not-noted', { session: id, error: String(error) });
    }
  }

  /** The name asked for, or one after the program. */
  #reserveName({ name: wanted, command, env }: OpenParameters): string {
    if (wanted !== undefined) {
      checkName(wanted);
      this.#checkFree(wanted);
    }
    const taken = new Set([
      ...this.all.map((session) => session.name),
      ...this.#sessions.keys(),
      ...this.#reservedNames,
    ]);
    const base = usableName(path.basename(command[0] ?? env.SHELL ?? 'sh'));
    let name = wanted ?? base;
    for (let number = 2; taken.has(name); number += 1) name = `${base}-${number}`;
    this.#reservedNames.add(name);
    return name;
  }

  #checkFree(name: string): void {
    const isTaken =
      this.#reservedNames.has(name) ||
      this.#sessions.has(name) ||
      this.all.some((session) => session.name === name);
    if (isTaken) throw new HoldfastError('E_NAME_TAKEN', `another session is named ${JSON.stringify(name)}`);
  }
}

/** Somebody who did not have its master has taken it for lost; its program lives. */
function isWronglyLost({ exit, pid, startTime }: SessionState): boolean {
  return exit !== null && 'lost' in exit && startTime !== 0 && startTimeOf(pid) === startTime;
}

/** A suspended program with the descriptors that came with it. */
function launchedOf({ state, program }: SuspendedSession, luggage: Unpacking): Launched | undefined {
  if (!program) return undefined;
  const { pid, slavePath, master, pidfd } = program;
  const fd = (index: number) => luggage.fd(index, `of session ${state.id}`);
  return { pid, slavePath, master: fd(master), pidfd: pidfd === null ? null : fd(pidfd) };
}
