import {
  close,
  DescriptorsLostError,
  MessageChannel,
  openPidfd,
  READABLE,
  type Reactor,
  type ReceivedMessage,
  sendingFails,
  sendSignal,
  waitReadable,
  type Watch,
  WRITABLE,
} from '@holdfast/posix';
import {
  type DaemonStart,
  type FromKeeper,
  KEEPER_LIMITS,
  parseToKeeper,
  type ToKeeper,
  UnknownMessageError,
} from '@holdfast/protocol/keeper';
import type { Escrow, Held } from './escrow.ts';
import { log } from './log.ts';

/** What is to be sent, with a descriptor that is held, or with one that is closed when it has been sent. */
export interface Outgoing {
  readonly message: FromKeeper;
  readonly held?: Held | undefined;
  readonly fd?: number | undefined;
}

export interface DaemonParts {
  /** Our end of its channel; undefined if that has ended. */
  readonly channelFd?: number | undefined;
  /** Unknown for a successor that has not said anything. */
  readonly pid?: number | undefined;
  readonly pidfd?: number | undefined;
  /** What to start when it dies. */
  readonly start?: DaemonStart | undefined;
  /** On the machine's monotonic clock. */
  readonly readyAtMs?: number | undefined;
  readonly isStopping?: boolean | undefined;
  readonly queue?: readonly Outgoing[];
}

export interface DaemonSurroundings {
  readonly reactor: Reactor;
  readonly escrow: Escrow;
  readonly usePidfd: boolean;
  /** Something can be received or sent, or it has ended. */
  readonly wake: () => void;
}

const LIMITS = {
  messageBytes: KEEPER_LIMITS.messageBytes,
  descriptors: KEEPER_LIMITS.descriptorsPerMessage,
};

const RETRY_MS = 100;

/** A message whose descriptors did not come: there was no room for them here, or there were too many. */
export interface Mutilated {
  readonly message: ToKeeper;
  readonly fds: 'lost';
}

/** A daemon as the keeper sees it: a process at the other end of a channel. Nothing here waits for it. */
export class Daemon {
  start: DaemonStart | undefined;
  readyAtMs: number | undefined;
  /** Its end is meant. */
  isStopping: boolean;
  readonly #surroundings: DaemonSurroundings;
  readonly #queue: Outgoing[];
  #channel: MessageChannel<FromKeeper, ToKeeper> | undefined;
  #channelWatch: Watch | undefined;
  #pid: number | undefined;
  #pidfd: number | undefined;
  #pidfdWatch: Watch | undefined;
  #isPausing = false;
  #hasHungUp = false;

  constructor(parts: DaemonParts, surroundings: DaemonSurroundings) {
    this.#surroundings = surroundings;
    this.start = parts.start;
    this.readyAtMs = parts.readyAtMs;
    this.isStopping = parts.isStopping ?? false;
    this.#queue = [...(parts.queue ?? [])];
    if (parts.channelFd !== undefined) {
      this.#channel = new MessageChannel(parts.channelFd, parseToKeeper, LIMITS);
      this.#channelWatch = surroundings.reactor.watch(parts.channelFd, READABLE, surroundings.wake);
    }
    this.#pidfd = parts.pidfd;
    if (parts.pid !== undefined) this.identify(parts.pid);
  }

  /** All of it, for a keeper that takes the place of this one. */
  get parts(): DaemonParts & { readonly queue: readonly Outgoing[] } {
    const { start, readyAtMs, isStopping } = this;
    const channelFd = this.#channel?.fd;
    return {
      channelFd,
      pid: this.#pid,
      pidfd: this.#pidfd,
      start,
      readyAtMs,
      isStopping,
      queue: this.#queue,
    };
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  /** Now it is known which process it is. Once said, it stays. */
  identify(pid: number): void {
    if (this.#pid !== undefined) return;
    this.#pid = pid;
    if (this.#surroundings.usePidfd) this.#pidfd ??= openPidfd(pid);
    if (this.#pidfd === undefined) return;
    this.#pidfdWatch = this.#surroundings.reactor.watch(this.#pidfd, READABLE, this.#surroundings.wake);
  }

  /** Whether it can be heard and told something. */
  get isReachable(): boolean {
    return this.#channel !== undefined;
  }

  /**
   * Whether its process is gone. Without a pidfd, whether it has closed its channel: a zombie that its own parent has not waited
   * for can be told from a process that lives by nothing else. That we have closed it says nothing.
   */
  get hasEnded(): boolean {
    if (this.#pidfd !== undefined) return waitReadable(this.#pidfd, 0);
    return this.#hasHungUp || (this.#pid !== undefined && !sendSignal(this.#pid, 0));
  }

  /** Queues a message. One that does not read so many is not worth a channel: it is closed. */
  send(outgoing: Outgoing): void {
    if (this.#channel && this.#queue.length < KEEPER_LIMITS.queuedMessages) this.#queue.push(outgoing);
    else {
      if (outgoing.fd !== undefined) close(outgoing.fd);
      this.closeChannel();
    }
  }

  /** Tells it of every exit that nobody has recorded. */
  tellExits(): void {
    for (const { pid, status } of this.#surroundings.escrow.exited)
      this.send({ message: { type: 'exited', pid, status } });
  }

  /** Sends what the other side takes now; the rest when it takes some. */
  flush(): void {
    while (this.#channel && !this.#isPausing) {
      const [next] = this.#queue;
      if (!next) break;
      const fd = next.held?.fd ?? next.fd;
      const isClosed = next.held !== undefined && !this.#surroundings.escrow.isHeld(next.held);
      if (!isClosed && !this.#trySend(next.message, fd)) break;
      this.#queue.shift();
      if (next.fd !== undefined) close(next.fd);
    }
    const isBehind = this.#queue.length > 0 && !this.#isPausing;
    if (this.#channelWatch) this.#channelWatch.interest = isBehind ? READABLE | WRITABLE : READABLE;
  }

  /** The next message; undefined if there is none now. */
  receive(): ReceivedMessage<ToKeeper> | Mutilated | undefined {
    for (;;) {
      try {
        return this.#receive();
      } catch (error) {
        const rest = this.#restOf(error);
        if (rest === 'nothing') return undefined;
        if (rest !== 'passedOver') return rest;
      }
    }
  }

  /** What is left of a message that could not be received. */
  #restOf(error: unknown): Mutilated | 'passedOver' | 'nothing' {
    try {
      if (!(error instanceof DescriptorsLostError)) throw error;
      return { message: parseToKeeper(error.bytes.toString('utf8')), fds: 'lost' };
    } catch (fault) {
      const isUnknown = fault instanceof UnknownMessageError;
      log(isUnknown ? 'unknown-message' : 'channel-failed', { pid: this.#pid, error: String(fault) });
      if (isUnknown) return 'passedOver';
      // Garbage, a message that is too long, a reset: there is no going on after any of them.
      this.closeChannel();
      return 'nothing';
    }
  }

  #receive(): ReceivedMessage<ToKeeper> | undefined {
    const received = this.#channel?.receive();
    if (typeof received === 'object') return received;
    if (received === 'end') {
      this.#hasHungUp = true;
      this.closeChannel();
      // This round has asked already who has ended.
      this.#surroundings.wake();
    }
    return undefined;
  }

  closeChannel(): void {
    this.#channelWatch?.close();
    this.#channel?.close();
    this.#channel = undefined;
    this.#channelWatch = undefined;
    this.#discardQueue();
  }

  #discardQueue(): void {
    for (const { fd } of this.#queue.splice(0)) if (fd !== undefined) close(fd);
  }

  /** The process is left as it is. */
  dispose(): void {
    this.closeChannel();
    this.#pidfdWatch?.close();
    if (this.#pidfd !== undefined) close(this.#pidfd);
  }

  /** Too many descriptors are under way for this user, or there is no memory; nothing tells when that is over. */
  #pause(): void {
    this.#isPausing = true;
    this.#surroundings.reactor.after(RETRY_MS, () => {
      this.#isPausing = false;
      this.#surroundings.wake();
    });
  }

  #trySend(message: FromKeeper, fd: number | undefined): boolean {
    try {
      return this.#channel?.trySend(message, fd === undefined ? [] : [fd]) ?? false;
    } catch (error) {
      const fails = sendingFails(error);
      if (fails === 'later') this.#pause();
      // It is gone, but what it has said may still be unread. Its end is told by reading.
      else if (fails === 'gone') this.#discardQueue();
      else log('not-sent', { pid: this.#pid, type: message.type, error: String(error) });
      return fails === 'never';
    }
  }
}
