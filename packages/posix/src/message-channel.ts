import { close, WOULD_BLOCK } from './descriptors.ts';
import { isErrno } from './errors.ts';
import {
  type FdMessage,
  FDS_PER_MESSAGE,
  FdReceiver,
  MESSAGE_BYTES_MAX,
  type MessageLimits,
  sendWithFds,
} from './fd-passing.ts';
import { waitReadable, waitWritable } from './wait-readable.ts';

/** How long `send` waits for room. */
const TAKE_MS = 1_000;

/**
 * What a message that could not be sent needs: nothing helps it (`never`), the system lacks something that comes back without
 * being told (`later`), or there is nobody to take it (`gone`).
 */
export function sendingFails(error: unknown): 'never' | 'later' | 'gone' {
  if (isErrno(error, 'ETOOMANYREFS', 'ENOBUFS', 'ENOMEM')) return 'later';
  // A descriptor that is not open, a message that is too long.
  if (error instanceof RangeError || isErrno(error, 'EBADF', 'EMSGSIZE', 'EINVAL')) return 'never';
  return 'gone';
}

const WIDEST: MessageLimits = { messageBytes: MESSAGE_BYTES_MAX, descriptors: FDS_PER_MESSAGE };

export interface ReceivedMessage<Incoming> {
  readonly message: Incoming;
  /** Ours to close. */
  readonly fds: readonly number[];
}

/** A socket between two processes that keeps message boundaries and carries descriptors. A message is one JSON document. */
export class MessageChannel<Outgoing extends { readonly type: string }, Incoming> {
  readonly fd: number;
  readonly #parse: (text: string) => Incoming;
  readonly #receiver: FdReceiver;

  /** `parse` throws Error for what is no message. Takes over the descriptor. */
  constructor(fd: number, parse: (text: string) => Incoming, limits: MessageLimits = WIDEST) {
    this.fd = fd;
    this.#parse = parse;
    this.#receiver = new FdReceiver(limits);
  }

  /** Sends without blocking; false if the other side has to take something first. Throws PosixError if it is gone. */
  trySend(message: Outgoing, fds: readonly number[] = []): boolean {
    return sendWithFds(this.fd, Buffer.from(JSON.stringify(message)), fds);
  }

  /**
   * Sends, and waits for room if need be: the kernel queues some messages, then the other side must take one. False if it does
   * not in time. Throws PosixError if it is gone.
   */
  sendWithin(timeoutMs: number, message: Outgoing, fds: readonly number[] = []): boolean {
    const until = performance.now() + timeoutMs;
    while (!this.trySend(message, fds)) {
      if (!waitWritable(this.fd, Math.max(0, until - performance.now()))) return false;
    }
    return true;
  }

  /** As sendWithin a second; throws Error if it is not taken. */
  send(message: Outgoing, fds: readonly number[] = []): void {
    if (!this.sendWithin(TAKE_MS, message, fds))
      throw new Error(`the other side of the channel does not take "${message.type}"`);
  }

  /**
   * The next message; `none` if there is none now, `end` if the other side is gone. Throws Error for garbage, PosixError for
   * one that breaks a limit, DescriptorsLostError for one whose descriptors did not come; nothing of it stays open then.
   */
  receive(): ReceivedMessage<Incoming> | 'none' | 'end' {
    const received = this.#receive();
    if (received === WOULD_BLOCK) return 'none';
    if (received === undefined) return 'end';
    try {
      return { message: this.#parse(received.bytes.toString('utf8')), fds: received.fds };
    } catch (error) {
      received.fds.forEach(close);
      throw error;
    }
  }

  /** One that ended without reading everything resets the channel. That is told once, before what it has said itself. */
  #receive(): FdMessage | typeof WOULD_BLOCK | undefined {
    try {
      return this.#receiver.receive(this.fd);
    } catch (error) {
      if (!isErrno(error, 'ECONNRESET')) throw error;
      return this.#receiver.receive(this.fd);
    }
  }

  /** Blocks the whole process until the next message; `none` if it does not come in time. */
  receiveWithin(timeoutMs: number): ReceivedMessage<Incoming> | 'none' | 'end' {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const received = this.receive();
      if (received !== 'none') return received;
      if (!waitReadable(this.fd, Math.max(0, until - performance.now()))) return 'none';
    }
  }

  close(): void {
    close(this.fd);
  }
}
