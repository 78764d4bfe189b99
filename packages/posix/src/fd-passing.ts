import os from 'node:os';
import koffi from 'koffi';
import { close, WOULD_BLOCK } from './descriptors.ts';
import { lastError, PosixError } from './errors.ts';
import { setAddress } from './gather.ts';
import { libc } from './libc.ts';
import { Block } from './memory.ts';
import { platform } from './platform.ts';

/** The kernel takes at most 253 descriptors in one message (SCM_MAX_FD). */
export const FDS_PER_MESSAGE = 250;
/** Messages over about 208 KiB fail on Linux; what is larger travels as a descriptor of a memfd. */
export const MESSAGE_BYTES_MAX = 64 * 1024;

const { EAGAIN, EINTR, EMFILE, EMSGSIZE } = os.constants.errno;

export interface FdMessage {
  readonly bytes: Buffer;
  /** Ours to close, close-on-exec. O_NONBLOCK is as the sender had it: it belongs to the open file description. */
  readonly fds: readonly number[];
}

/**
 * Sends one message with descriptors over a `messages` socket, without blocking. True if it was taken, false if the
 * receiver's queue is full. Throws PosixError: EPIPE, ECONNRESET, ETOOMANYREFS (too many descriptors in flight), EMSGSIZE.
 */
export function sendWithFds(socket: number, bytes: Uint8Array, fds: readonly number[]): boolean {
  if (fds.length > FDS_PER_MESSAGE) throw new RangeError(`${fds.length} descriptors in one message`);
  // An empty message could not be told from the end.
  if (bytes.length < 1 || bytes.length > MESSAGE_BYTES_MAX)
    throw new RangeError(`a message of ${bytes.length} bytes`);
  const message = new MessageHeader(bytes.length, fds.length);
  message.data.bytes.set(bytes);
  message.putFds(fds);
  for (;;) {
    const flags = platform.socket.msgNoSignal | platform.socket.msgDontWait;
    if (libc.sendmsg(socket, message.header.address, flags) >= 0) return true;
    const errno = koffi.errno();
    if (errno === EAGAIN) return false;
    if (errno !== EINTR) throw lastError('sendmsg');
  }
}

/** Receives one message as FdReceiver does. */
export function receiveWithFds(socket: number): FdMessage | typeof WOULD_BLOCK | undefined {
  return new FdReceiver({ messageBytes: MESSAGE_BYTES_MAX, descriptors: FDS_PER_MESSAGE }).receive(socket);
}

export interface MessageLimits {
  /** Bytes in one message from the other side. */
  readonly messageBytes: number;
  /** Descriptors in one message from the other side. */
  readonly descriptors: number;
}

/** There was no room for the descriptors of a message, and none of them is open. */
export class DescriptorsLostError extends PosixError {
  /** What came nevertheless. */
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    super('recvmsg', EMFILE, 'the whole message');
    this.bytes = bytes;
  }
}

/** Receives messages, one after the other, into the same memory. */
export class FdReceiver {
  readonly #limits: MessageLimits;
  readonly #message: MessageHeader;

  constructor(limits: MessageLimits) {
    this.#limits = limits;
    this.#message = new MessageHeader(limits.messageBytes, limits.descriptors);
  }

  /**
   * The next message, whose bytes are valid until the one after it; without blocking: WOULD_BLOCK if none is there, undefined at
   * the end. Throws DescriptorsLostError (EMFILE) if this process or the limits had no room for all of its descriptors, PosixError
   * (EMSGSIZE) for a longer one; the message is taken from the socket then, and nothing of it stays open.
   */
  receive(socket: number): FdMessage | typeof WOULD_BLOCK | undefined {
    const message = this.#message;
    for (;;) {
      message.reset(this.#limits.descriptors);
      const flags = platform.socket.msgCmsgCloexec | platform.socket.msgDontWait;
      const count = libc.recvmsg(socket, message.header.address, flags);
      if (count === 0) return undefined;
      if (count > 0) {
        const fds = message.takeFds();
        const bytes = message.data.bytes.subarray(0, count);
        // Control messages are aligned: where an odd number has room, one more has.
        const errno = message.cutOff() ?? (fds.length > this.#limits.descriptors ? EMFILE : undefined);
        if (errno === undefined) return { bytes, fds };
        fds.forEach(close);
        if (errno === EMFILE) throw new DescriptorsLostError(Buffer.from(bytes));
        throw new PosixError('recvmsg', errno, 'the whole message');
      }
      const errno = koffi.errno();
      if (errno === EAGAIN) return WOULD_BLOCK;
      if (errno !== EINTR) throw lastError('recvmsg');
    }
  }
}

/** `struct msghdr` with one piece of data and room for one SCM_RIGHTS control message. */
class MessageHeader {
  readonly header = new Block(platform.message.size);
  readonly data: Block;
  readonly #iovec = new Block(16);
  readonly #control: Block;

  constructor(byteCount: number, fdCount: number) {
    this.data = new Block(Math.max(byteCount, 1));
    this.#control = new Block(fdCount === 0 ? 0 : controlBytes(fdCount));
    setAddress(this.#iovec.view, 0, this.data.address);
    setAddress(this.#iovec.view, 8, byteCount);
    const { view } = this.header;
    setAddress(view, 16, this.#iovec.address);
    view.setUint32(platform.message.iovCountAt, 1, true);
    setAddress(view, platform.message.controlAt, fdCount === 0 ? 0 : this.#control.address);
    this.reset(fdCount);
  }

  /** Ready to receive: the kernel has written over the lengths. */
  reset(fdCount: number): void {
    const { view } = this.header;
    view.setUint32(platform.message.controlLengthAt, fdCount === 0 ? 0 : controlBytes(fdCount), true);
  }

  putFds(fds: readonly number[]): void {
    if (fds.length === 0) return;
    const { view } = this.#control;
    const { size, levelAt, typeAt } = platform.controlHeader;
    view.setUint32(0, size + fds.length * 4, true);
    view.setInt32(levelAt, platform.socket.solSocket, true);
    view.setInt32(typeAt, platform.socket.scmRights, true);
    fds.forEach((fd, index) => view.setInt32(size + index * 4, fd, true));
    this.header.view.setUint32(platform.message.controlLengthAt, controlBytes(fds.length), true);
  }

  /** Why the kernel could not give all of the message, if so. */
  cutOff(): number | undefined {
    const flags = this.header.view.getUint32(platform.message.flagsAt, true);
    if (flags & platform.socket.msgCut) return EMSGSIZE;
    return flags & platform.socket.msgControlCut ? EMFILE : undefined;
  }

  takeFds(): number[] {
    const received = this.header.view.getUint32(platform.message.controlLengthAt, true);
    const { size } = platform.controlHeader;
    if (received < size) return [];
    const { view } = this.#control;
    const length = view.getUint32(0, true);
    const fds: number[] = [];
    for (let at = size; at + 4 <= length; at += 4) fds.push(view.getInt32(at, true));
    return fds;
  }
}

/** CMSG_SPACE */
function controlBytes(fdCount: number): number {
  const { size, align } = platform.controlHeader;
  return size + Math.ceil((fdCount * 4) / align) * align;
}
