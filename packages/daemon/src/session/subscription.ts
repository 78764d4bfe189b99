import type { TerminalSize } from '@holdfast/posix';
import { type Event, LIMITS } from '@holdfast/protocol';
import type { History } from '../history/history.ts';
import { AT_RISK_BYTES } from '../history/ring.ts';
import type { Lease } from './leases.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { SuspendedLease, SuspendedSubscription } from './suspended-session.ts';
import type { Viewer } from './viewers.ts';

/** A viewer that fell out of the history goes on this far before the end: about what a screen and some scrollback need. */
const RESYNC_BYTES = 128 * 1024;
/** Notices that wait for their place in the output. Beyond this one is dropped that a later one of its kind replaces. */
const NOTICES_MAX = 64;

/** Without its channel, which the subscription adds. */
export type Notice = NoticeOf<Event>;
type NoticeOf<E> = E extends { channel: number } ? Omit<E, 'channel'> : never;

/** What a subscription has to send next. */
export type Outgoing =
  | { readonly kind: 'bytes'; readonly offset: number; readonly length: number }
  | { readonly kind: 'event'; readonly event: Event };

/** Where a subscription's frames go. */
export interface SubscriptionSink {
  /** There may be something to send. */
  hasOutput(subscription: Subscription): void;
  /** There are no bytes any more. What else is to be said must be taken now: nobody else will remember it. */
  finish(subscription: Subscription): void;
}

/** The part of a session that a subscription reads. */
export interface SubscribedSession {
  readonly history: History;
  readonly lifecycle: Lifecycle;
  /** It was sent something; if it leads, the program may get on. */
  progressed(subscription: Subscription): void;
}

export interface SubscriptionOptions {
  readonly channel: number;
  readonly mode: 'viewer' | 'exact';
  readonly readOnly: boolean;
  readonly viewport: TerminalSize | undefined;
  readonly cursor: number;
  /** How far the output may be ahead of what was acknowledged; 0 = none is sent. Undefined: no limit. */
  readonly windowBytes?: number | undefined;
  /** Where the window stands; by default at the cursor. */
  readonly acknowledged?: number | undefined;
  readonly sink: SubscriptionSink;
}

/**
 * One client's place in one session's output: a cursor, not a queue. What it has not been sent yet stays in the history,
 * so a slow client costs no memory; if it falls out of the history, it is told so and goes on further ahead.
 */
export class Subscription implements Viewer {
  readonly channel: number;
  readonly mode: 'viewer' | 'exact';
  readonly readOnly: boolean;
  viewport: TerminalSize | undefined;
  lease: Lease<Subscription> | undefined;
  /** A leader that did not get on for its patience does not pace the program until it has caught up. */
  isBehind = false;
  lastProgressMs = 0;
  /** When it ceased to lead. */
  ledUntilMs = Number.NEGATIVE_INFINITY;
  readonly sink: SubscriptionSink;
  readonly #session: SubscribedSession;
  readonly #notices: { offset: number; notice: Notice }[] = [];
  readonly #windowBytes: number | undefined;
  #acknowledged: number;
  #cursor: number;
  #isOver = false;

  constructor(session: SubscribedSession, options: SubscriptionOptions) {
    this.#session = session;
    this.channel = options.channel;
    this.mode = options.mode;
    this.readOnly = options.readOnly;
    this.viewport = options.viewport;
    this.sink = options.sink;
    this.#cursor = options.cursor;
    this.#windowBytes = options.windowBytes;
    this.#acknowledged = options.acknowledged ?? options.cursor;
  }

  /** The next byte to be sent. */
  get cursor(): number {
    return this.#cursor;
  }

  /** True once `exited` has been handed out: nothing follows. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** For a successor. */
  suspend(place: { connection: number; isLeader: boolean }): SuspendedSubscription {
    return {
      ...place,
      channel: this.channel,
      mode: this.mode,
      readOnly: this.readOnly,
      viewport: this.viewport ?? null,
      cursor: this.#cursor,
      ...(this.#windowBytes === undefined
        ? {}
        : { windowBytes: this.#windowBytes, acknowledged: this.#acknowledged }),
      isBehind: this.isBehind,
      lease: this.lease ? suspendLease(this.lease) : null,
      notices: this.#notices.map(({ offset, notice }) => ({ offset, event: this.#withChannel(notice) })),
    };
  }

  /** Takes up what a predecessor had not told yet. */
  resumeNotices(notices: SuspendedSubscription['notices']): void {
    // A notice is the event; its channel is put in again, and is the same.
    for (const { offset, event } of notices)
      if ('channel' in event) this.#notices.push({ offset, notice: event });
  }

  /** Tells the client something at the present end of the output. */
  notify(notice: Notice): void {
    this.#notices.push({ offset: this.#session.history.end, notice });
    const replaced = this.#notices.length > NOTICES_MAX ? this.#replacedNotice() : undefined;
    if (replaced !== undefined) this.#notices.splice(replaced, 1);
    this.sink.hasOutput(this);
  }

  /** Tells of crashes that lie ahead, each at its place. Bounded by the marks that a history has room for. */
  notifyCrashes(crashes: readonly { offset: number; timeMs: number }[]): void {
    for (const { offset, timeMs } of crashes) {
      const at = new Date(timeMs).toISOString();
      const notice = { event: 'gap', from: offset, to: offset + AT_RISK_BYTES, reason: 'crash', at } as const;
      this.#notices.push({ offset, notice });
    }
  }

  leadingChanged(leading: boolean): void {
    this.isBehind = false;
    if (!leading) this.ledUntilMs = performance.now();
    this.notify({ event: 'leading', leading, offset: this.#session.history.end });
  }

  /** Its output reaches it on another way: it is told of nothing but who leads, and the end. */
  get #isSilent(): boolean {
    return this.#windowBytes === 0;
  }

  /** A viewer with a window has everything before `offset`; one that was never sent, or not recorded, is not believed. */
  acknowledge(offset: number): void {
    const { history } = this.#session;
    const end = this.#isSilent ? history.end : this.#cursor;
    if (this.#windowBytes === undefined || offset <= this.#acknowledged || offset > end) return;
    this.#acknowledged = offset;
    if (!this.#isSilent) return this.sink.hasOutput(this);
    this.#cursor = offset;
    if (offset === history.end) this.isBehind = false;
    this.#session.progressed(this);
  }

  /** Takes what is to be sent next; bytes count as sent. */
  next(): Outgoing | undefined {
    const { history, lifecycle } = this.#session;
    if (this.#isOver) return undefined;
    if (this.#isSilent) return this.#nextWithoutOutput();
    if (this.#cursor < history.start) return { kind: 'event', event: this.#skip() };
    const due = this.#notices[0];
    if (due && due.offset <= this.#cursor) {
      this.#notices.shift();
      return this.#event(due.notice);
    }
    const windowEnd = this.#acknowledged + (this.#windowBytes ?? Number.POSITIVE_INFINITY);
    const end = Math.min(due?.offset ?? history.end, history.end, windowEnd);
    if (this.#cursor < end) {
      const offset = this.#cursor;
      const length = Math.min(end - offset, LIMITS.dataFrameBytes);
      this.#cursor += length;
      if (this.#cursor === history.end) this.isBehind = false;
      this.#session.progressed(this);
      return { kind: 'bytes', offset, length };
    }
    if (lifecycle.state !== 'exited' || this.#cursor < history.end) return undefined;
    this.#isOver = true;
    return this.#event({ event: 'exited', offset: this.#cursor, exit: lifecycle.exit });
  }

  #nextWithoutOutput(): Outgoing | undefined {
    const { history, lifecycle } = this.#session;
    for (let due = this.#notices.shift(); due; due = this.#notices.shift())
      if (due.notice.event === 'leading') return this.#event(due.notice);
    if (lifecycle.state !== 'exited') return undefined;
    this.#isOver = true;
    return this.#event({ event: 'exited', offset: history.end, exit: lifecycle.exit });
  }

  /** Goes on where the history begins now, and says what is left out. */
  #skip(): Event {
    const { history } = this.#session;
    const from = this.#cursor;
    if (this.mode === 'exact') {
      this.#cursor = history.start;
      this.#dropPassedCrashes();
      return { event: 'gap', channel: this.channel, from, to: this.#cursor, reason: 'evicted' };
    }
    this.#cursor = Math.max(history.start, history.end - RESYNC_BYTES);
    this.#acknowledged = this.#cursor;
    return { event: 'resync', channel: this.channel, offset: this.#cursor };
  }

  /** They lie in what is skipped and reported as such. */
  #dropPassedCrashes(): void {
    const left = this.#notices.filter(
      ({ offset, notice }) => notice.event !== 'gap' || offset >= this.#cursor,
    );
    this.#notices.splice(0, this.#notices.length, ...left);
  }

  /** Only the last size matters, and the last word on who leads. Of crashes each matters. */
  #replacedNotice(): number | undefined {
    const later = new Set<string>();
    let replaced: number | undefined;
    for (let index = this.#notices.length - 1; index >= 0; index -= 1) {
      const kind = this.#notices[index]?.notice.event ?? '';
      if (kind === 'gap') continue;
      if (later.has(kind)) replaced = index;
      later.add(kind);
    }
    return replaced;
  }

  #event(notice: Notice): Outgoing {
    return { kind: 'event', event: this.#withChannel(notice) };
  }

  #withChannel(notice: Notice): Event {
    return { ...notice, channel: this.channel };
  }
}

/** For a successor. */
export function suspendLease({
  offset,
  leaseMs,
  idleSinceMs,
  hasExpired,
}: Lease<Subscription>): SuspendedLease {
  const idleForMs = idleSinceMs === null ? null : performance.now() - idleSinceMs;
  return { offset, leaseMs, idleForMs, hasExpired };
}
