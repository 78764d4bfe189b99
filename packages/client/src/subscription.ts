import {
  encodeAck,
  type Event,
  FRAME,
  HoldfastError,
  type RequestResult,
  type Session,
} from '@holdfast/protocol';
import type { ChannelWiring } from './channel-wiring.ts';
import { protocolError } from './failure.ts';
import type { Link } from './link.ts';
import type { SubscribeOptions } from './subscribe-options.ts';

/** Acknowledgements are gathered up to so many bytes: a lease is at least as large, and few frames are sent. */
const ACK_EVERY_BYTES = 64 * 1024;

type SubscriptionEvent = Extract<Event, { event: 'exited' | 'gap' | 'resync' | 'resized' | 'leading' }>;

/** Output of one session. After a disconnect it goes on at exactly the next byte that it expects. */
export class Subscription {
  readonly #link: Link;
  /** @internal */
  readonly channel: number;
  readonly #options: SubscribeOptions;
  readonly #opened: ChannelWiring<Subscription>['opened'];
  readonly #forget: () => void;
  /** `exited`, `closed` and `lost` are final; output that is still under way is then ignored. */
  #state: 'opening' | 'open' | 'exited' | 'closed' | 'lost' = 'opening';
  /** The daemon has answered on the present connection. */
  #isAttached = false;
  #ref: string;
  #session: Session | undefined;
  #offset = 0;
  #leading = false;
  #viewport: { cols: number; rows: number } | undefined;
  /** A viewport request is under way; a later size waits for its answer, so that at most one is queued. */
  #isViewportSent = false;
  #acknowledged = 0;
  #ackSent = 0;
  /** Crashes at the present offset that the user was told of: after a reconnect the daemon tells of them again. */
  #crashesTold = new Set<string>();

  /** Made by `Client.subscribe`; `opened` is called once, with this or with the error. */
  constructor(wiring: ChannelWiring<Subscription>, session: string, options: SubscribeOptions) {
    this.#link = wiring.link;
    this.channel = wiring.channel;
    this.#opened = wiring.opened;
    this.#forget = wiring.forget;
    this.#ref = session;
    this.#options = options;
    this.#viewport = options.viewport;
  }

  /** The session as it was when the subscription was last opened. */
  get session(): Session {
    if (!this.#session) throw new Error('the subscription is not open yet');
    return this.#session;
  }

  /** Offset of the next byte that will be handed over. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether this viewer is the leader, whose size is the session's. */
  get leading(): boolean {
    return this.#leading;
  }

  /**
   * Exact mode: all bytes before `offset` have reached the user. It moves the lease. With `windowBytes` it moves the window,
   * and if that is 0, says how far the user is with output that comes on another way. Sent each 64 KiB, and when the
   * connection has nothing more to read. Throws RangeError beyond what was handed over; less than before is ignored.
   */
  acknowledge(offset: number): void {
    if (this.#isSilent) this.#offset = Math.max(this.#offset, offset);
    else if (!(offset <= this.#offset)) throw new RangeError(`${offset} has not been handed over yet`);
    if (!this.#isAcknowledged || offset <= this.#acknowledged) return;
    this.#acknowledged = offset;
    if (!this.#link.isReading || offset - this.#ackSent >= ACK_EVERY_BYTES) this.flushAck();
  }

  /**
   * Exact mode: keeps the lease from running down although nothing more can be acknowledged, since whoever takes the
   * output is slow. To be called more often than the lease lasts, for as long as the program is to be held back.
   */
  renewLease(): void {
    if (!this.#isAttached || this.#options.mode !== 'exact') return;
    const frame = { type: FRAME.OUTPUT_ACK, channel: this.channel, offset: this.#acknowledged };
    this.#ackSent = this.#acknowledged;
    this.#link.send(encodeAck(frame));
  }

  /** Stops reading until `resume`, as when `onData` returns false. */
  pause(): void {
    if (!this.#isOver()) this.#link.hold(this);
  }

  /** Goes on after `onData` returned false. */
  resume(): void {
    this.#link.release(this);
  }

  /** Viewer mode: the terminal's size, each 1 to 4,096. Kept across reconnects. */
  setViewport(viewport: { cols: number; rows: number }): void {
    this.#viewport = viewport;
    this.#sendViewport();
  }

  /** Ends it: no handler is called any more. Resolves when the daemon has let go, or the connection is gone. */
  close(): Promise<void> {
    if (this.#isOver()) return Promise.resolve();
    this.flushAck();
    return this.#letGo('closed');
  }

  /** @internal A connection is there: ask for the channel, at the next byte expected. */
  attach(): void {
    if (this.#isOver()) return this.#forget();
    const { from, newestBytes, mode, leaseMs, readOnly, windowBytes, sshAuthSock, inside } = this.#options;
    const start = this.#state === 'opening' ? { from, newestBytes } : { from: this.#offset };
    const viewport = this.#viewport;
    const parameters = { mode, leaseMs, readOnly, windowBytes, sshAuthSock, inside, viewport, ...start };
    this.#link.request(
      'subscribe',
      { session: this.#ref, channel: this.channel, ...parameters },
      { ok: (result) => this.#attached(result), failed: (error) => this.#refused(error) },
    );
  }

  /** @internal The connection is gone. */
  detach(): void {
    const wasAttached = this.#isAttached;
    this.#isAttached = false;
    this.#isViewportSent = false;
    if (wasAttached && !this.#isOver()) this.#options.onDisconnected?.();
  }

  /** @internal */
  output(offset: number, bytes: Uint8Array): void {
    // A daemon of an earlier build knows no windows.
    if (this.#isOver() || this.#isSilent) return;
    if (!this.#isAttached) throw protocolError(`output on channel ${this.channel} before it was opened`);
    if (offset !== this.#offset) {
      throw protocolError(`output at offset ${offset} instead of ${this.#offset}`);
    }
    this.#goTo(offset + bytes.length);
    if (this.#options.onData(bytes, offset) === false && !this.#isOver()) this.#link.hold(this);
  }

  /** @internal */
  event(event: SubscriptionEvent): void {
    if (this.#isOver()) return;
    if (!this.#isAttached)
      throw protocolError(`${event.event} on channel ${this.channel} before it was opened`);
    if (this.#isSilent && event.event !== 'leading' && event.event !== 'exited') return;
    switch (event.event) {
      case 'gap':
        return this.#gap(event);
      case 'resync':
        this.#goTo(event.offset);
        return this.#options.onResync?.({ offset: event.offset });
      case 'resized':
        return this.#options.onResized?.({ offset: event.offset, cols: event.cols, rows: event.rows });
      case 'leading':
        // A daemon of an earlier build does not say where; but for output that comes on another way, that is here.
        this.#answering(event.leading, event.offset ?? this.#offset);
        return this.#lead(event.leading);
      case 'exited':
        if (event.offset !== this.#offset && !this.#isSilent) {
          throw protocolError(`exited at offset ${event.offset}, but output ended at ${this.#offset}`);
        }
        this.#state = 'exited';
        // The daemon lets go of the channel by saying so.
        this.#forget();
        this.#link.release(this);
        return this.#options.onExited?.({ offset: event.offset, exit: event.exit });
    }
  }

  /** @internal Sends what has been acknowledged and not been told yet. */
  flushAck(): void {
    if (!this.#isAttached || this.#acknowledged <= this.#ackSent) return;
    this.#ackSent = this.#acknowledged;
    this.#link.send(encodeAck({ type: FRAME.OUTPUT_ACK, channel: this.channel, offset: this.#acknowledged }));
  }

  /** @internal No connection will come any more. `isExpected`: the user closed the client. */
  abandon(error: HoldfastError, isExpected: boolean): void {
    this.#isAttached = false;
    if (this.#isOver()) return;
    const wasOpening = this.#state === 'opening';
    this.#state = 'lost';
    if (wasOpening) this.#opened(error);
    else if (!isExpected) this.#options.onLost?.(error);
  }

  #attached(result: RequestResult<'subscribe'>): void {
    if (this.#isOver()) return;
    this.#isAttached = true;
    this.#session = result.session;
    // An id stays what it is when a name is given to another session.
    this.#ref = result.session.id;
    if (this.#state === 'opening') {
      this.#state = 'open';
      const { from } = this.#options;
      // Where a given offset is no longer kept, a gap or resync leads from it to the first byte that comes.
      this.#offset = typeof from === 'number' ? from : result.offset;
      this.#acknowledged = this.#offset;
      this.#ackSent = this.#offset;
      this.#leading = result.leading;
      this.#tellAnswering(result);
      this.#opened(this);
    } else {
      // The daemon may not have read the last acknowledgement.
      if (this.#acknowledged > 0) this.#ackSent = -1;
      this.flushAck();
      this.#options.onResumed?.();
      this.#tellAnswering(result);
      this.#lead(result.leading);
    }
  }

  #refused(error: HoldfastError): void {
    // A lost connection is followed by another one, or by `abandon`.
    if (this.#isOver() || error.code === 'E_DISCONNECTED') return;
    const wasOpening = this.#state === 'opening';
    void this.#letGo('lost');
    if (wasOpening) this.#opened(error);
    else this.#options.onLost?.(error);
  }

  #letGo(state: 'closed' | 'lost'): Promise<void> {
    this.#state = state;
    this.#isAttached = false;
    this.#link.release(this);
    return new Promise((resolve) => {
      const gone = () => {
        this.#forget();
        resolve();
      };
      if (!this.#link.isUp) return gone();
      this.#link.request('unsubscribe', { channel: this.channel }, { ok: gone, failed: gone });
    });
  }

  #gap({ from, to, reason, at }: Extract<Event, { event: 'gap' }>): void {
    if (from !== this.#offset || to < from) {
      throw protocolError(`a gap from ${from} to ${to}, but output stands at ${this.#offset}`);
    }
    if (reason === 'evicted') this.#goTo(to);
    else if (at !== undefined) {
      if (this.#crashesTold.has(at)) return;
      this.#crashesTold.add(at);
    }
    this.#options.onGap?.({ from, to, reason });
  }

  #goTo(offset: number): void {
    if (offset !== this.#offset && this.#crashesTold.size > 0) this.#crashesTold.clear();
    this.#offset = offset;
  }

  #lead(leading: boolean): void {
    if (this.#isOver() || leading === this.#leading) return;
    this.#leading = leading;
    this.#options.onLeading?.(leading);
  }

  #tellAnswering({ leading, session }: RequestResult<'subscribe'>): void {
    if (this.#options.mode === 'viewer') this.#answering(leading, session.offset);
  }

  #answering(leading: boolean, at: number): void {
    if (!this.#isOver()) this.#options.onAnswering?.(leading ? at : undefined, at);
  }

  #sendViewport(): void {
    const viewport = this.#viewport;
    if (!viewport || !this.#isAttached || this.#isViewportSent) return;
    this.#isViewportSent = true;
    const answered = () => {
      this.#isViewportSent = false;
      if (this.#viewport !== viewport) this.#sendViewport();
    };
    // A refusal means that the session is gone or exited, which is told otherwise.
    this.#link.request(
      'viewport',
      { channel: this.channel, ...viewport },
      { ok: answered, failed: answered },
    );
  }

  /** Its output comes on another way. */
  get #isSilent(): boolean {
    return this.#options.mode === 'viewer' && this.#options.windowBytes === 0;
  }

  get #isAcknowledged(): boolean {
    return this.#options.mode === 'exact' || this.#options.windowBytes !== undefined;
  }

  #isOver(): boolean {
    return this.#state === 'exited' || this.#state === 'closed' || this.#state === 'lost';
  }
}
