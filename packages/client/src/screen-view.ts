import { type Exit, HoldfastError, type RequestParameters, type Session } from '@holdfast/protocol';
import { abortable } from './abortable.ts';
import { HeldOutput } from './held-output.ts';
import { RecentOutput } from './recent-output.ts';
import type { Snapshot, SnapshotOptions } from './snapshot.ts';
import type { SubscribeOptions, SubscriptionHandlers } from './subscribe-options.ts';
import type { Subscription } from './subscription.ts';

/** What is asked for before a snapshot is: it begins where no sequence is half received, which is rarely further back. */
const NEWEST_BYTES = 256 * 1024;
/** Output that comes while a snapshot is made. One behind it can still be used if it is in here: at 60 MB/s, a quarter of a second. */
const HELD_BYTES = 16 * 1024 * 1024;
/** A flood may be further ahead by the time a snapshot comes; the next one is made faster. */
const ATTEMPTS = 5;
/** How long to wait for a snapshot: one takes a tenth of a second at most, but for a busy machine. */
const SNAPSHOT_MS = 5_000;

/** Where a terminal begins to show a session, or begins anew. */
export interface ScreenStart {
  /** Output comes from here on. */
  readonly offset: number;
  /** The size of the snapshot; without one, that of the session. */
  readonly cols: number;
  readonly rows: number;
  /** What the terminal is to show first. Undefined: there is nothing before the output, or no snapshot could be had. */
  readonly snapshot: Snapshot | undefined;
  /** Why the terminal may show something else than one that was always there; empty if it does not. */
  readonly incomplete: readonly string[];
  /** Why there is no snapshot, where there should be one; `incomplete` has `unavailable` then. */
  readonly failure: HoldfastError | undefined;
  /** What the terminal shows of the session is not true any more: reset it first. */
  readonly isReset: boolean;
  /** Output before `offset` was skipped, as this viewer was too slow for it. */
  readonly isBehind: boolean;
}

/** Who is told. Any of them may be called before the promise of `Client.view` is settled. */
export interface ScreenViewHandlers
  extends Pick<
    SubscriptionHandlers,
    'onData' | 'onExited' | 'onResized' | 'onLeading' | 'onAnswering' | 'onLost'
  > {
  /**
   * Comes before any output, and again whenever the output does not go on where it was: because this viewer was too slow, or has
   * asked for it. Returning false says "congested", as with `onData`.
   */
  onScreen: (start: ScreenStart) => boolean | void;
  /**
   * Output that is not handed over, as the screen shows it already, in its order behind `onScreen`. What was asked in it may be this viewer's
   * to answer, see `onAnswering`.
   */
  onPassed?: (bytes: Uint8Array, offset: number) => void;
}

/** How a session is to be shown. */
export interface ScreenViewOptions
  extends ScreenViewHandlers,
    Pick<SnapshotOptions, 'format' | 'historyLines'>,
    Pick<RequestParameters<'subscribe'>, 'readOnly' | 'windowBytes' | 'viewport' | 'sshAuthSock' | 'inside'> {
  /**
   * `screen` (the default): with what the session shows. `output`: with its first byte, for whoever has just opened it; if that is not
   * kept any more, with the screen, too.
   */
  readonly begin?: 'screen' | 'output';
  /** Gives up opening it: no handler is called any more. Of no meaning once it is open: `close` ends it then. */
  readonly signal?: AbortSignal | undefined;
}

/** Where snapshots and output come from: a client. */
export interface ScreenSource {
  subscribe(session: string, options: SubscribeOptions): Promise<Subscription>;
  snapshot(session: string, options: SnapshotOptions): Promise<Snapshot>;
}

/**
 * A viewer that begins with what the session shows, and goes on with the output from exactly there: each byte once, also across
 * reconnects, crashes and upgrades.
 *
 *   subscribed ─> waiting ── snapshot, or none to be had ──> live
 *                    ▲  output is held                        │
 *                    └──────────── resync, refresh ───────────┘
 *
 * It is subscribed first: if it leads, the session has its size by the time that the snapshot is made.
 */
export class ScreenView {
  readonly #source: ScreenSource;
  readonly #options: ScreenViewOptions;
  readonly #held = new HeldOutput();
  #subscription: Subscription | undefined;
  #viewport: { cols: number; rows: number } | undefined;
  #state: 'waiting' | 'live' | 'over' = 'waiting';
  /** A snapshot is being made. */
  #isAsking = false;
  #hasStarted = false;
  #isCongested = false;
  /** It leads no longer, behind what is held. */
  #answersNoMore = false;
  /** Offset of the next byte to be handed over. */
  #offset = 0;
  /** What was handed over last: a snapshot begins before a sequence that is not finished. */
  readonly #recent = new RecentOutput();
  /** What is held before that offset was handed over already. */
  #repeatedTo = 0;
  #isBehind = false;

  /** Made by `Client.view`. */
  static open(source: ScreenSource, session: string, options: ScreenViewOptions): Promise<ScreenView> {
    const view = new ScreenView(source, options);
    const opening = source.subscribe(session, view.#subscribeOptions()).then((subscription) => {
      view.#begin(subscription);
      return view;
    });
    return abortable(opening, options.signal, () => void view.close());
  }

  private constructor(source: ScreenSource, options: ScreenViewOptions) {
    this.#source = source;
    this.#options = options;
    this.#viewport = options.viewport;
  }

  /** The subscription that it is made of, to name it to an input. */
  get subscription(): Subscription {
    if (!this.#subscription) throw new Error('the view is not open yet');
    return this.#subscription;
  }

  /** The session as it was when the view was last opened. */
  get session(): Session {
    return this.subscription.session;
  }

  /** Offset of the next byte that will be handed over. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether this viewer is the leader, whose size is the session's. */
  get leading(): boolean {
    return this.subscription.leading;
  }

  /** The terminal's size, each 1 to 4,096. Kept across reconnects. */
  setViewport(viewport: { cols: number; rows: number }): void {
    this.#viewport = viewport;
    this.#subscription?.setViewport(viewport);
  }

  /** With `windowBytes`: all bytes before `offset` have reached the user. What was never handed over is not counted. */
  acknowledge(offset: number): void {
    const subscription = this.#subscription;
    subscription?.acknowledge(Math.min(offset, subscription.offset));
  }

  /** Goes on after `onScreen` or `onData` returned false. */
  resume(): void {
    this.#isCongested = false;
    this.#deliver();
  }

  /**
   * Somebody else has written to the terminal: begins anew, with what the session shows now. A sequence that was handed over in part
   * comes again from its beginning.
   */
  refresh(): void {
    if (this.#state !== 'live' || !this.#subscription) return;
    this.#state = 'waiting';
    if (this.#held.isEmpty) this.#held.restart(this.#offset);
    this.#repeatedTo = this.#offset;
    const { all } = this.#recent;
    if (all.end === this.#held.start) this.#held.prepend(all);
    void this.#ask();
  }

  /** Ends it: no handler is called any more. Resolves when the daemon has let go, or the connection is gone. */
  close(): Promise<void> {
    this.#end();
    return this.#subscription?.close() ?? Promise.resolve();
  }

  #subscribeOptions(): SubscribeOptions {
    const { begin = 'screen', readOnly, windowBytes, viewport, sshAuthSock, inside } = this.#options;
    const { onLeading, signal } = this.#options;
    const given = { readOnly, windowBytes, viewport, sshAuthSock, inside };
    return {
      ...given,
      from: 'start',
      mode: 'viewer',
      ...(begin === 'screen' ? { newestBytes: NEWEST_BYTES } : {}),
      onData: (bytes, offset) => this.#data(bytes, offset),
      onResized: (resized) => this.#happened({ kind: 'resized', ...resized }),
      onExited: (exited) => this.#happened({ kind: 'exited', ...exited }),
      onResync: ({ offset }) => this.#resync(offset),
      onAnswering: (from, at) => this.#answering(from, at),
      onLost: (error) => {
        if (this.#state === 'over') return;
        this.#end();
        this.#options.onLost?.(error);
      },
      ...(onLeading ? { onLeading } : {}),
      signal,
    };
  }

  #begin(subscription: Subscription): void {
    this.#subscription = subscription;
    if (this.#state === 'over') return void subscription.close();
    if (this.#held.isEmpty) this.#held.restart(subscription.offset);
    else this.#acknowledgeHeld();
    const { begin = 'screen' } = this.#options;
    const hasAll = this.#held.start === 0 && (begin === 'output' || subscription.session.offset === 0);
    if (hasAll) this.#start(undefined, undefined);
    else if (!this.#isAsking) void this.#ask();
  }

  #data(bytes: Uint8Array, offset: number): boolean | void {
    if (this.#state === 'live' && this.#held.isEmpty && !this.#isCongested)
      return this.#handOver(bytes, offset);
    if (this.#state === 'over') return undefined;
    this.#held.push({ kind: 'bytes', offset, bytes }, this.#state === 'waiting' ? HELD_BYTES : undefined);
    if (this.#state === 'waiting') this.#acknowledgeHeld();
    return undefined;
  }

  /** Without what the snapshot shows already. */
  #handOver(bytes: Uint8Array, offset: number): boolean | void {
    const end = offset + bytes.length;
    const from = Math.max(offset, Math.min(end, this.#offset));
    if (from > offset) this.#options.onPassed?.(bytes.subarray(0, from - offset), offset);
    if (this.#isOver()) return undefined;
    if (from === end) return this.#acknowledgeHeld();
    this.#offset = end;
    this.#recent.push(from === offset ? bytes : bytes.subarray(from - offset));
    const taken = this.#options.onData(from === offset ? bytes : bytes.subarray(from - offset), from);
    if (taken === false) this.#isCongested = true;
    return taken;
  }

  #happened(
    item:
      | { kind: 'resized'; offset: number; cols: number; rows: number }
      | { kind: 'exited'; offset: number; exit: Exit },
  ): void {
    if (this.#state === 'over') return;
    this.#held.push(item);
    if (this.#state === 'live') this.#deliver();
  }

  /** Of what is held while this viewer led, it may still be asked. */
  #answering(from: number | undefined, at: number): void {
    if (this.#state === 'over') return;
    this.#answersNoMore = from === undefined && !this.#held.isEmpty;
    if (!this.#answersNoMore) this.#options.onAnswering?.(from, at);
  }

  #resync(offset: number): void {
    if (this.#state === 'over') return;
    this.#state = 'waiting';
    this.#held.restart(offset);
    this.#repeatedTo = 0;
    this.#isBehind = true;
    // The first one may come before the answer that opens the subscription.
    if (this.#subscription && !this.#isAsking) void this.#ask();
  }

  /** What is held is in this process: the daemon may send more of it. */
  #acknowledgeHeld(): void {
    const subscription = this.#subscription;
    if (this.#options.windowBytes !== undefined) subscription?.acknowledge(subscription.offset);
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const { format = 'vt', historyLines = 1_000 } = this.#options;
    const deadline = performance.now() + SNAPSHOT_MS;
    let found: Snapshot | undefined;
    let failure: HoldfastError | undefined;
    for (
      let attempt = 0;
      attempt < ATTEMPTS && !found && !failure && this.#state === 'waiting';
      attempt += 1
    ) {
      const timeoutMs = deadline - performance.now();
      if (timeoutMs <= 0) break;
      const viewport = this.#viewport;
      const options = { format, historyLines, timeoutMs, ...(viewport ? { viewport } : {}) };
      try {
        const snapshot = await this.#source.snapshot(this.session.id, options);
        // Of output that has come meanwhile the beginning may be held no more.
        if (snapshot.offset >= this.#held.start) found = snapshot;
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error;
        failure = error;
      }
    }
    this.#isAsking = false;
    if (this.#state === 'waiting') this.#start(found, failure);
  }

  #start(snapshot: Snapshot | undefined, failure: HoldfastError | undefined): void {
    const { cols, rows } = snapshot ?? this.session;
    // Passed or handed over already: not told of again.
    this.#held.dropBefore(Math.min(this.#repeatedTo, snapshot?.offset ?? this.#repeatedTo));
    const offset = snapshot?.offset ?? this.#held.start;
    const passed = snapshot ? this.#held.cut(offset, snapshot) : [];
    const isWhole = snapshot !== undefined || offset === 0;
    const incomplete = snapshot?.incomplete ?? (isWhole ? [] : ['unavailable']);
    const isReset = this.#hasStarted;
    const isBehind = this.#isBehind;
    this.#isBehind = false;
    this.#repeatedTo = 0;
    this.#recent.restart(offset);
    this.#state = 'live';
    this.#hasStarted = true;
    this.#offset = offset;
    const taken = this.#options.onScreen({
      offset,
      cols,
      rows,
      snapshot,
      incomplete,
      failure,
      isReset,
      isBehind,
    });
    if (taken === false) this.#isCongested = true;
    for (const item of passed) {
      if (this.#isOver()) return;
      this.#options.onPassed?.(item.bytes, item.offset);
    }
    this.#deliver();
  }

  /** Hands over what is held, as far as it is taken. */
  #deliver(): void {
    while (this.#state === 'live' && !this.#isCongested) {
      const item = this.#held.shift();
      if (!item) break;
      if (item.kind === 'bytes') this.#handOver(item.bytes, item.offset);
      else if (item.kind === 'exited') {
        this.#end();
        this.#options.onExited?.({ offset: item.offset, exit: item.exit });
      } else if (item.offset >= this.#offset)
        this.#options.onResized?.({ offset: item.offset, cols: item.cols, rows: item.rows });
    }
    if (this.#answersNoMore && this.#held.isEmpty && this.#state === 'live')
      this.#answering(undefined, this.#offset);
    if (this.#isCongested && this.#state === 'live') this.#subscription?.pause();
    else this.#subscription?.resume();
  }

  /** Any handler may have ended it. */
  #isOver(): boolean {
    return this.#state === 'over';
  }

  #end(): void {
    this.#state = 'over';
    this.#held.restart(this.#offset);
  }
}
