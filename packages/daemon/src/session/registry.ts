import { Block } from '@holdfast/posix';
import { type Exit, HoldfastError, LIMITS, type OpenParameters } from '@holdfast/protocol';
import type { Log } from '../log.ts';
import type { ScreenedSession } from '../screen/messages.ts';
import { readBootId } from './boot-id.ts';
import type { Inheritance } from './inheritance.ts';
import type { Unpacking } from './luggage.ts';
import { LOOK_BLOCK_BYTES } from './queries.ts';
import { Rebuilding } from './rebuilding.ts';
import { Resuming } from './resuming.ts';
import type { Session, SessionSurroundings } from './session.ts';
import { type HistoryPlace, type HomeFolders, SessionFiles } from './session-files.ts';
import { SessionNames } from './session-names.ts';
import { type RestoreParameters, Starting } from './starting.ts';
import type { SuspendedSession } from './suspended-session.ts';
import type { SessionHome } from './taken-up.ts';

/** An exited session is kept, with its history, for so long unless it is forgotten before. */
const RETENTION_MS = 24 * 60 * 60 * 1_000;
const RETENTION_CHECK_MS = 10 * 60 * 1_000;

export interface RegistryListener {
  sessionChanged(session: Session): void;
  sessionForgotten(id: string): void;
}

/** All sessions of a home, running and exited ones. */
export class SessionRegistry {
  readonly #sessions = new Map<string, Session>();
  readonly #names = new SessionNames(this.#sessions);
  /** Ids of sessions whose programs are being started anew. */
  readonly #restoring = new Set<string>();
  readonly #folders: HomeFolders;
  readonly #files: SessionFiles;
  readonly #home: SessionHome;
  readonly #starting: Starting;
  readonly #resuming: Resuming;
  readonly #surroundings: SessionSurroundings;
  readonly #listeners = new Set<RegistryListener>();
  /** Why sessions are not served, by their ids. */
  readonly #aside = new Map<string, string>();
  readonly #log: Log;
  #isStopping = false;

  constructor(
    folders: HomeFolders,
    surroundings: Omit<SessionSurroundings, 'bootId' | 'changed' | 'lookBlock'>,
  ) {
    this.#folders = folders;
    this.#files = new SessionFiles(folders, surroundings.whileServing);
    this.#log = surroundings.log;
    const bootId = readBootId();
    this.#surroundings = {
      ...surroundings,
      bootId,
      lookBlock: new Block(LOOK_BLOCK_BYTES),
      changed: (session) => {
        // Not of one that is forgotten or was restored, though its last subscribers leave only now.
        if (this.#sessions.get(session.id) !== session) return;
        for (const listener of this.#listeners) listener.sessionChanged(session);
      },
    };
    this.#home = { files: this.#files, surroundings: this.#surroundings, bootId };
    this.#resuming = new Resuming(this.#home);
    this.#starting = new Starting(this.#home, {
      isStopping: () => this.#isStopping,
      admit: (session) => this.#sessions.set(session.id, session),
    });
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
    this.#checkNotStopping();
    if (this.#sessions.size + this.#names.reservedCount >= LIMITS.sessions) {
      throw new HoldfastError(
        'E_LIMIT',
        `there are ${LIMITS.sessions} sessions already; forget exited ones first`,
      );
    }
    const name = this.#names.reserve(request);
    try {
      return await this.#starting.open(name, request);
    } finally {
      this.#names.release(name);
    }
  }

  /**
   * Starts the program of an exited session anew: the session that takes its place has its id, its name, and its history. Throws
   * HoldfastError; all is as before then.
   */
  async restore(old: Session, request: RestoreParameters): Promise<Session> {
    this.#checkNotStopping();
    if (!old.hasExited) throw new HoldfastError('E_RUNNING', `session ${old.name} is still running`);
    if (this.#restoring.has(old.id))
      throw new HoldfastError('E_RUNNING', `session ${old.name} is being restored already`);
    this.#restoring.add(old.id);
    try {
      return await this.#starting.restore(old, request);
    } finally {
      this.#restoring.delete(old.id);
    }
  }

  /** Throws HoldfastError: E_BAD_NAME, E_NAME_TAKEN. */
  async rename(session: Session, name: string): Promise<void> {
    if (name === session.name) return;
    this.#names.check(name);
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

  /** Takes up what a daemon before this one left in files, and beside them. */
  async load(inheritance: Inheritance): Promise<void> {
    const rebuilding = new Rebuilding(this.#home, inheritance);
    const { sessions, aside } = await rebuilding.run(this.#folders.runtimeDir);
    for (const [id, why] of aside) this.#aside.set(id, why);
    for (const session of sessions) this.#sessions.set(session.id, session);
    for (const pid of inheritance.exits.keys()) this.#takeUnlessAwaited(pid);
  }

  /** Begins to serve the sessions that were loaded. */
  goOn(): void {
    for (const session of this.all) session.takeOver();
  }

  /** Some child of this process has ended. */
  childEnded(): void {
    for (const session of this.all) session.exitWatch.childEnded();
    this.#starting.childEnded();
  }

  /** Somebody has reaped a program that is no child of this process. */
  programEnded(pid: number, exit: Exit): void {
    for (const session of this.all) if (session.runs(pid)) return session.exitWatch.told(exit);
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
    return this.#resuming.prepare(places, sessions);
  }

  /** The history files of these sessions are gone, if they are not forgotten: nothing but this daemon has them. */
  leaveFiles(ids: readonly string[]): void {
    for (const id of ids) this.#sessions.get(id)?.leaveFiles();
  }

  /** All sessions have been resumed: closes what was prepared for others. */
  disposePrepared(): void {
    this.#resuming.dispose();
  }

  /** Takes up what a predecessor did not serve. */
  resumeAside(aside: readonly { id: string; why: string }[]): void {
    for (const { id, why } of aside) this.#aside.set(id, why);
  }

  /** Takes up a session as a predecessor had it. Throws Error if its history can't be had. */
  resume(suspended: SuspendedSession, luggage: Unpacking): Session {
    const session = this.#resuming.resume(suspended, luggage);
    this.#sessions.set(session.id, session);
    return session;
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

  /** Throws HoldfastError(E_STOPPING). */
  #checkNotStopping(): void {
    if (this.#isStopping) throw new HoldfastError('E_STOPPING', 'the daemon is stopping');
  }

  #takeUnlessAwaited(pid: number): void {
    const isAwaited = this.all.some((session) => session.runs(pid) || session.mustSaveExitOf(pid));
    if (!isAwaited) this.#surroundings.keeper.exitSaved(pid);
  }
}
