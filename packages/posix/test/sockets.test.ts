import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  acceptUnix,
  addressOf,
  Block,
  close,
  connectUnix,
  FDS_PER_MESSAGE,
  Gather,
  isCloseOnExec,
  isNonBlocking,
  listenUnix,
  MESSAGE_BYTES_MAX,
  peerCredentials,
  READABLE,
  read,
  receiveWithFds,
  sendWithFds,
  setNonBlocking,
  socketPair,
  WOULD_BLOCK,
  WRITABLE,
  withShortPath,
  write,
} from '@holdfast/posix';
import { libc } from '../src/libc.ts';
import { withOpenFilesSoftLimit } from '../src/limits.ts';
import { openDescriptors } from './kit/descriptors.ts';
import { onReactor } from './kit/on-reactor.ts';
import { Scratch } from './kit/scratch.ts';

const failure = (code: string) => expect.objectContaining({ name: 'PosixError', code });

describe('descriptors in a message', () => {
  test('arrive in order, 250 at once, close-on-exec, as the same open files', () => {
    using scratch = new Scratch();
    const [ours, theirs] = socketPair('messages');
    const sent = Array.from({ length: FDS_PER_MESSAGE }, (_, index) =>
      fs.openSync(scratch.path(`${index}`), 'w+'),
    );
    for (const [index, fd] of sent.entries()) fs.writeSync(fd, `file ${index}`);
    expect(sendWithFds(ours, Buffer.from('take these'), sent)).toBe(true);
    sent.forEach((fd) => close(fd));
    const message = receiveWithFds(theirs);
    if (message === undefined || message === WOULD_BLOCK) throw new Error('nothing arrived');
    expect(message.bytes.toString()).toBe('take these');
    expect(message.fds.length).toBe(FDS_PER_MESSAGE);
    for (const [index, fd] of message.fds.entries()) {
      const content = Buffer.alloc(32);
      expect(content.toString('utf8', 0, fs.readSync(fd, content, 0, 32, 0))).toBe(`file ${index}`);
      expect(isCloseOnExec(fd)).toBe(true);
    }
    [...message.fds, ours, theirs].forEach((fd) => close(fd));
  });

  test('keep their messages apart: without any, with one, and 64 KiB of bytes', () => {
    const [ours, theirs] = socketPair('messages');
    const large = randomBytes(MESSAGE_BYTES_MAX);
    expect(receiveWithFds(theirs)).toBe(WOULD_BLOCK);
    sendWithFds(ours, Buffer.from('one'), []);
    sendWithFds(ours, Buffer.from('two'), [0]);
    sendWithFds(ours, large, []);
    close(ours);
    const messages = Array.from({ length: 4 }, () => receiveWithFds(theirs));
    expect(messages[0]).toEqual({ bytes: Buffer.from('one'), fds: [] });
    expect(messages[1]).toMatchObject({ bytes: Buffer.from('two'), fds: [expect.any(Number)] });
    expect(messages[2]).toEqual({ bytes: large, fds: [] });
    expect(messages[3]).toBeUndefined();
    const [, second] = messages;
    if (typeof second === 'object') second.fds.forEach((fd) => close(fd));
    close(theirs);
  });

  test('are not taken, without waiting, once the queue is full, and are when it has room again', () => {
    const before = openDescriptors();
    const [ours, theirs] = socketPair('messages');
    let taken = 0;
    while (sendWithFds(ours, Buffer.from('x'), [0])) taken += 1;
    expect(taken).toBeGreaterThan(1);
    const message = receiveWithFds(theirs);
    if (typeof message === 'object') message.fds.forEach((fd) => close(fd));
    expect(sendWithFds(ours, Buffer.from('x'), [0])).toBe(true);
    close(ours);
    close(theirs);
    expect(openDescriptors()).toEqual(before);
  });

  test('to a peer that is gone are EPIPE; the rest of what it sent is still read, then comes the end', () => {
    const [ours, theirs] = socketPair('messages');
    sendWithFds(theirs, Buffer.from('last'), []);
    close(theirs);
    expect(() => sendWithFds(ours, Buffer.from('x'), [0])).toThrow(failure('EPIPE'));
    expect(receiveWithFds(ours)).toMatchObject({ bytes: Buffer.from('last') });
    expect(receiveWithFds(ours)).toBeUndefined();
    close(ours);
  });

  test('that this process has no room for are an error, and none of them stays open', () => {
    const [ours, theirs] = socketPair('messages');
    sendWithFds(
      ours,
      Buffer.from('x'),
      Array.from({ length: 100 }, () => 0),
    );
    const before = openDescriptors();
    withOpenFilesSoftLimit(60, () => expect(() => receiveWithFds(theirs)).toThrow(failure('EMFILE')));
    expect(openDescriptors()).toEqual(before);
    close(ours);
    close(theirs);
  });

  test('never make a receiver wait, even if its socket blocks', () => {
    const [ours, theirs] = socketPair('messages');
    setNonBlocking(theirs, false);
    expect(receiveWithFds(theirs)).toBe(WOULD_BLOCK);
    close(ours);
    close(theirs);
  });

  test('are refused where the message could not be received', () => {
    const [ours, theirs] = socketPair('messages');
    const many = Array.from({ length: FDS_PER_MESSAGE + 1 }, () => 0);
    expect(() => sendWithFds(ours, Buffer.from('x'), many)).toThrow(RangeError);
    expect(() => sendWithFds(ours, Buffer.alloc(0), [])).toThrow(RangeError);
    expect(() => sendWithFds(ours, Buffer.alloc(MESSAGE_BYTES_MAX + 1), [])).toThrow(RangeError);
    expect(receiveWithFds(theirs)).toBe(WOULD_BLOCK);
    close(ours);
    close(theirs);
  });
});

describe('a Unix socket', () => {
  test('connects, tells who is there, and is readable for nobody else', () => {
    using scratch = new Scratch();
    const listener = listenUnix(scratch.path('socket'), 16);
    expect(fs.statSync(scratch.path('socket')).mode & 0o777).toBe(0o600);
    expect(acceptUnix(listener)).toBe(WOULD_BLOCK);
    const client = connectUnix(scratch.path('socket'));
    const server = acceptUnix(listener);
    expect(acceptUnix(listener)).toBe(WOULD_BLOCK);
    for (const fd of [listener, client, server])
      expect([isNonBlocking(fd), isCloseOnExec(fd)]).toEqual([true, true]);
    const us = { uid: process.getuid?.(), pid: process.pid };
    expect(peerCredentials(server)).toEqual(us);
    expect(peerCredentials(client)).toEqual(us);
    write(client, Buffer.from('hello'));
    const buffer = Buffer.alloc(16);
    expect(read(server, buffer, 0, 16)).toBe(5);
    close(client);
    expect(read(server, buffer, 0, 16)).toBe(0);
    close(server);
    close(listener);
  });

  test('says why nobody answers: ENOENT, ECONNREFUSED, EADDRINUSE, and EAGAIN while its backlog is full', () => {
    using scratch = new Scratch();
    const before = openDescriptors();
    const socketPath = scratch.path('socket');
    expect(() => connectUnix(socketPath)).toThrow(failure('ENOENT'));
    const listener = listenUnix(socketPath, 2);
    expect(() => listenUnix(socketPath, 2)).toThrow(failure('EADDRINUSE'));
    const clients: number[] = [];
    expect(() => {
      for (let count = 0; count < 10; count += 1) clients.push(connectUnix(socketPath));
    }).toThrow(failure('EAGAIN'));
    expect(clients.length).toBe(3);
    const server = acceptUnix(listener);
    clients.push(connectUnix(socketPath));
    [...clients, server, listener].forEach((fd) => close(fd));
    expect(() => connectUnix(socketPath)).toThrow(failure('ECONNREFUSED'));
    expect(openDescriptors()).toEqual(before);
  });

  test('may have a path of any length', () => {
    using scratch = new Scratch();
    for (const length of [106, 107, 108, 109, 300]) {
      const fill = length - scratch.folder.length - '/'.length - '/socket'.length;
      const folder = scratch.path('f'.repeat(Math.min(fill, 200)));
      const deep = fill > 200 ? `${folder}/${'g'.repeat(fill - 201)}` : folder;
      fs.mkdirSync(deep, { recursive: true });
      const socketPath = `${deep}/socket`;
      expect(socketPath.length).toBe(length);
      const listener = listenUnix(socketPath, 1);
      expect(fs.statSync(socketPath).isSocket()).toBe(true);
      const client = connectUnix(socketPath);
      const server = acceptUnix(listener);
      expect(server).toBeGreaterThan(2);
      [client, server, listener].forEach((fd) => close(fd));
    }
    const link = withShortPath(`/${'x'.repeat(200)}/socket`, (short) => path.dirname(short));
    expect(fs.existsSync(path.dirname(link))).toBe(false);
  });

  test('is never one whose name was cut off, nor in the namespace that all users share', () => {
    using scratch = new Scratch();
    expect(() => listenUnix(scratch.path('s'.repeat(150)), 1)).toThrow(failure('ENAMETOOLONG'));
    expect(() => connectUnix('\0abstract')).toThrow(failure('EINVAL'));
    expect(fs.readdirSync(scratch.folder)).toEqual([]);
  });
});

test('pieces that are gathered arrive byte for byte, however little the socket takes', async () => {
  await onReactor(async (reactor) => {
    const [ours, theirs] = socketPair('stream');
    const small = Buffer.alloc(4);
    small.writeInt32LE(4_096);
    const [SOL_SOCKET, SO_SNDBUF] = [1, 7];
    expect(libc.setsockopt(ours, SOL_SOCKET, SO_SNDBUF, small, 4)).toBe(0);

    const source = new Block(2_000_000);
    randomBytes(source.bytes.length).copy(source.bytes);
    const gather = new Gather(16);
    let sent = 0;
    let partial = 0;
    const sending = new Promise<void>((resolve) => {
      const watch = reactor.watch(ours, WRITABLE, () => {
        gather.clear();
        for (
          let at = sent, piece = 1;
          !gather.isFull && at < source.bytes.length;
          piece = (piece * 7 + 3) % 9_000
        ) {
          const length = Math.min(piece, source.bytes.length - at);
          gather.add(source.address + at, length);
          at += length;
        }
        const count = gather.write(ours);
        if (count === WOULD_BLOCK) return;
        if (count < gather.byteCount) partial += 1;
        sent += count;
        if (sent < source.bytes.length) return;
        watch.close();
        close(ours);
        resolve();
      });
    });
    const hash = createHash('sha256');
    const receiving = new Promise<void>((resolve) => {
      const buffer = Buffer.alloc(1_000);
      const watch = reactor.watch(theirs, READABLE, () => {
        const count = read(theirs, buffer, 0, buffer.length);
        if (count === WOULD_BLOCK) return;
        if (count > 0) {
          hash.update(buffer.subarray(0, count));
          return;
        }
        watch.close();
        close(theirs);
        resolve();
      });
    });
    await Promise.all([sending, receiving]);
    expect(partial).toBeGreaterThan(0);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(source.bytes).digest('hex'));
  });
});

test('a gather takes no more than its capacity, and writes nothing as nothing', () => {
  const [ours, theirs] = socketPair('stream');
  const gather = new Gather(2);
  expect(gather.write(ours)).toBe(0);
  const bytes = Buffer.alloc(8);
  gather.add(addressOf(bytes), 8);
  gather.add(addressOf(bytes), 8);
  expect(gather.isFull).toBe(true);
  expect(() => gather.add(addressOf(bytes), 8)).toThrow(RangeError);
  expect(gather.byteCount).toBe(16);
  expect(gather.write(ours)).toBe(16);
  gather.clear();
  expect([gather.byteCount, gather.isFull]).toEqual([0, false]);
  close(theirs);
  gather.add(addressOf(bytes), 8);
  expect(() => gather.write(ours)).toThrow(failure('EPIPE'));
  close(ours);
});
