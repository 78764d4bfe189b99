import {
  close,
  isErrno,
  receiveWithFds,
  sendWithFds,
  waitReadable,
  waitWritable,
  WOULD_BLOCK,
} from '@holdfast/posix';
import { type HandoffMessage, parseHandoffMessage } from './messages.ts';

const TAKE_MS = 1_000;

export interface Received {
  readonly message: HandoffMessage;
  /** Ours to close. */
  readonly fds: readonly number[];
}

/** The socket between predecessor and successor. It keeps message boundaries and carries descriptors. */
export class HandoffChannel {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  /**
   * Sends; the kernel queues about ten messages, then the other side must take some. Throws Error if it does not within a
   * second, PosixError if it is gone.
   */
  send(message: HandoffMessage, fds: readonly number[] = []): void {
    const bytes = Buffer.from(JSON.stringify(message));
    const until = performance.now() + TAKE_MS;
    while (!sendWithFds(this.fd, bytes, fds)) {
      if (waitWritable(this.fd, Math.max(0, until - performance.now()))) continue;
      throw new Error(`the other side of the hand-over does not take "${message.type}"`);
    }
  }

  /** The next message; `none` if there is none now, `end` if the other side is gone. Throws Error for garbage. */
  receive(): Received | 'none' | 'end' {
    const received = this.#receive();
    if (received === WOULD_BLOCK) return 'none';
    if (received === undefined) return 'end';
    try {
      return { message: parseHandoffMessage(received.bytes.toString('utf8')), fds: received.fds };
    } catch (error) {
      received.fds.forEach(close);
      throw error;
    }
  }

  /** One that ended without reading everything resets the channel. That is told once, before what it has said itself. */
  #receive(): ReturnType<typeof receiveWithFds> {
    try {
      return receiveWithFds(this.fd);
    } catch (error) {
      if (!isErrno(error, 'ECONNRESET')) throw error;
      return receiveWithFds(this.fd);
    }
  }

  /** Blocks the whole process until the next message; `none` if it does not come in time. */
  receiveWithin(timeoutMs: number): Received | 'none' | 'end' {
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
