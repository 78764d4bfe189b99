import {
  type Block,
  close,
  DONE,
  endWriting,
  isHungUp,
  isErrno,
  READABLE,
  type Reactor,
  readAt,
  setNonBlocking,
  type Timer,
  type Watch,
  WOULD_BLOCK,
  WRITABLE,
} from '@holdfast/posix';
import {
  type AckFrameType,
  type DataFrameType,
  encodeAck,
  encodeAnswer,
  encodeControl,
  encodeControlText,
  encodeData,
  FRAME,
  FrameReader,
  type FrameSink,
  HoldfastError,
  LIMITS,
  type ParsedRequest,
  parseRequest,
  type Request,
} from '@holdfast/protocol';
import { repliesIn } from '@holdfast/screen/queries';
import type { Log } from '../log.ts';
import type { TypingPace } from '../typing-pace.ts';
import type { Packing, Unpacking } from '../session/luggage.ts';
import type { SessionRegistry } from '../session/registry.ts';
import type { Subscription, SubscriptionSink } from '../session/subscription.ts';
import { Backlog } from './backlog.ts';
import { CaptureQueue } from './capture-queue.ts';
import { Channels } from './channels.ts';
import type { InputChannel } from './input-channel.ts';
import { type Batch, Outbox, type OutputSource } from './outbox.ts';
import { SessionWatch } from './session-watch.ts';
import type { SuspendedConnection } from './suspended-connection.ts';
import { Waits } from './waits.ts';

/** Reads of one connection before others get their turn. */
const READS_PER_TURN = 4;
/** Frames of one connection before others get their turn: a client must not have the loop by asking much at once. */
const FRAMES_PER_TURN = 256;
/** Reads that empty a socket at the end: more than the kernel buffers, and no more in one turn. */
const DISCARDED_READS = 16;
/**
 * How long the acknowledgement of a key waits for the echo to go out with it: sent by itself it would wake the client
 * twice for each key. Of much input it is sent at once, so that the window never runs empty.
 */
const ACK_DELAY_MS = 3;
/** As much of a large frame as a client has sent is taken over when the daemon serves: 4 MiB may take 50 ms. */
const LATE_BYTES = 64 * 1024;
const ACK_AT_ONCE_BYTES = LIMITS.inputWindowBytes / 4;
const CLOSED_BY_CLIENT = 'the client closed it';

/** Who carries out requests. */
export interface Requests {
  readonly registry: SessionRegistry;
  /** Answers at once, or when the returned promise resolves, or, if there is none, when something happens. */
  handle(connection: Connection, request: Request): Promise<void> | undefined;
  /** Goes on with a request that a predecessor had begun. */
  resume(connection: Connection, request: Request): void;
}

export interface ConnectionSurroundings {
  readonly reactor: Reactor;
  readonly log: Log;
  /** Shared by all connections. */
  readonly batch: Batch;
  readonly readBuffer: Block;
  readonly handler: Requests;
  readonly typing: TypingPace;
  closed(connection: Connection): void;
}

/** One client: its socket, its frames in and out, its channels. */
export class Connection implements FrameSink, OutputSource, SubscriptionSink {
  readonly peerPid: number | null;
  readonly #fd: number;
  readonly #surroundings: ConnectionSurroundings;
  readonly #reader: FrameReader;
  readonly #outbox: Outbox;
  readonly #watch: Watch;
  readonly #helloTimer: Timer;
  readonly channels: Channels = new Channels({
    progressed: (input) => this.#progressed(input),
    inputEnded: ({ channel, done }) => this.send({ event: 'inputClosed', channel, done }),
  });
  readonly waits: Waits = new Waits();
  readonly captures: CaptureQueue = new CaptureQueue(() => this.unsentBytes < LIMITS.queuedReplyBytes);
  #ackTimer: Timer | undefined;
  #sessionWatch: SessionWatch | undefined;
  /** Requests that are being carried out, less those that only wait for an event. */
  #inProgress = 0;
  readonly #backlog = new Backlog(
    () =>
      !this.#isPaused &&
      !this.#late &&
      this.#framesLeft > 0 &&
      this.#inProgress < LIMITS.requestsInProgressPerClient &&
      this.#outbox.queuedControlBytes < LIMITS.queuedReplyBytes,
  );
  /** How many frames may still be handled in this turn. */
  #framesLeft = FRAMES_PER_TURN;
  #isTurnAwaited = false;
  /** The version agreed on; undefined before hello. */
  #protocol: number | undefined;
  #limitedTo: string | undefined;
  /** An upgrade waits for what is being done. */
  #isPaused = false;
  /** What a predecessor had read, as long as it is not here yet: nothing is read before. */
  #late: (() => Uint8Array) | undefined;
  readonly #unanswered = new Set<Request>();
  #isWritable = true;
  #isFlushDue = false;
  #isClosed = false;
  /** Whether a request has been taken up since that was last asked: promises go on with it. */
  #hasAsked = false;
  /** Set when the connection is to end once everything queued has been written. */
  #isEnding = false;
  /** It broke a rule: it gets no more than the reason. */
  #isRefused = false;
  /** Everything is written; what is still received is dropped. */
  #isLingering = false;

  /** `suspended`: what a predecessor had of it; its subscriptions are added one by one. */
  constructor(
    socket: { fd: number; peerPid: number | null },
    surroundings: ConnectionSurroundings,
    suspended?: { readonly state: SuspendedConnection; readonly luggage: Unpacking },
  ) {
    this.#fd = socket.fd;
    this.peerPid = socket.peerPid;
    this.#surroundings = surroundings;
    this.#outbox = new Outbox(socket.fd, surroundings.batch);
    this.#reader = new FrameReader(this, {
      accepts: [FRAME.CONTROL, FRAME.INPUT, FRAME.OUTPUT_ACK],
      maxControlBytes: LIMITS.helloFrameBytes,
    });
    this.#watch = surroundings.reactor.watch(socket.fd, READABLE, (ready) => {
      this.#hasAsked = false;
      this.#onReady(ready);
      return this.#doneUnlessAsked;
    });
    this.#helloTimer = surroundings.reactor.after(LIMITS.helloTimeoutMs, () => {
      this.end(new HoldfastError('E_TIMEOUT', `no hello within ${LIMITS.helloTimeoutMs} ms`));
    });
    if (suspended) this.#resume(suspended.state, suspended.luggage);
  }

  // Hand-over

  /** Stops taking requests and input, for as long as an upgrade needs to see the end of what is being done. */
  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused;
    this.#goOn();
  }

  /** For a successor. */
  suspend(luggage: Packing): SuspendedConnection {
    const forgotten = this.#sessionWatch?.forgotten ?? [];
    return {
      socket: luggage.add(this.#fd),
      peerPid: this.peerPid,
      protocol: this.#protocol ?? null,
      ...(this.#limitedTo === undefined ? {} : { limitedTo: this.#limitedTo }),
      received: luggage.addBytes(...(this.#late ? [this.#late()] : this.#received)),
      unsent: luggage.addBytes(...this.#outbox.suspend(), ...forgotten.map(encodeControl)),
      inputs: this.channels.suspendInputs(),
      watchesSessions: this.#sessionWatch !== undefined,
      untoldForgotten: this.#sessionWatch?.untold ?? 0,
      requests: [...this.#unanswered].map(({ id, type, parameters }) =>
        JSON.stringify({ ...parameters, id, type }),
      ),
      isEnding: this.#isEnding,
      isRefused: this.#isRefused,
    };
  }

  /** What was read and is not handled. */
  get #received(): Uint8Array[] {
    return [...this.#backlog.encode(), ...this.#reader.suspend()];
  }

  /** Whether `takeLate` is to be called once this daemon serves. */
  get hasLate(): boolean {
    return this.#late !== undefined;
  }

  /** Takes what is too much to be taken while everybody waits. */
  takeLate(): void {
    const late = this.#late;
    this.#late = undefined;
    if (this.#isClosed || !late) return;
    try {
      this.#reader.push(late());
    } catch (error) {
      if (error instanceof HoldfastError) return this.end(error);
      // Without what came before, the rest of the stream means nothing.
      return this.#close(String(error));
    }
    this.#goOn();
  }

  /** Begins to serve: goes on with what a predecessor had begun. */
  takeOver({ requests, watchesSessions, untoldForgotten }: SuspendedConnection): void {
    this.channels.tellAll();
    if (watchesSessions) {
      this.watchSessions(untoldForgotten);
      this.#sessionWatch?.changedAll();
    }
    for (const json of requests) {
      const parsed = parseRequest(json);
      if (parsed.kind === 'request') this.#surroundings.handler.resume(this, parsed.request);
      // One that only a newer build knows.
      else this.send({ id: parsed.id, error: { code: parsed.code, message: parsed.message } });
    }
    this.isPaused = false;
    this.#flushSoon();
  }

  #resume(state: SuspendedConnection, luggage: Unpacking): void {
    const { protocol, limitedTo, isEnding, isRefused } = state;
    // Nothing is handled before it is ours to handle.
    this.#isPaused = true;
    if (protocol !== null) this.welcome(protocol, limitedTo);
    if (state.received.length > LATE_BYTES) this.#late = () => luggage.bytes(state.received);
    else this.#reader.push(luggage.bytes(state.received));
    const unsent = luggage.bytes(state.unsent);
    if (unsent.length > 0) this.#outbox.frame(unsent);
    this.#isEnding = isEnding;
    this.#isRefused = isRefused;
    if (isEnding) this.#closeBeforeLong();
    setNonBlocking(this.#fd);
  }

  /** What its client has not read, nor the kernel taken for it; output that is still in its history does not count. */
  get unsentBytes(): number {
    return this.#outbox.unsentBytes;
  }

  /** Whether it was told why it is to leave. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Whether its client has closed it, or it was closed here; also while it is not read. */
  get hasLeft(): boolean {
    return this.#isClosed || isHungUp(this.#fd);
  }

  /** The protocol version agreed on; undefined before hello. */
  get protocol(): number | undefined {
    return this.#protocol;
  }

  get saidHello(): boolean {
    return this.#protocol !== undefined;
  }

  /** Id of the one session that it may see; undefined = it may do everything. */
  get limitedTo(): string | undefined {
    return this.#limitedTo;
  }

  /** Called when the versions have been agreed on. */
  welcome(protocol: number, limitedTo?: string): void {
    this.#protocol = protocol;
    this.#limitedTo = limitedTo;
    this.#helloTimer.cancel();
    this.#reader.maxControlBytes = LIMITS.controlFrameBytes;
  }

  /** `untoldForgotten`: how many sessions' ends a predecessor has left to be told. */
  watchSessions(untoldForgotten?: number): void {
    const events = { due: () => this.#flushSoon(), overrun: (error: HoldfastError) => this.end(error) };
    const { registry } = this.#surroundings.handler;
    this.#sessionWatch ??= new SessionWatch(registry, events, untoldForgotten);
  }

  // Out

  /** A request is being carried out. */
  begin(request: Request): void {
    this.#unanswered.add(request);
  }

  /** Answers a request. */
  answer(request: Request, answer: { ok: unknown } | { error: { code: string; message: string } }): void {
    this.#unanswered.delete(request);
    this.send({ id: request.id, ...answer });
  }

  /** Answers a request with a result that is JSON in UTF-8 already. */
  answerEncoded(request: Request, json: Uint8Array): void {
    this.#unanswered.delete(request);
    if (this.#isClosed || this.#isLingering) return;
    this.#outbox.frame(encodeAnswer(request.id, json));
    this.#flushSoon();
  }

  /** Tells an event, or answers what is no request. */
  send(message: object): void {
    if (this.#isClosed || this.#isLingering) return;
    this.#outbox.control(message);
    this.#flushSoon();
  }

  hasOutput(subscription: Subscription): void {
    this.channels.hasOutput(subscription);
    if (this.#isWritable) this.#flushSoon();
  }

  finish(subscription: Subscription): void {
    for (let next = subscription.next(); next; next = subscription.next())
      if (next.kind === 'event') this.send(next.event);
    this.channels.removeSubscription(subscription.channel);
  }

  addNext(batch: Batch): boolean {
    if (this.#isRefused) return false;
    // The echo of a key comes before its acknowledgement: somebody looks at it.
    if (batch.isEmpty && this.channels.addOutput(batch)) return true;
    if (this.channels.addAcknowledgement(batch)) return true;
    const sessionEvent = this.#sessionWatch?.next();
    if (sessionEvent) {
      batch.addControl(encodeControl(sessionEvent));
      return true;
    }
    return this.channels.addOutput(batch);
  }

  #progressed(input: InputChannel): void {
    if (input.unacknowledged >= ACK_AT_ONCE_BYTES) this.#flushSoon();
    else this.#ackTimer ??= this.#surroundings.reactor.after(ACK_DELAY_MS, () => this.#flushSoon());
  }

  /** At the end of the turn: what several sessions and requests have to say goes out together. */
  #flushSoon(): void {
    if (this.#isFlushDue || this.#isClosed) return;
    this.#isFlushDue = true;
    this.#surroundings.reactor.defer(() => {
      this.#hasAsked = false;
      this.#isFlushDue = false;
      this.#flush();
      return this.#doneUnlessAsked;
    });
  }

  #flush(): void {
    if (this.#isClosed) return;
    this.#ackTimer?.cancel();
    this.#ackTimer = undefined;
    try {
      this.#isWritable = this.#outbox.flush(this);
      this.captures.goOn();
    } catch (error) {
      this.#close(endInWords(error));
      return;
    }
    if (!this.#isEnding || !this.#outbox.isEmpty) return this.#goOn();
    if (this.#isRefused) return this.#linger();
    this.#discard();
    this.#close('ended');
  }

  /** A client that was in the middle of sending would, on an error of its own, never read why it was refused. */
  #linger(): void {
    try {
      endWriting(this.#fd);
    } catch {
      // ENOTCONN: it has gone before.
      this.#close('ended');
      return;
    }
    this.#isLingering = true;
    this.#watch.interest = READABLE;
  }

  /** What a socket has not read when it is closed resets the connection, and the farewell would be lost with it. */
  #discard(): 'goes on' | 'over' {
    const { readBuffer } = this.#surroundings;
    try {
      for (let reads = 0; reads < DISCARDED_READS; reads += 1) {
        const count = readAt(this.#fd, readBuffer.address, readBuffer.bytes.length);
        if (count === 0) return 'over';
        if (count === WOULD_BLOCK) break;
      }
    } catch {
      // ECONNRESET: it has gone before.
      return 'over';
    }
    return 'goes on';
  }

  // In

  /** What a callback of the reactor's is to return: bytes that only pass through leave Node nothing to do. */
  get #doneUnlessAsked(): typeof DONE | undefined {
    return this.#hasAsked || this.#isClosed ? undefined : DONE;
  }

  #onReady(ready: number): void {
    if (this.#isLingering) {
      if (this.#discard() === 'over') this.#close('ended');
      return;
    }
    if (ready & WRITABLE && !this.#isWritable) this.#flush();
    if (ready & READABLE && !this.#isClosed && !this.#isEnding) this.#read();
  }

  #read(): void {
    const { readBuffer } = this.#surroundings;
    this.#framesLeft = FRAMES_PER_TURN;
    try {
      for (let reads = 0; reads < READS_PER_TURN && this.#wantsMore; reads += 1) {
        const count = readAt(this.#fd, readBuffer.address, readBuffer.bytes.length);
        if (count === 0) return this.#close(CLOSED_BY_CLIENT);
        if (count === WOULD_BLOCK) break;
        this.#reader.push(readBuffer.bytes.subarray(0, count));
        if (count < readBuffer.bytes.length) break;
      }
    } catch (error) {
      if (error instanceof HoldfastError) return this.end(error);
      return this.#close(endInWords(error));
    }
    this.#updateInterest();
  }

  /** Handles what had to wait, as far as it may be handled now. */
  #goOn(): void {
    if (this.#isClosed) return;
    try {
      this.#backlog.goOn();
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      return this.end(error);
    }
    this.#updateInterest();
  }

  /** What was too much for this turn is handled in the next one. */
  #awaitTurn(): void {
    if (this.#framesLeft > 0 || this.#isTurnAwaited) return;
    this.#isTurnAwaited = true;
    this.#surroundings.reactor.after(0, () => {
      this.#isTurnAwaited = false;
      this.#framesLeft = FRAMES_PER_TURN;
      this.#goOn();
    });
  }

  /** A client that does not take its answers, or asks faster than it can be answered, is not asked for more. */
  get #wantsMore(): boolean {
    return !this.#isClosed && !this.#isEnding && !this.#backlog.isDue;
  }

  #updateInterest(): void {
    if (this.#isClosed || this.#isLingering) return;
    this.#awaitTurn();
    this.#watch.interest = (this.#wantsMore ? READABLE : 0) | (this.#isWritable ? 0 : WRITABLE);
  }

  control(json: string): void {
    if (!this.#backlog.isDue) return this.#handle(parseRequest(json));
    this.#backlog.add({
      handle: () => this.#handle(parseRequest(json)),
      encode: () => encodeControlText(json),
    });
  }

  data(type: DataFrameType, channel: number, offset: number, bytes: Uint8Array): void {
    if (!this.#backlog.isDue) return this.#input(channel, offset, bytes);
    // What waits outlives the buffer that was read into.
    const lasting = Buffer.from(bytes);
    this.#backlog.add({
      handle: () => this.#input(channel, offset, lasting),
      encode: () => encodeData({ type, channel, offset, bytes: lasting }),
    });
  }

  ack(type: AckFrameType, channel: number, offset: number): void {
    if (!this.#backlog.isDue) return this.#acknowledged(channel, offset);
    this.#backlog.add({
      handle: () => this.#acknowledged(channel, offset),
      encode: () => encodeAck({ type, channel, offset }),
    });
  }

  #input(channel: number, offset: number, bytes: Uint8Array): void {
    this.#framesLeft -= 1;
    this.#requireHello();
    const input = this.channels.findInput(channel);
    // Input to a channel that has just been closed may still be under way.
    if (!input) return;
    const { session, viewer } = input;
    // A terminal that answers is nobody who types.
    const replies = repliesIn(bytes);
    if (!replies) session.typedBy(this, viewer);
    input.accept(offset, bytes, replies ? session.answeredBy(this, replies, viewer) : true);
    this.#surroundings.typing.typed();
  }

  #acknowledged(channel: number, offset: number): void {
    this.#framesLeft -= 1;
    this.#requireHello();
    const subscribed = this.channels.findSubscription(channel);
    if (subscribed) subscribed.session.acknowledge(subscribed.subscription, offset);
  }

  #handle(parsed: ParsedRequest): void {
    this.#framesLeft -= 1;
    if (parsed.kind === 'bad') {
      const { id, code, message } = parsed;
      if (id === undefined || code === 'E_PROTOCOL' || !this.saidHello)
        throw new HoldfastError('E_PROTOCOL', message);
      this.send({ id, error: { code, message } });
      return;
    }
    this.#hasAsked = true;
    const { request } = parsed;
    if (!this.saidHello && request.type !== 'hello') {
      throw new HoldfastError('E_PROTOCOL', `${request.type} came before hello`);
    }
    const answered = this.#surroundings.handler.handle(this, request);
    if (!answered) return;
    this.#inProgress += 1;
    void answered.then(() => {
      this.#inProgress -= 1;
      // Its answer will be flushed, and then those that wait get their turn.
      this.#flushSoon();
    });
  }

  #requireHello(): void {
    if (!this.saidHello) throw new HoldfastError('E_PROTOCOL', 'a data frame came before hello');
  }

  // The end

  /** Says why, and closes the connection when that is written. */
  end(reason: HoldfastError): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#surroundings.log('client.refused', {
      pid: this.peerPid,
      code: reason.code,
      message: reason.message,
    });
    this.send({ event: 'closing', code: reason.code, message: reason.message });
    this.#isEnding = true;
    this.#isRefused = true;
    this.#backlog.clear();
    this.#closeBeforeLong();
  }

  /** A client that does not even read its farewell, or never stops sending, is not waited for. */
  #closeBeforeLong(): void {
    this.#surroundings.reactor.after(LIMITS.helloTimeoutMs, () => this.#close('it did not leave'));
  }

  /** Closes when everything queued has been written. */
  endQuietly(): void {
    this.#isEnding = true;
    this.#flushSoon();
  }

  #close(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#helloTimer.cancel();
    this.#ackTimer?.cancel();
    this.#watch.close();
    close(this.#fd);
    this.#sessionWatch?.close();
    this.channels.close();
    this.waits.close();
    this.captures.close();
    this.#backlog.clear();
    this.#surroundings.log('client.closed', { pid: this.peerPid, why });
    this.#surroundings.closed(this);
  }
}

/** A client that has not read everything when it closes the connection resets it: that is as good an end as any. */
function endInWords(error: unknown): string {
  return isErrno(error, 'EPIPE', 'ECONNRESET') ? CLOSED_BY_CLIENT : String(error);
}
