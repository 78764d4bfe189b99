import type { Block, Reactor, TerminalSize } from '@holdfast/posix';
import { type Exit, HoldfastError, type Session as SessionDescription } from '@holdfast/protocol';
import { learn } from '@holdfast/screen/queries';
import type { History } from '../history/history.ts';
import type { Log } from '../log.ts';
import type { Asked, Followed, FollowRequest } from '../screen/messages.ts';
import type { AgentLink } from './agent-link.ts';
import { ExitSafekeeping } from './exit-safekeeping.ts';
import { ExitWatch } from './exit-watch.ts';
import { Following } from './following.ts';
import { Foreground } from './foreground.ts';
import { InputQueue } from './input-queue.ts';
import { Killing } from './killing.ts';
import type { Launched } from './launch.ts';
import { type Lifecycle, type LifecycleEvent, nextLifecycle } from './lifecycle.ts';
import type { Packing, Unpacking } from './luggage.ts';
import { type Holder, Pace } from './pace.ts';
import type { ProcessLister } from './process-table.ts';
import { Queries } from './queries.ts';
import type { HistoryPlace } from './session-files.ts';
import type { SessionKeeper } from './session-keeper.ts';
import type { BegunKill, SessionState, StateFile } from './state-file.ts';
import { shownCommand } from './shown-command.ts';
import { StateSaving } from './state-saving.ts';
import { Subscription, type SubscriptionOptions, type SubscriptionSink } from './subscription.ts';
import type { SuspendedSession, SuspendedSubscription } from './suspended-session.ts';
import { SystemShutdown } from './system-shutdown.ts';
import { Terminal } from './terminal.ts';
import { Viewers } from './viewers.ts';
import { Warnings } from './warnings.ts';

/** Watchers hear of output at most this often. */
const ACTIVITY_EVERY_MS = 1_000;
/** So long after it has ceased to lead a viewer's terminal may answer what it was asked before. */
const LATE_ANSWER_MS = 2_000;
const NOT_SAVED = 'its state could not be saved';

/** What a session needs from its surroundings. */
export interface SessionSurroundings {
  readonly reactor: Reactor;
  readonly log: Log;
  readonly processes: ProcessLister;
  /** Something that `describe` tells has changed. */
  changed(session: Session): void;
  /** Of the machine; undefined where that is not known. */
  readonly bootId: string | undefined;
  /** Whether pidfds may be used; a test switch. */
  readonly usePidfd: boolean;
  readonly keeper: SessionKeeper;
  /** Where all sessions look through their output for queries. */
  readonly lookBlock: Block;
  /** What a terminal answers that has shown the session's output up to each query. */
  screenAnswers(session: Session, asked: Asked): Promise<readonly string[]>;
  /** Shows the session's screen what has come, though nobody looks. */
  followScreen(session: Session, how: FollowRequest['follow']): Promise<Followed>;
  /** Resolves unless a successor serves by now: what was begun here is its to end then, and this process only leaves. */
  readonly whileServing: () => Promise<void>;
}

/** A session as a predecessor had it. */
export interface SuspendedParts {
  readonly state: SuspendedSession;
  readonly luggage: Unpacking;
}

/** The parts of a session that are made before it. */
export interface SessionParts {
  readonly state: SessionState;
  readonly history: History;
  readonly stateFile: StateFile;
  readonly agentLink: AgentLink;
  /** Absent for a session whose program is gone. `later`: it comes with `resumeProgram`, before anything else happens. */
  readonly program?: Launched | 'later';
  /** What lived in the memory of a predecessor; its subscriptions are resumed one by one. */
  readonly suspended?: SuspendedParts;
  /** The daemon that had it was killed. `exit`: how its program has ended meanwhile, if somebody told. */
  readonly crashed?: { readonly exit: Exit | undefined };
  readonly warnings: readonly string[];
}

/** One program on one pseudo-terminal, or what is left of it. */
export class Session {
  readonly id: string;
  readonly history: History;
  readonly input: InputQueue;
  readonly agentLink: AgentLink;
  readonly exitWatch: ExitWatch;
  readonly warnings: Warnings;
  readonly #surroundings: SessionSurroundings;
  readonly #saving: StateSaving;
  readonly #exitSafekeeping: ExitSafekeeping;
  readonly #foreground: Foreground;
  readonly #killing: Killing;
  readonly #systemShutdown: SystemShutdown;
  readonly #pace: Pace;
  readonly #queries: Queries;
  readonly #following: Following;
  readonly #subscriptions = new Set<Subscription>();
  readonly #viewers = new Viewers<Subscription>((leader) => this.#leaderChanged(leader));
  readonly #exitListeners = new Set<() => void>();
  #state: Omit<SessionState, 'kill' | 'wentDown'>;
  #lifecycle: Lifecycle;
  #terminal: Terminal | undefined;
  #lastActivityMs = 0;
  #isReadDue = false;
  /** When it exited, by the clock that nobody sets; before 0 if that was long before this daemon. */
  #exitedAtMs: number | undefined;

  constructor(parts: SessionParts, surroundings: SessionSurroundings) {
    const { reactor } = surroundings;
    const { history, suspended } = parts;
    const { kill, wentDown: _, ...state } = parts.state;
    const { id, pid, startTime, exit, exitedAt } = state;
    this.id = id;
    this.#state = state;
    this.history = history;
    this.agentLink = parts.agentLink;
    this.#surroundings = surroundings;
    this.warnings = new Warnings(parts.warnings, () => surroundings.changed(this));
    this.#saving = this.#makeSaving(parts.stateFile);
    this.#killing = this.#makeKilling(kill);
    // What had ended before this daemon had it did not end by the shutdown that this one hears of.
    this.#systemShutdown = new SystemShutdown(kill !== undefined || exit !== null);
    const isSaved = exit !== null && suspended?.state.isSaved !== false;
    this.#exitSafekeeping = new ExitSafekeeping({ sessionId: id, pid, isSaved }, surroundings.keeper);
    this.exitWatch = new ExitWatch(startTime, {
      clock: reactor,
      keeper: surroundings.keeper,
      terminal: () => this.#terminal,
      ended: (how) => this.#live({ type: 'ended', exit: how, offset: this.history.end }),
    });
    this.#foreground = new Foreground(
      () => this.#terminal?.foregroundProcessGroup,
      suspended?.state.foreground ?? null,
    );
    this.input = new InputQueue(
      history.ledger,
      suspended && { input: suspended.state.input, luggage: suspended.luggage },
    );
    this.#pace = new Pace(
      history,
      (ms, callback) => reactor.after(ms, callback),
      () => this.#readSoon(),
    );
    this.#queries = this.#makeQueries(suspended);
    this.#following = new Following({ history, follow: (how) => surroundings.followScreen(this, how) });
    if (exitedAt !== null) this.#exitedAtMs = performance.now() - this.#sinceExitMs(exitedAt);
    this.#lifecycle = exit ? { state: 'exited', exit } : { state: 'running' };
    if (exit) this.#queries.end();
    else this.#begin(parts);
  }

  /** By the clock that nobody sets, where that has run since; else by the one on the wall: if that is set later, nothing is over sooner. */
  #sinceExitMs(exitedAt: string): number {
    const { bootId, exitedAtMonotonicMs } = this.#state;
    const isOfThisBoot = bootId !== undefined && bootId === this.#surroundings.bootId;
    if (isOfThisBoot && exitedAtMonotonicMs !== undefined) return monotonicMs() - exitedAtMonotonicMs;
    return Date.now() - Date.parse(exitedAt);
  }

  /** Goes on below what another program of this session has left: `line` stands between that and what comes. */
  beginBelow(line: Uint8Array): void {
    const { history } = this;
    history.noteTime(history.end, performance.now());
    history.write(line);
    history.marks.size(history.end, this.size.cols, this.size.rows);
    // What the old program has asked is answered to nobody, and what it was to have is typed into no other.
    history.ledger.recordQueries(history.end);
    this.input.forgetStreams();
  }

  // Hand-over

  /** For a successor: `placeOf` tells the index of a subscriber's connection. */
  suspend(luggage: Packing, placeOf: (sink: SubscriptionSink) => number): SuspendedSession {
    const program = this.#terminal?.program;
    const anonymous = this.history.descriptors;
    const { leader } = this.#viewers;
    return {
      state: { ...this.#state, command: [...this.#state.command], leases: this.#pace.leases },
      warnings: this.warnings.all,
      isSaved: this.#saving.isSaved,
      program: program
        ? {
            pid: program.pid,
            slavePath: program.slavePath,
            master: luggage.add(program.master),
            pidfd: program.pidfd === null ? null : luggage.add(program.pidfd),
          }
        : null,
      foreground: this.#foreground.name,
      ended: this.#lifecycle.state === 'ended' ? this.#lifecycle : null,
      anonymousHistory: anonymous
        ? {
            ledger: luggage.add(anonymous.ledger),
            marks: luggage.add(anonymous.marks),
            ring: luggage.add(anonymous.ring),
            capacity: this.history.capacity,
          }
        : null,
      input: this.input.suspend(luggage),
      queries: this.#queries.suspend(),
      orphanLeases: this.#pace.suspendOrphans(),
      subscriptions: [...this.#subscriptions].map((subscription) =>
        subscription.suspend({ connection: placeOf(subscription.sink), isLeader: subscription === leader }),
      ),
      kill: this.#killing.suspend(luggage),
    };
  }

  /** What names the history's files; undefined if it has none. */
  get historyPlace(): HistoryPlace | undefined {
    const { id, historyIn, historyBytes } = this.#state;
    return this.history.descriptors ? undefined : { id, historyIn, historyBytes };
  }

  /** The history's files are gone: it goes on in memory, from where a successor can have it. Throws PosixError. */
  leaveFiles(): void {
    this.history.leaveFiles();
    this.#state = { ...this.#state, historyIn: 'memory' };
    this.warnings.add('the files of its history are gone: it is kept in memory only');
    void this.save();
  }

  /** The program of a session that was made before it was handed over. */
  resumeProgram(program: Launched): void {
    this.#terminal = this.#openTerminal(program);
  }

  /** Takes up a subscription as a predecessor had it. Nobody is told, since nothing changes. */
  resumeSubscription(suspended: SuspendedSubscription, sink: SubscriptionSink): Subscription {
    const { mode, viewport } = suspended;
    const subscription = new Subscription(this, { ...suspended, viewport: viewport ?? undefined, sink });
    subscription.resumeNotices(suspended.notices);
    if (suspended.lease) this.#pace.resume(subscription, suspended.lease);
    this.#subscriptions.add(subscription);
    if (mode === 'viewer') this.#viewers.resume(subscription, suspended.isLeader);
    if (suspended.isLeader) this.#pace.leaderChanged(subscription);
    if (suspended.isLeader) this.#queries.resumeLed();
    subscription.isBehind = suspended.isBehind;
    return subscription;
  }

  /** Begins to serve: what the daemon before this one had begun goes on. */
  takeOver(suspended?: SuspendedParts): void {
    const { kill, isSaved } = suspended?.state ?? {};
    if (suspended && kill) {
      const { groups = [], ...begun } = kill;
      this.#killing.takeOver({ begun, handedOver: { groups, luggage: suspended.luggage } });
    } else {
      this.#killing.takeOver();
    }
    this.#queries.takeOver(suspended === undefined || suspended.state.queries !== undefined);
    this.writeInput();
    // The reactor tells what can be read now; after the program's end there may be no event.
    if (this.#lifecycle.state === 'ended') this.#readSoon();
    // A predecessor may have been writing it. To write those of all sessions would make everybody wait.
    if (!isSaved) void this.save();
    this.exitWatch.start();
  }

  /** Everything has stood still for so long, as in a hand-over that failed: nobody loses a right to hold the program back by it. */
  wasFrozen(ms: number): void {
    this.#pace.wasFrozen(ms);
  }

  #resume({ ended, orphanLeases }: SuspendedSession): void {
    for (const lease of orphanLeases) this.#pace.resume(null, lease);
    if (ended) this.#lifecycle = { state: 'ended', ...ended };
  }

  /** The program and its terminal, while they are there. */
  get program(): Launched | undefined {
    return this.#terminal?.program;
  }

  /** Whether its program has that pid. */
  runs(pid: number): boolean {
    return !this.hasExited && this.#state.pid === pid;
  }

  /** Whether its program had that pid, and how it ended is not saved yet. */
  mustSaveExitOf(pid: number): boolean {
    return this.hasExited && !this.#exitSafekeeping.isSaved && this.#state.pid === pid;
  }

  // What it is

  get name(): string {
    return this.#state.name;
  }

  get createdAt(): string {
    return this.#state.createdAt;
  }

  /** How long ago it exited; undefined if it has not. */
  get exitedForMs(): number | undefined {
    return this.#exitedAtMs === undefined ? undefined : performance.now() - this.#exitedAtMs;
  }

  get lifecycle(): Lifecycle {
    return this.#lifecycle;
  }

  get hasExited(): boolean {
    return this.#lifecycle.state === 'exited';
  }

  /** The size of its terminal. */
  get size(): TerminalSize {
    const { cols, rows } = this.#state;
    return { cols, rows };
  }

  /** As clients see it. */
  describe(): SessionDescription {
    const { id, name, pid, cwd, cols, rows, createdAt, exitedAt, historyBytes, historyIn } = this.#state;
    const { end, start } = this.history;
    return {
      id,
      name,
      pid,
      command: shownCommand(this.#state.command),
      cwd,
      cols,
      rows,
      state: this.hasExited ? 'exited' : 'running',
      exit: this.#lifecycle.state === 'exited' ? this.#lifecycle.exit : null,
      createdAt,
      exitedAt,
      clients: new Set([...this.#subscriptions].map((subscription) => subscription.sink)).size,
      offset: end,
      historyStart: start,
      historyBytes,
      historyIn,
      foreground: this.hasExited ? null : this.#foreground.name,
      warnings: this.warnings.all,
      ...(this.#isUnescrowed ? { unescrowed: true } : {}),
    };
  }

  /** Nobody else has a copy of its master yet: it would end with this daemon. */
  get #isUnescrowed(): boolean {
    return this.#terminal !== undefined && !this.#surroundings.keeper.isHeld(this.id);
  }

  /** Looks which program is in the foreground, for `describe`. */
  refreshForeground(): Promise<void> {
    return this.#foreground.look();
  }

  /** Who holds the program back at this moment; a sink of null = a subscriber that is away. */
  get holder(): { by: Holder; sink: SubscriptionSink | null; limit: number } | undefined {
    const by = this.#pace.heldBy;
    if (!by) return undefined;
    const subscription = by === 'leader' ? this.#viewers.leader : this.#pace.leaseHolder;
    return { by, sink: subscription?.sink ?? null, limit: this.#pace.limit };
  }

  // Subscriptions

  /** Throws HoldfastError(E_LIMIT) if there are too many exact subscribers. */
  subscribe(options: SubscriptionOptions & { leaseMs: number; tellsCrashes: boolean }): Subscription {
    const subscription = new Subscription(this, options);
    if (options.mode === 'exact' && options.tellsCrashes)
      subscription.notifyCrashes(this.history.crashesFrom(options.cursor));
    if (options.mode === 'exact' && !this.hasExited) {
      this.#pace.grant(subscription, options.leaseMs);
      void this.save();
    }
    this.#subscriptions.add(subscription);
    if (options.mode === 'viewer') this.#viewers.attach(subscription);
    this.#surroundings.changed(this);
    options.sink.hasOutput(subscription);
    return subscription;
  }

  /** `isAway`: its connection was lost and it may come back, so its lease goes on running down. */
  unsubscribe(subscription: Subscription, isAway: boolean): void {
    if (!this.#subscriptions.delete(subscription)) return;
    this.#pace.leave(subscription, isAway);
    if (subscription.lease && !this.hasExited) void this.save();
    if (subscription.mode === 'viewer') this.#viewers.detach(subscription);
    this.#surroundings.changed(this);
  }

  isLeader(subscription: Subscription): boolean {
    return this.#viewers.leader === subscription;
  }

  setViewport(subscription: Subscription, viewport: TerminalSize): void {
    subscription.viewport = viewport;
    if (this.isLeader(subscription)) this.#resizeTo(viewport);
  }

  /** A subscriber's user has everything before `offset`. */
  acknowledge(subscription: Subscription, offset: number): void {
    this.#pace.acknowledge(subscription, offset);
    subscription.acknowledge(offset);
  }

  progressed(subscription: Subscription): void {
    this.#pace.progressed(subscription);
  }

  /**
   * A viewer that types leads: the one on this channel, or, if none is named, of several on one connection the one that does
   * already, or the first.
   */
  typedBy(sink: SubscriptionSink, channel?: number): void {
    const viewer = this.#viewerOf(sink, channel);
    if (viewer && !viewer.readOnly) this.#viewers.typed(viewer);
  }

  #viewerOf(sink: SubscriptionSink, channel?: number): Subscription | undefined {
    const isMeant = (viewer: Subscription) =>
      viewer.sink === sink && (channel === undefined || viewer.channel === channel);
    const { leader } = this.#viewers;
    if (leader && isMeant(leader)) return leader;
    return this.#viewers.find((viewer) => isMeant(viewer) && !viewer.readOnly) ?? this.#viewers.find(isMeant);
  }

  // What it is asked to do

  /**
   * The terminal of a viewer has answered. Says whether that is for the program: what the leader is asked, others see, too, and their
   * terminals may know no better than to answer. The leader's answers are remembered: without a viewer it is answered so as well.
   */
  answeredBy(sink: SubscriptionSink, replies: readonly string[], channel?: number): boolean {
    const viewer = this.#viewerOf(sink, channel);
    if (!viewer) return true;
    if (!this.isLeader(viewer)) return performance.now() - viewer.ledUntilMs < LATE_ANSWER_MS;
    const { terminal = {} } = this.#state;
    const learnt = learn(terminal, replies);
    if (learnt === terminal) return true;
    this.#state = { ...this.#state, terminal: learnt };
    this.#saving.later();
    return true;
  }

  /** Hands queued input to the terminal, as far as it takes it. */
  writeInput(): void {
    this.#terminal?.writeInput();
  }

  /** Types the terminal's end-of-file character; resolves with false if it reads no lines, or has ended. See Terminal. */
  endInput(midLine: boolean, lineEnded: () => void): Promise<boolean> {
    return this.#terminal?.typeEndOfFile(midLine, lineEnded) ?? Promise.resolve(false);
  }

  /** Throws HoldfastError(E_EXITED). */
  resize(size: TerminalSize): void {
    this.#requireTerminal();
    this.#resizeTo(size);
  }

  /** The caller has checked the name. Resolves when it is saved, or could not be. */
  async rename(name: string): Promise<void> {
    this.#state = { ...this.#state, name };
    this.#surroundings.changed(this);
    await this.save();
  }

  /** Sends a signal to the terminal's foreground process group. Throws HoldfastError(E_EXITED). */
  signal(signal: number): void {
    this.#requireTerminal().signal(signal);
  }

  /** Ends the program and what it has started; see TreeKill. Resolves when nothing of it is left, or can't be ended. */
  kill(callerPid: number | null): Promise<void> {
    if (this.#terminal) {
      this.#systemShutdown.endMeant();
      this.#killing.begin(callerPid);
    }
    return this.#killing.done;
  }

  /** The system goes down. */
  goDown(): void {
    this.#systemShutdown.begin(this.#lifecycle, this.exitedForMs);
    if (this.#systemShutdown.isUnderWay) void this.save();
  }

  /** Calls back when the session exits, unless the returned function is called before. It must not have exited yet. */
  onExit(callback: () => void): () => void {
    this.#exitListeners.add(callback);
    return () => this.#exitListeners.delete(callback);
  }

  /** Writes the state file; a failure is a warning of the session, not an error, and it is tried again. */
  save(): Promise<void> {
    return this.#saving.now();
  }

  #saved({ exit }: SessionState): void {
    if (exit || (this.#systemShutdown.isUnderWay && this.hasExited)) this.#exitSafekeeping.saved();
    this.warnings.drop(NOT_SAVED);
  }

  #notSaved(error: unknown): void {
    if (!this.warnings.has(NOT_SAVED)) {
      this.#surroundings.log('session.save-failed', { session: this.id, error: String(error) });
      this.warnings.add(`${NOT_SAVED}: ${error instanceof Error ? error.message : String(error)}`);
    }
    const { exit } = this.#state;
    if (exit) this.#exitSafekeeping.notSaved(exit);
  }

  /** Resolves when what was to be saved is saved. */
  settled(): Promise<void> {
    return this.#saving.settled();
  }

  /** What is kept of it: how it can be begun again. */
  get state(): SessionState {
    return this.#state;
  }

  /** Frees what a forgotten session holds. Who still reads it is told what is left out, and of the exit. */
  dispose(): void {
    this.retire();
    this.agentLink.remove();
  }

  /** As `dispose`, for one whose files go on with another of its id. */
  retire(): void {
    this.#saving.end();
    this.#exitSafekeeping.saved();
    this.history.close();
    for (const subscription of Array.from(this.#subscriptions)) subscription.sink.finish(subscription);
  }

  // What it is made of

  #makeSaving(file: StateFile): StateSaving {
    const { reactor } = this.#surroundings;
    return new StateSaving(file, {
      after: (ms, callback) => reactor.after(ms, callback),
      state: () => {
        const whole = { ...this.#state, leases: this.#pace.leases, kill: this.#killing.progress };
        return this.#systemShutdown.kept(whole, this.hasExited);
      },
      saved: (saved) => this.#saved(saved),
      failed: (error) => this.#notSaved(error),
    });
  }

  #makeKilling(begun: BegunKill | undefined): Killing {
    const { reactor, processes, log, whileServing } = this.#surroundings;
    return new Killing(begun, {
      clock: reactor,
      processes,
      log,
      whileServing,
      session: { id: this.id, pid: this.#state.pid },
      terminal: () => this.#terminal,
      save: () => this.save(),
      // A set-uid program can't be signalled. Its terminal is hung up, and nobody waits for it any longer.
      gaveUp: () => this.#live({ type: 'lost' }),
    });
  }

  #makeQueries(suspended: SuspendedParts | undefined): Queries {
    const { reactor, lookBlock: block } = this.#surroundings;
    const surroundings = {
      history: this.history,
      block,
      after: (ms: number, callback: () => void) => reactor.after(ms, callback),
      terminal: () => ({ ...this.size, facts: this.#state.terminal ?? {} }),
      byScreen: (asked: Asked) => this.#surroundings.screenAnswers(this, asked),
      answer: (text: string) => this.#answer(text),
    };
    return new Queries(surroundings, suspended?.state.queries);
  }

  /** Begins, or goes on, with a program that has not exited as far as its state tells. */
  #begin({ state, suspended, program, crashed }: SessionParts): void {
    if (suspended) this.#resume(suspended.state);
    else this.#pace.restore(state.leases);
    if (program === 'later') return;
    if (crashed && !state.wentDown) this.history.markCrash();
    if (program) this.#terminal = this.#openTerminal(program);
    const told = crashed?.exit;
    if (told) this.exitWatch.told(told);
    if (program) return;
    this.#live(told ? { type: 'drained' } : { type: 'lost' });
  }

  // Output

  #openTerminal(program: Launched): Terminal {
    const { reactor, usePidfd } = this.#surroundings;
    const events = { readable: () => this.#read(), programEnded: () => this.exitWatch.check() };
    return new Terminal(program, this.input, { reactor, usePidfd, events });
  }

  /** Reads what may be read now, records it, and tells the subscribers. */
  #read(): void {
    if (!this.#terminal) return;
    const { history } = this;
    const before = history.end;
    const drainLimit =
      this.#lifecycle.state === 'ended' ? this.#lifecycle.drainLimit : Number.POSITIVE_INFINITY;
    // The end waits for no client: history delivers.
    const paceLimit = this.#lifecycle.state === 'ended' ? Number.POSITIVE_INFINITY : this.#pace.limit;
    const isEmpty = this.#terminal.readInto(history, Math.min(paceLimit, drainLimit));
    if (history.end > before) this.#outputGrew(before);
    if (this.#lifecycle.state === 'ended' && (isEmpty || history.end >= drainLimit)) {
      this.#live({ type: 'drained' });
    } else if (history.end >= paceLimit) {
      this.#pace.hold();
      this.#terminal.isHeld = true;
    } else if (this.#lifecycle.state === 'ended') {
      // Not left to the reactor: after the program's end there may be nothing more to read, and no event.
      this.#readSoon();
    }
  }

  #readSoon(): void {
    if (this.#isReadDue) return;
    this.#isReadDue = true;
    this.#surroundings.reactor.defer(() => {
      this.#isReadDue = false;
      if (!this.#terminal) return;
      this.#terminal.isHeld = false;
      this.#read();
    });
  }

  #answer(text: string): void {
    this.input.answer(text);
    this.writeInput();
  }

  #outputGrew(from: number): void {
    const nowMs = performance.now();
    this.#queries.outputGrew(nowMs);
    this.history.noteTime(from, nowMs);
    this.#pace.outputGrew(nowMs);
    this.#following.outputGrew(nowMs);
    for (const subscription of this.#subscriptions) subscription.sink.hasOutput(subscription);
    if (nowMs - this.#lastActivityMs < ACTIVITY_EVERY_MS) return;
    this.#lastActivityMs = nowMs;
    this.#surroundings.changed(this);
  }

  // Size

  #leaderChanged(leader: Subscription | undefined): void {
    this.#queries.ledBy(leader);
    this.#pace.leaderChanged(leader);
    if (leader?.viewport) this.#resizeTo(leader.viewport);
  }

  #resizeTo({ cols, rows }: TerminalSize): void {
    if (!this.#terminal || (cols === this.#state.cols && rows === this.#state.rows)) return;
    const { cols: colsBefore, rows: rowsBefore } = this.#state;
    this.#terminal.resize({ cols, rows });
    this.#state = { ...this.#state, cols, rows };
    const offset = this.history.end;
    // Also what is older than every mark that is kept has a size then.
    this.history.marks.size(offset, colsBefore, rowsBefore);
    this.history.marks.size(offset, cols, rows);
    for (const subscription of this.#subscriptions)
      subscription.notify({ event: 'resized', offset, cols, rows });
    this.#surroundings.changed(this);
    void this.save();
  }

  // Life

  #live(event: LifecycleEvent): void {
    const before = this.#lifecycle;
    this.#lifecycle = nextLifecycle(before, event);
    if (this.#lifecycle === before) return;
    if (this.#lifecycle.state === 'ended') this.#readSoon();
    if (this.#lifecycle.state === 'exited') this.#exited(this.#lifecycle.exit);
  }

  #exited(exit: Exit): void {
    if (this.#terminal?.isOwnChild) this.#exitSafekeeping.childEnded();
    this.#terminal?.close();
    if (this.#terminal) this.#surroundings.keeper.drop(this.id);
    this.#terminal = undefined;
    const exitedAt = new Date().toISOString();
    this.#state = { ...this.#state, exit, exitedAt, exitedAtMonotonicMs: monotonicMs() };
    this.#exitedAtMs = performance.now();
    this.#pace.end();
    this.#queries.end();
    this.input.clear();
    const offset = this.history.end;
    this.#surroundings.log('session.exited', { session: this.id, exit: JSON.stringify(exit), offset });
    for (const subscription of this.#subscriptions) subscription.sink.hasOutput(subscription);
    for (const callback of this.#exitListeners) callback();
    this.#exitListeners.clear();
    this.#surroundings.changed(this);
    void this.save();
  }

  #requireTerminal(): Terminal {
    if (!this.#terminal) throw new HoldfastError('E_EXITED', `session ${this.name} has exited`);
    return this.#terminal;
  }
}

/** On the clock that all processes of this machine share. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
