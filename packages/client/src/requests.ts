import {
  encodeControl,
  FRAME_HEADER_BYTES,
  HoldfastError,
  LIMITS,
  parseResult,
  type RequestParameters,
  type RequestResult,
  type RequestType,
} from '@holdfast/protocol';
import { type Answer, HELLO_ID } from './connection.ts';
import { disconnected, errorFromWire, protocolError } from './failure.ts';
import type { Clock, Timer } from './transport.ts';

/** A request that has no answer after so long is given up, unless its caller says otherwise. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** Requests without an answer: as many as the daemon lets wait, and as many short ones beside them. */
const PENDING_REQUESTS = 2 * LIMITS.waitingRequestsPerClient;
/** Those that change nothing, so that a lost answer can be asked for again. */
const REPEATABLE: ReadonlySet<RequestType> = new Set([
  'status',
  'list',
  'get',
  'capture',
  'timeline',
  'wait',
]);

/** Those that the daemon would keep, perhaps for ever, if it were not told that nobody waits for the answer. */
const CANCELLED: ReadonlySet<RequestType> = new Set(['wait']);

/** Where an answer goes, at once: output that follows it in the same chunk comes later. One of them is called. */
export interface Reply<T extends RequestType> {
  ok(result: RequestResult<T>): void;
  failed(error: HoldfastError): void;
}

interface Pending {
  readonly type: RequestType;
  readonly frame: Uint8Array;
  readonly answered: (ok: unknown) => void;
  readonly failed: (error: HoldfastError) => void;
  timer: Timer | undefined;
  isSent: boolean;
}

/** The requests that have no answer yet, across connections. Those made while there is none wait for the next. */
export class Requests {
  readonly #clock: Clock;
  readonly #isHeldBack: () => boolean;
  readonly #pending = new Map<number, Pending>();
  #nextId = HELLO_ID + 1;
  #send: ((frame: Uint8Array) => void) | undefined;
  /** Why no connection will come any more. */
  #ending: HoldfastError | undefined;

  /** `isHeldBack`: reading is paused, so that an answer may be there unread. */
  constructor(clock: Clock, isHeldBack: () => boolean) {
    this.#clock = clock;
    this.#isHeldBack = isHeldBack;
  }

  /** Sends a request; `timeoutMs` null means none. Returns what gives it up: nobody is told of its answer then, if it is still to come. */
  issue<T extends RequestType>(
    request: { type: T; parameters: RequestParameters<T>; timeoutMs: number | null },
    reply: Reply<T>,
  ): () => void {
    const { type, parameters, timeoutMs } = request;
    const refuse = (error: HoldfastError) => {
      reply.failed(error);
      return () => {};
    };
    if (this.#ending) return refuse(this.#ending);
    if (this.#pending.size >= PENDING_REQUESTS)
      return refuse(new HoldfastError('E_LIMIT', `${PENDING_REQUESTS} requests have no answer yet`));
    const id = this.#nextId++;
    const frame = encodeControl({ id, type, ...parameters });
    const byteCount = frame.length - FRAME_HEADER_BYTES;
    if (byteCount > LIMITS.controlFrameBytes) {
      // The daemon would close the connection, and with it everything else that goes on there.
      const why = `${type}: ${byteCount} bytes are more than a request may have (${LIMITS.controlFrameBytes})`;
      return refuse(new HoldfastError('E_LIMIT', why));
    }
    const answered = (ok: unknown) => {
      const parsed = parseResult(type, ok);
      if (parsed.kind === 'result') return reply.ok(parsed.result);
      const error = protocolError(`an answer can't be read: ${parsed.message}`);
      reply.failed(error);
      throw error;
    };
    const pending: Pending = {
      type,
      frame,
      answered,
      failed: (error) => reply.failed(error),
      timer: undefined,
      isSent: false,
    };
    this.#pending.set(id, pending);
    if (timeoutMs !== null) this.#expire(id, pending, timeoutMs);
    this.#sendOne(pending);
    return () => this.#giveUp(id, pending);
  }

  /** There is a connection; what waits for one is sent by `sendWaiting`. */
  connected(send: (frame: Uint8Array) => void): void {
    this.#send = send;
  }

  sendWaiting(): void {
    for (const pending of this.#pending.values()) this.#sendOne(pending);
  }

  /** Takes the daemon's answer. Throws E_PROTOCOL for one that can't be. */
  take(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    if (!pending) {
      if (answer.id >= this.#nextId) throw protocolError(`an answer has the unknown id ${answer.id}`);
      return; // It came after the time-out, or was given up.
    }
    this.#drop(answer.id, pending);
    if (answer.kind === 'answer') pending.answered(answer.ok);
    else pending.failed(errorFromWire(answer));
  }

  /** The connection is gone: what is safe to repeat waits for the next one, the rest fails. */
  disconnected(cause: HoldfastError): void {
    this.#send = undefined;
    for (const [id, pending] of this.#pending) {
      if (!pending.isSent) continue;
      pending.isSent = false;
      if (REPEATABLE.has(pending.type)) continue;
      this.#drop(id, pending);
      pending.failed(cause.code === 'E_DISCONNECTED' ? cause : disconnected(cause));
    }
  }

  /** No connection will come any more. */
  abandon(error: HoldfastError): void {
    this.#ending = error;
    this.#send = undefined;
    for (const [id, pending] of this.#pending) {
      this.#drop(id, pending);
      pending.failed(error);
    }
  }

  #sendOne(pending: Pending): void {
    if (pending.isSent || !this.#send) return;
    pending.isSent = true;
    this.#send(pending.frame);
  }

  #expire(id: number, pending: Pending, timeoutMs: number): void {
    pending.timer = this.#clock.after(timeoutMs, () => {
      if (this.#isHeldBack()) return this.#expire(id, pending, timeoutMs);
      this.#giveUp(id, pending);
      pending.failed(new HoldfastError('E_TIMEOUT', `${pending.type}: no answer within ${timeoutMs} ms`));
    });
  }

  /** Nobody waits for the answer any more; it may have come meanwhile. */
  #giveUp(id: number, pending: Pending): void {
    if (!this.#pending.has(id)) return;
    this.#drop(id, pending);
    if (!pending.isSent || !CANCELLED.has(pending.type)) return;
    // Not repeated, and no answer is waited for: it ends with the connection as the wait does, and an older daemon does not know it.
    this.#send?.(encodeControl({ id: this.#nextId++, type: 'cancel', request: id }));
  }

  #drop(id: number, pending: Pending): void {
    pending.timer?.cancel();
    this.#pending.delete(id);
  }
}
