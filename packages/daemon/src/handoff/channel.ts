import { close, receiveWithFds, sendWithFds, waitReadable, WOULD_BLOCK } from '@holdfast/posix';
import { type HandoffMessage, parseHandoffMessage } from './messages.ts';

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

  /** Sends without blocking. Throws Error if the other side does not take it, PosixError if it is gone. */
  send(message: HandoffMessage, fds: readonly number[] = []): void {
    if (!sendWithFds(this.fd, Buffer.from(JSON.stringify(message)), fds)) {
      throw new Error(`the other side of the hand-over does not take "${message.type}"`);
    }
  }

  /** The next message; `none` if there is none now, `end` if the other side is gone. Throws Error for garbage. */
  receive(): Received | 'none' | 'end' {
    const received = receiveWithFds(this.fd);
    if (received === WOULD_BLOCK) return 'none';
    if (received === undefined) return 'end';
    try {
      return { message: parseHandoffMessage(received.bytes.toString('utf8')), fds: received.fds };
    } catch (error) {
      received.fds.forEach(close);
      throw error;
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
