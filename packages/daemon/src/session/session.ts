import { readFile } from 'node:fs/promises';
import {
  close,
  EDGE,
  endOfFileCharacter,
  foregroundProcessGroup,
  isErrno,
  openPidfd,
  READABLE,
  type Reactor,
  readAt,
  sendSignal,
  setWindowSize,
  takeExitStatus,
  type TerminalSize,
  type Timer,
  terminalDevice,
  type Watch,
  WOULD_BLOCK,
  WRITABLE,
  write,
} from '@holdfast/posix';
import { type Exit, HoldfastError, LIMITS, type Session as SessionDescription } from '@holdfast/protocol';
import type { History } from '../history/history.ts';
import { READ_BYTES } from '../history/ring.ts';
import type { Log } from '../log.ts';
import type { AgentLink } from './agent-link.ts';
import { InputQueue } from './input-queue.ts';
import { TreeKill } from './kill-tree.ts';
import type { Launched } from './launch.ts';
import { Leases } from './leases.ts';
import { type Lifecycle, nextLifecycle } from './lifecycle.ts';
import type { SessionState, StateFile } from './state-file.ts';
import { Subscription, type SubscriptionSink } from './subscription.ts';
import { Viewers } from './viewers.ts';

/** Reads of one session before others get their turn. */
const READS_PER_TURN = 16;
/** A read that gave less than this has most likely emptied the kernel's buffer: not worth a further call to find out. */
const SHORT_READ_BYTES = 1024;
/** How far the leader may be behind while the program runs on: what is in flight to a terminal that keeps up. */
const LEADER_WINDOW_BYTES = 256 * 1024;
/** Watchers hear of output at most this often. */
const ACTIVITY_EVERY_MS = 1_000;

/** What a session needs from its surroundings. */
export interface SessionSurroundings {
  readonly reactor: Reactor;
  readonly log: Log;
  /** Something that `describe` tells has changed. */
  changed(session: Session): void;
  /** Whether pidfds may be used; a test switch. */
  readonly usePidfd: boolean;
}

/** The parts of a session that are made before it. */
export interface SessionParts {
  readonly state: SessionState;
  readonly history: History;
  readonly stateFile: StateFile;
  readonly agentLink: AgentLink;
  /** Absent for a session whose program is gone. */
  readonly process?: Launched;
  readonly warnings: readonly string[];
}

interface Terminal {
  readonly master: number;
  readonly slavePath: string;
  readonly watch: Watch;
  readonly pidfd: { fd: number; watch: Watch } | undefined;
}

/** One program on one pseudo-terminal, or what is left of it. */
export class Session {
  readonly id: string;
  readonly history: History;
  readonly input: InputQueue;
  readonly agentLink: AgentLink;
  readonly warnings: string[];
  #state: SessionState;
  #lifecycle: Lifecycle;
  #terminal: Terminal | undefined;
  readonly #surroundings: SessionSurroundings;
  readonly #stateFile: StateFile;
  readonly #leases = new Leases();
  readonly #subscriptions = new Set<Subscription>();
  readonly #viewers = new Viewers<Subscription>((leader) => this.#leaderChanged(leader));
  readonly #exitListeners = new Set<() => void>();
  #kill: TreeKill | undefined;
  /** Who does not let more be read, if nobody may be asked for more. */
  #heldBy: 'leader' | 'lease' | undefined;
  #isInputBlocked = false;
  /** No program has the terminal open; it may be opened again as long as the program lives. */
  #isHungUp = false;
  #patience: Timer | undefined;
  #leaseTimer: Timer | undefined;
  #lastActivityMs = 0;
  #foreground: string | null = null;

  constructor(parts: SessionParts, surroundings: SessionSurroundings) {
    this.id = parts.state.id;
    this.#state = parts.state;
    this.history = parts.history;
    this.#stateFile = parts.stateFile;
    this.agentLink = parts.agentLink;
    this.warnings = [...parts.warnings];
    this.#surroundings = surroundings;
    this.input = new InputQueue(parts.history.ledger);
    const { exit } = parts.state;
    this.#lifecycle = exit ? { state: 'exited', exit } : { state: 'running' };
    if (parts.process) this.#terminal = this.#adopt(parts.process);
    else if (!exit) this.#loseProcess();
    this.#restoreLeases();
  }

  get name(): string {
    return this.#state.name;
  }

  get pid(): number {
    return this.#state.pid;
  }

  get createdAt(): string {
    return this.#state.createdAt;
  }

  get exitedAt(): string | null {
    return this.#state.exitedAt;
  }

  get lifecycle(): Lifecycle {
    return this.#lifecycle;
  }

  get hasExited(): boolean {
    return this.#lifecycle.state === 'exited';
  }

  get size(): TerminalSize {
    return { cols: this.#state.cols, rows: this.#state.rows };
  }

  /** As clients see it. */
  describe(): SessionDescription {
    const { id, name, pid, cwd, cols, rows, createdAt, exitedAt, historyBytes, historyIn } = this.#state;
    const state = this.hasExited ? 'exited' : 'running';
    const exit = this.#lifecycle.state === 'exited' ? this.#lifecycle.exit : null;
    return {
      ...{ id, name, pid, cwd, cols, rows, createdAt, exitedAt, historyBytes, historyIn, state, exit },
      command: [...this.#state.command],
      clients: new Set([...this.#subscriptions].map((subscription) => subscription.sink)).size,
      offset: this.history.end,
      historyStart: this.history.start,
      foreground: this.hasExited ? null : this.#foreground,
      warnings: [...this.warnings],
    };
  }

  /** Looks which program is in the foreground, for `describe`. */
  async refreshForeground(): Promise<void> {
    const group = this.#terminal && foregroundProcessGroup(this.#terminal.master);
    if (group === undefined) {
      this.#foreground = null;
      return;
    }
    // The group's leader may be gone while the group lives on.
    this.#foreground = await readFile(`/proc/${group}/comm`, 'utf8').then(
      (name) => name.trimEnd(),
      () => null,
    );
  }

  /** Who holds the program back at this moment; null = an absent client's lease. */
  get holder(): { by: 'leader' | 'lease'; sink: SubscriptionSink | null; limit: number } | undefined {
    if (!this.#heldBy) return undefined;
    if (this.#heldBy === 'leader') {
      return { by: 'leader', sink: this.#viewers.leader?.sink ?? null, limit: this.#leaderLimit() };
    }
    const limit = this.#leases.limit(this.history.capacity);
    const lease = [...this.#leases.all].find(({ offset, hasExpired }) => !hasExpired && offset + this.history.capacity === limit);
    return { by: 'lease', sink: lease?.holder instanceof Subscription ? lease.holder.sink : null, limit };
  }

  // Subscriptions

  subscribe(options: {
    channel: number;
    mode: 'viewer' | 'exact';
    readOnly: boolean;
    viewport: TerminalSize | undefined;
    cursor: number;
    leaseMs: number;
    sink: SubscriptionSink;
  }): Subscription {
    const subscription = new Subscription(this, options);
    if (options.mode === 'exact' && !this.hasExited) this.#giveLease(subscription, options);
    this.#subscriptions.add(subscription);
    if (options.mode === 'viewer') this.#viewers.attach(subscription);
    this.#surroundings.changed(this);
    options.sink.hasOutput(subscription);
    return subscription;
  }

  /** `isAway`: its connection was lost and it may come back, so its lease goes on running down. */
  unsubscribe(subscription: Subscription, isAway: boolean): void {
    if (!this.#subscriptions.delete(subscription)) return;
    if (subscription.lease) {
      if (isAway) this.#leases.orphan(subscription.lease);
      else this.#leases.release(subscription.lease);
      this.#leasesChanged();
    }
    if (subscription.mode === 'viewer') this.#viewers.detach(subscription);
    this.#surroundings.changed(this);
    this.#resumeReading();
  }

  isLeader(subscription: Subscription): boolean {
    return this.#viewers.leader === subscription;
  }

  setViewport(subscription: Subscription, viewport: TerminalSize): void {
    subscription.viewport = viewport;
    if (this.isLeader(subscription)) this.#resizeTo(viewport);
  }

  /** An exact subscriber's user has everything before `offset`. */
  acknowledge(subscription: Subscription, offset: number): void {
    if (!subscription.lease || offset > subscription.cursor) return;
    const nowMs = performance.now();
    this.#leases.acknowledge(subscription.lease, { offset, end: this.history.end, nowMs });
    this.#armLeaseTimer(nowMs);
    if (this.#heldBy === 'lease') this.#resumeReading();
  }

  leaderProgressed(leader: Subscription): void {
    if (leader !== this.#viewers.leader) return;
    leader.lastProgressMs = performance.now();
    // Not at once: this is called from within sending.
    if (this.#heldBy === 'leader') this.#surroundings.reactor.defer(() => this.#resumeReading());
  }

  // Input

  /** A viewer that types leads. */
  typedBy(subscription: Subscription): void {
    this.#viewers.typed(subscription);
  }

  /** Hands queued input to the terminal, as far as it takes it. */
  writeInput(): void {
    const terminal = this.#terminal;
    if (!terminal || this.#isInputBlocked) return;
    try {
      this.#isInputBlocked = this.input.writeTo(terminal.master) === 'blocked';
    } catch (error) {
      this.#surroundings.log('session.write-failed', { session: this.id, error: String(error) });
    }
    this.#updateInterest();
  }

  /** Types the end-of-file character if the terminal is in canonical mode; twice to get past an unfinished line. */
  endInput(midLine: boolean): boolean {
    const terminal = this.#requireTerminal();
    const character = endOfFileCharacter(terminal.master);
    if (character === undefined) return false;
    const typed = Buffer.alloc(midLine ? 2 : 1, character);
    return write(terminal.master, typed) === typed.length;
  }

  // What is asked for by name

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
    const terminal = this.#requireTerminal();
    const group = foregroundProcessGroup(terminal.master) ?? this.pid;
    if (!sendSignal(-group, signal)) sendSignal(this.pid, signal);
  }

  /** Ends the program and what it has started; see TreeKill. The session exits some time later. */
  async kill(callerPid: number | null): Promise<void> {
    const terminal = this.#terminal;
    if (!terminal || this.#kill) return;
    const device = await terminalDevice(terminal.slavePath).catch(() => 0);
    if (this.#kill || !this.#terminal) return;
    const target = { leader: this.pid, terminal: device, callerPid };
    const { reactor, log } = this.#surroundings;
    this.#kill = new TreeKill(target, (ms, callback) => reactor.after(ms, callback), (left) => {
      this.#kill = undefined;
      if (left > 0) log('session.kill-incomplete', { session: this.id, left });
    });
    this.#kill.start();
  }

  /** Calls back when the session exits, unless the returned function is called before. It must not have exited yet. */
  onExit(callback: () => void): () => void {
    this.#exitListeners.add(callback);
    return () => this.#exitListeners.delete(callback);
  }

  /** For a daemon that is not told by a pidfd: looks whether the program has ended. */
  checkExit(): void {
    if (this.#lifecycle.state !== 'running' || !this.#terminal) return;
    const status = takeExitStatus(this.pid);
    if (status === 'running') return;
    this.#ended(status === 'unknown' ? { lost: true } : status);
  }

  /** Writes the state file; a failure is a warning of the session, not an error. */
  async save(): Promise<void> {
    const leases = [...this.#leases.all].map(({ offset, leaseMs }) => ({ offset, leaseMs }));
    const saved = 'its state could not be saved';
    try {
      await this.#stateFile.save({ ...this.#state, leases });
      const index = this.warnings.findIndex((warning) => warning.startsWith(saved));
      if (index >= 0) this.warnings.splice(index, 1);
    } catch (error) {
      this.#surroundings.log('session.save-failed', { session: this.id, error: String(error) });
      this.warn(`${saved}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Resolves when what was to be saved is saved. */
  async settled(): Promise<void> {
    await this.#stateFile.settled();
  }

  warn(warning: string): void {
    if (this.warnings.includes(warning)) return;
    this.warnings.push(warning);
    this.#surroundings.changed(this);
  }

  /** Frees what an exited session holds. Its subscriptions must be gone. */
  dispose(): void {
    this.#leaseTimer?.cancel();
    this.#patience?.cancel();
    this.history.close();
    this.agentLink.remove();
  }

  // Reading

  #adopt({ master, slavePath, pid }: Launched): Terminal {
    const { reactor, usePidfd } = this.#surroundings;
    const watch = reactor.watch(master, READABLE, (ready) => this.#ready(ready));
    const fd = usePidfd ? openPidfd(pid) : undefined;
    const pidfd =
      fd === undefined ? undefined : { fd, watch: reactor.watch(fd, READABLE, () => this.checkExit()) };
    return { master, slavePath, watch, pidfd };
  }

  #ready(ready: number): void {
    if (ready & WRITABLE && this.#isInputBlocked) {
      this.#isInputBlocked = false;
      this.writeInput();
    }
    if (ready & READABLE) this.#read();
  }

  /** Reads what may be read now, records it, and tells the subscribers. */
  #read(): void {
    const terminal = this.#terminal;
    if (!terminal) return;
    const { history } = this;
    const before = history.end;
    const limit = this.#readLimit();
    let isEmpty = false;
    for (let reads = 0; reads < READS_PER_TURN && history.end < limit; reads += 1) {
      const count = this.#readOnce(terminal.master, Math.min(READ_BYTES, limit - history.end));
      if (count > 0) history.append(count);
      isEmpty = count <= 0;
      if (count < SHORT_READ_BYTES) break;
    }
    if (history.end > before) this.#outputGrew();
    if (this.#lifecycle.state === 'ended') this.#drain(isEmpty);
    else if (!isEmpty && history.end >= limit) this.#hold();
    this.#updateInterest();
  }

  /** Bytes read; 0 if the terminal is hung up, WOULD_BLOCK if there are none now. */
  #readOnce(master: number, length: number): number {
    try {
      const count = readAt(master, this.history.writeAddress, length);
      if (count > 0) this.#isHungUp = false;
      return count;
    } catch (error) {
      // Linux says EIO when no program has the terminal open.
      if (!isErrno(error, 'EIO')) throw error;
      this.#isHungUp = true;
      return 0;
    }
  }

  #outputGrew(): void {
    const nowMs = performance.now();
    this.history.marks.output(this.history.end);
    if (!this.#leases.isEmpty) {
      this.#leases.outputGrew(nowMs);
      this.#armLeaseTimer(nowMs);
    }
    for (const subscription of this.#subscriptions) subscription.sink.hasOutput(subscription);
    if (nowMs - this.#lastActivityMs >= ACTIVITY_EVERY_MS) {
      this.#lastActivityMs = nowMs;
      this.#surroundings.changed(this);
    }
  }

  #readLimit(): number {
    const drainLimit = this.#lifecycle.state === 'ended' ? this.#lifecycle.drainLimit : Number.POSITIVE_INFINITY;
    return Math.min(this.#leases.limit(this.history.capacity), this.#leaderLimit(), drainLimit);
  }

  #leaderLimit(): number {
    const { leader } = this.#viewers;
    return leader && !leader.isBehind ? leader.cursor + LEADER_WINDOW_BYTES : Number.POSITIVE_INFINITY;
  }

  /** Somebody holds the program back: nothing is read until they get on or lose their right to. */
  #hold(): void {
    const nowMs = performance.now();
    this.#heldBy = this.history.end >= this.#leases.limit(this.history.capacity) ? 'lease' : 'leader';
    const { leader } = this.#viewers;
    if (this.#heldBy === 'leader' && leader) this.#armPatience(leader, nowMs);
  }

  #armPatience(leader: Subscription, nowMs: number): void {
    if (this.#patience) return;
    const waitMs = Math.max(0, leader.lastProgressMs + LIMITS.leaderPatienceMs - nowMs);
    this.#patience = this.#surroundings.reactor.after(waitMs, () => {
      this.#patience = undefined;
      if (this.#heldBy !== 'leader' || leader !== this.#viewers.leader) return;
      const later = performance.now();
      if (later - leader.lastProgressMs < LIMITS.leaderPatienceMs) return this.#armPatience(leader, later);
      leader.isBehind = true;
      this.#resumeReading();
    });
  }

  #resumeReading(): void {
    if (!this.#heldBy) return;
    this.#heldBy = undefined;
    // Not left to epoll: at the end of a program's life there may be nothing to read, and no event.
    this.#read();
  }

  /** Nothing is asked of a terminal that is held back: even a hang-up would be reported again and again. */
  #updateInterest(): void {
    if (!this.#terminal) return;
    let interest = this.#heldBy ? 0 : READABLE;
    if (this.#isInputBlocked) interest |= WRITABLE;
    if (this.#isHungUp && interest !== 0) interest |= EDGE;
    this.#terminal.watch.interest = interest;
  }

  // Leases and leader

  #giveLease(subscription: Subscription, { cursor, leaseMs }: { cursor: number; leaseMs: number }): void {
    const { start, end } = this.history;
    const offset = Math.max(cursor, start);
    subscription.lease = this.#leases.acquire({ offset, leaseMs, holder: subscription, end, nowMs: performance.now() });
    if (!subscription.lease) {
      throw new HoldfastError('E_LIMIT', `${LIMITS.leasesPerSession} exact subscribers are attached to this session`);
    }
    this.#leasesChanged();
  }

  #leasesChanged(): void {
    this.#armLeaseTimer(performance.now());
    void this.save();
  }

  #restoreLeases(): void {
    const { end, start } = this.history;
    if (this.hasExited) return;
    for (const { offset, leaseMs } of this.#state.leases) {
      this.#leases.acquire({ offset: Math.max(offset, start), leaseMs, holder: null, end, nowMs: performance.now() });
    }
  }

  #armLeaseTimer(nowMs: number): void {
    const next = this.#leases.nextExpiryMs;
    if (next === undefined || this.#leaseTimer) return;
    this.#leaseTimer = this.#surroundings.reactor.after(Math.max(0, next - nowMs), () => {
      this.#leaseTimer = undefined;
      const later = performance.now();
      if (this.#leases.expire(later)) {
        void this.save();
        if (this.#heldBy === 'lease') this.#resumeReading();
      }
      this.#armLeaseTimer(later);
    });
  }

  #leaderChanged(leader: Subscription | undefined): void {
    if (leader) leader.lastProgressMs = performance.now();
    if (leader?.viewport) this.#resizeTo(leader.viewport);
    if (this.#heldBy === 'leader') this.#resumeReading();
  }

  #resizeTo({ cols, rows }: TerminalSize): void {
    const terminal = this.#terminal;
    if (!terminal || (cols === this.#state.cols && rows === this.#state.rows)) return;
    setWindowSize(terminal.master, { cols, rows });
    this.#state = { ...this.#state, cols, rows };
    const offset = this.history.end;
    this.history.marks.size(offset, cols, rows);
    for (const subscription of this.#subscriptions) subscription.notify({ event: 'resized', offset, cols, rows });
    this.#surroundings.changed(this);
    void this.save();
  }

  // The end

  #ended(exit: Exit): void {
    this.#lifecycle = nextLifecycle(this.#lifecycle, { type: 'ended', exit, offset: this.history.end });
    this.#read();
  }

  /** A lease may put off the end, as it may put off any read; nobody else is waited for. */
  #drain(isEmpty: boolean): void {
    if (this.#lifecycle.state !== 'ended') return;
    if (isEmpty || this.history.end >= this.#lifecycle.drainLimit) this.#finish();
    else if (this.history.end >= this.#readLimit()) this.#hold();
    else this.#surroundings.reactor.defer(() => this.#read());
  }

  #finish(): void {
    this.#lifecycle = nextLifecycle(this.#lifecycle, { type: 'drained' });
    this.#closeTerminal();
    this.#exited();
  }

  #loseProcess(): void {
    this.#lifecycle = nextLifecycle(this.#lifecycle, { type: 'lost' });
    this.#exited();
  }

  #exited(): void {
    if (this.#lifecycle.state !== 'exited') return;
    const { exit } = this.#lifecycle;
    this.#state = { ...this.#state, exit, exitedAt: new Date().toISOString() };
    for (const lease of this.#leases.all) this.#leases.release(lease);
    this.input.clear();
    this.#heldBy = undefined;
    this.#surroundings.log('session.exited', { session: this.id, exit: JSON.stringify(exit), offset: this.history.end });
    for (const subscription of this.#subscriptions) subscription.sink.hasOutput(subscription);
    for (const callback of this.#exitListeners) callback();
    this.#exitListeners.clear();
    this.#surroundings.changed(this);
    void this.save();
  }

  #closeTerminal(): void {
    const terminal = this.#terminal;
    if (!terminal) return;
    this.#terminal = undefined;
    terminal.watch.close();
    close(terminal.master);
    if (!terminal.pidfd) return;
    terminal.pidfd.watch.close();
    close(terminal.pidfd.fd);
  }

  #requireTerminal(): Terminal {
    if (!this.#terminal) throw new HoldfastError('E_EXITED', `session ${this.name} has exited`);
    return this.#terminal;
  }
}
