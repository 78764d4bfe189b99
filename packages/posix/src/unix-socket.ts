import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import koffi from 'koffi';
import { close, setCloseOnExec, setNonBlocking, WOULD_BLOCK } from './descriptors.ts';
import { check, lastError, PosixError } from './errors.ts';
import { libc } from './libc.ts';
import { isMacOS, platform } from './platform.ts';

const AF_UNIX = 1;
const STREAM = 1;
const SEQPACKET = 5;
const DGRAM = 2;
const { EAGAIN, EINTR, ECONNABORTED, EINVAL, ENAMETOOLONG } = os.constants.errno;

/** A listening Unix socket, non-blocking, mode 0600. The path must not exist. */
export function listenUnix(socketPath: string, backlog: number): number {
  const fd = newSocket(STREAM);
  try {
    withShortPath(socketPath, (short) => {
      check(libc.bind(fd, ...address(short)), 'bind', socketPath);
      fs.chmodSync(short, 0o600);
    });
    check(libc.listen(fd, backlog), 'listen', socketPath);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Connects to a Unix socket; the result is non-blocking. Throws PosixError: ENOENT (no socket), ECONNREFUSED (nobody
 * listens), EAGAIN (the listener's backlog is full), EACCES.
 */
export function connectUnix(socketPath: string): number {
  const fd = newSocket(STREAM);
  try {
    withShortPath(socketPath, (short) => check(libc.connect(fd, ...address(short)), 'connect', socketPath));
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** Sends end of file; the other side may still write. Throws PosixError(ENOTCONN) if it has gone. */
export function endWriting(fd: number): void {
  const SHUT_WR = 1;
  check(libc.shutdown(fd, SHUT_WR), 'shutdown');
}

/** The next connection, non-blocking and close-on-exec; WOULD_BLOCK if none waits. Throws PosixError(EMFILE, ENFILE…). */
export function acceptUnix(listener: number): number {
  for (;;) {
    const fd = isMacOS
      ? libc.accept(listener, null, null)
      : libc.accept4(listener, null, null, platform.nonBlock | platform.open.cloexec);
    if (fd >= 0) {
      if (isMacOS) prepare(fd);
      return fd;
    }
    const errno = koffi.errno();
    if (errno === EAGAIN) return WOULD_BLOCK;
    if (errno !== EINTR && errno !== ECONNABORTED) throw lastError('accept');
  }
}

/** Two connected sockets. `messages` keeps message boundaries, as descriptors that travel in them need. */
export function socketPair(kind: 'stream' | 'messages'): [number, number] {
  const type = kind === 'stream' ? STREAM : isMacOS ? DGRAM : SEQPACKET;
  const pair = Buffer.alloc(8);
  check(libc.socketpair(AF_UNIX, type, 0, pair), 'socketpair');
  const fds: [number, number] = [pair.readInt32LE(0), pair.readInt32LE(4)];
  fds.forEach(prepare);
  return fds;
}

/** Who is at the other end, as the kernel knows it. */
export function peerCredentials(fd: number): { uid: number; pid: number | null } {
  if (isMacOS) {
    const uid = Buffer.alloc(4);
    check(libc.getpeereid(fd, uid, Buffer.alloc(4)), 'getpeereid');
    return { uid: uid.readUInt32LE(0), pid: null };
  }
  const SO_PEERCRED = 17;
  const credentials = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(12);
  check(
    libc.getsockopt(fd, platform.socket.solSocket, SO_PEERCRED, credentials, length),
    'getsockopt',
    'SO_PEERCRED',
  );
  return { pid: credentials.readInt32LE(0), uid: credentials.readUInt32LE(4) };
}

/** Whether the descriptor is a socket that accepts connections. */
export function isListening(fd: number): boolean {
  const answer = Buffer.alloc(4);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(4);
  const { solSocket, acceptsConnections } = platform.socket;
  return (
    libc.getsockopt(fd, solSocket, acceptsConnections, answer, length) === 0 && answer.readInt32LE(0) !== 0
  );
}

/**
 * Calls `use` with a path to the same socket that fits into `sockaddr_un` (108 bytes on Linux, 104 on macOS): the given
 * one, or one through a symbolic link to its folder, which is gone again when `use` returns.
 */
export function withShortPath<T>(socketPath: string, use: (short: string) => T): T {
  if (Buffer.byteLength(socketPath) < platform.sockaddr.pathBytes) return use(socketPath);
  const folder = fs.mkdtempSync(path.join(fs.realpathSync('/tmp'), 'hf-'));
  const link = path.join(folder, 'd');
  try {
    fs.symlinkSync(path.dirname(path.resolve(socketPath)), link);
    return use(path.join(link, path.basename(socketPath)));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function newSocket(type: number): number {
  const fd = check(libc.socket(AF_UNIX, type, 0), 'socket');
  prepare(fd);
  return fd;
}

function prepare(fd: number): void {
  setCloseOnExec(fd);
  setNonBlocking(fd);
}

/** `struct sockaddr_un` and its length. */
function address(socketPath: string): [Buffer, number] {
  const { pathAt, pathBytes, hasLengthByte } = platform.sockaddr;
  const encoded = Buffer.from(socketPath);
  // A path that was cut off would name another socket, and one that begins with NUL lives where every user may connect.
  if (encoded.length >= pathBytes) throw new PosixError('bind', ENAMETOOLONG, socketPath);
  if (encoded.includes(0)) throw new PosixError('bind', EINVAL, 'to a path that contains a NUL character');
  const sockaddr = Buffer.alloc(pathAt + pathBytes);
  if (hasLengthByte) sockaddr.writeUInt8(sockaddr.length, 0);
  sockaddr.writeUInt8(AF_UNIX, hasLengthByte ? 1 : 0);
  encoded.copy(sockaddr, pathAt);
  return [sockaddr, sockaddr.length];
}
