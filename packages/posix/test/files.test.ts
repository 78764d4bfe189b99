import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  Block,
  close,
  closeInherited,
  copyOut,
  duplicate,
  isCloseOnExec,
  isErrno,
  lockFile,
  mapFile,
  mapRing,
  openAllocated,
  openAnonymous,
  PAGE_BYTES,
  pipe,
  read,
  readAt,
  setCloseOnExec,
  viewOf,
  WOULD_BLOCK,
  wholePages,
  write,
  writeAt,
} from '@holdfast/posix';
import { openDescriptors } from './kit/descriptors.ts';
import { Scratch } from './kit/scratch.ts';

describe('a locked file', () => {
  test('is locked for everybody else, in this process, too', () => {
    using scratch = new Scratch();
    const before = openDescriptors();
    const holder = lockFile(scratch.path('lock')) ?? -1;
    expect(isCloseOnExec(holder)).toBe(true);
    expect(lockFile(scratch.path('lock'))).toBeUndefined();
    close(holder);
    const next = lockFile(scratch.path('lock')) ?? -1;
    expect(next).toBeGreaterThan(2);
    close(next);
    expect(openDescriptors()).toEqual(before);
    expect(fs.statSync(scratch.path('lock')).mode & 0o777).toBe(0o600);
  });

  test('stays so until the last duplicate is gone, in whichever process', async () => {
    using scratch = new Scratch();
    const holder = lockFile(scratch.path('lock')) ?? -1;
    const second = duplicate(holder);
    const other = spawn('/bin/cat', { stdio: ['pipe', 'ignore', 'inherit', holder] });
    await once(other, 'spawn');
    close(holder);
    expect(lockFile(scratch.path('lock'))).toBeUndefined();
    close(second);
    expect(lockFile(scratch.path('lock'))).toBeUndefined();
    const exited = once(other, 'exit');
    other.stdin?.end();
    await exited;
    const next = lockFile(scratch.path('lock'));
    expect(next).toBeDefined();
    close(next ?? -1);
  });

  test('that cannot be opened is an error, not a held lock', () => {
    expect(() => lockFile('/nonexistent/lock')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});

describe('a mapped file', () => {
  test('is a ring without a seam, and what is written lands in the file', () => {
    using scratch = new Scratch();
    const byteCount = 2 * PAGE_BYTES;
    const fd = openAllocated(scratch.path('ring'), byteCount);
    const ring = mapRing(fd, byteCount);
    const view = viewOf(ring);
    expect(view.byteLength).toBe(byteCount);
    const { read: end, write: start } = pipe();
    write(start, Buffer.from('0123456789'));
    // From the last 4 bytes of the first copy into the first 6 of the second.
    expect(readAt(end, ring.address + byteCount - 4, 10)).toBe(10);
    expect(copyOut(ring.address + byteCount - 4, 10).toString()).toBe('0123456789');
    const content = fs.readFileSync(scratch.path('ring'));
    expect(content.length).toBe(byteCount);
    expect(content.subarray(0, 6).toString()).toBe('456789');
    expect(content.subarray(-4).toString()).toBe('0123');
    expect(view.getUint8(0)).toBe('4'.charCodeAt(0));
    expect(writeAt(start, ring.address + byteCount - 4, 10)).toBe(10);
    const back = Buffer.alloc(10);
    read(end, back, 0, 10);
    expect(back.toString()).toBe('0123456789');
    ring.unmap();
    ring.unmap();
    [fd, end, start].forEach((each) => close(each));
  });

  test('keeps what it held when it is opened and mapped again', () => {
    using scratch = new Scratch();
    for (const expected of [0, 42]) {
      const fd = openAllocated(scratch.path('file'), PAGE_BYTES);
      const mapping = mapFile(fd, PAGE_BYTES);
      close(fd);
      const view = viewOf(mapping);
      expect(view.getUint32(100, true)).toBe(expected);
      view.setUint32(100, 42, true);
      mapping.unmap();
    }
    expect(fs.statSync(scratch.path('file')).mode & 0o777).toBe(0o600);
  });

  test('has its blocks from the beginning', () => {
    using scratch = new Scratch();
    const fd = openAllocated(scratch.path('file'), 1024 * 1024);
    expect(fs.fstatSync(fd).blocks * 512).toBeGreaterThanOrEqual(1024 * 1024);
    close(fd);
  });

  test('is never opened through a symbolic link', () => {
    using scratch = new Scratch();
    fs.symlinkSync(scratch.path('elsewhere'), scratch.path('link'));
    expect(() => openAllocated(scratch.path('link'), PAGE_BYTES)).toThrow(
      expect.objectContaining({ code: 'ELOOP' }),
    );
    expect(fs.existsSync(scratch.path('elsewhere'))).toBe(false);
  });

  test('that the disk has no room for is ENOSPC, and leaves no descriptor', (context) => {
    using scratch = new Scratch();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', scratch.folder], { stdio: 'pipe' });
    } catch (error) {
      context.skip(`no tmpfs can be mounted: ${String(error)}`);
    }
    try {
      const before = openDescriptors();
      expect(() => openAllocated(scratch.path('large'), 1024 * 1024)).toThrow(
        expect.objectContaining({ name: 'PosixError', code: 'ENOSPC', syscall: 'posix_fallocate' }),
      );
      expect(openDescriptors()).toEqual(before);
    } finally {
      execFileSync('umount', [scratch.folder]);
    }
  });

  test('may have no name: shared memory that is gone with its last descriptor', () => {
    const fd = openAnonymous('hold fast', PAGE_BYTES);
    expect(isCloseOnExec(fd)).toBe(true);
    expect(openDescriptors().get(fd)).toContain('memfd:hold fast');
    const mapping = mapFile(fd, PAGE_BYTES);
    viewOf(mapping).setUint8(7, 99);
    const seen = Buffer.alloc(1);
    fs.readSync(fd, seen, 0, 1, 7);
    expect(seen[0]).toBe(99);
    mapping.unmap();
    close(fd);
  });

  test('rounds up to whole pages', () => {
    expect([0, 1, PAGE_BYTES, PAGE_BYTES + 1].map(wholePages)).toEqual([
      0,
      PAGE_BYTES,
      PAGE_BYTES,
      2 * PAGE_BYTES,
    ]);
  });
});

describe('reading and writing', () => {
  test('takes small buffers, parts of buffers and pooled ones, byte for byte', () => {
    const { read: end, write: start } = pipe();
    for (let run = 0; run < 2_000; run += 1) {
      const text = `message ${run}`;
      // Small ones lie in V8's heap until they are given away, pooled ones in the middle of a larger one.
      for (const bytes of [
        new Uint8Array(Buffer.from(text)),
        Buffer.from(text),
        Buffer.from(`..${text}..`).subarray(2, -2),
      ]) {
        expect(write(start, bytes)).toBe(text.length);
        const into = Buffer.alloc(text.length + 2);
        expect(read(end, into, 1, 1_000)).toBe(text.length);
        expect(into.toString('latin1')).toBe(`\0${text}\0`);
      }
    }
    expect(read(end, Buffer.alloc(1), 0, 1)).toBe(WOULD_BLOCK);
    close(start);
    expect(read(end, Buffer.alloc(1), 0, 1)).toBe(0);
    close(end);
  });

  test('says WOULD_BLOCK when nothing more is taken, and throws what is an error', () => {
    const { read: end, write: start } = pipe();
    const piece = Buffer.alloc(65_536);
    while (write(start, piece) !== WOULD_BLOCK);
    close(end);
    expect(() => write(start, piece)).toThrow(expect.objectContaining({ code: 'EPIPE', syscall: 'write' }));
    close(start);
    expect(() => read(end, piece, 0, 1)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  test('has blocks of memory whose address stays', () => {
    const block = new Block(16);
    const { read: end, write: start } = pipe();
    const garbage = Array.from({ length: 1_000 }, () => new Uint8Array(5_000));
    expect(garbage.length).toBe(1_000);
    write(start, Buffer.from('sixteen bytes...'));
    expect(readAt(end, block.address, 16)).toBe(16);
    expect(block.bytes.toString()).toBe('sixteen bytes...');
    expect(block.view.getUint8(0)).toBe('s'.charCodeAt(0));
    [end, start].forEach((each) => close(each));
  });
});

test('what was inherited by accident is closed, what is ours or is to be kept stays', () => {
  const ours = fs.openSync('/dev/null', 'r');
  const [inherited = -1, kept = -1] = [1, 2].map(() => {
    const fd = fs.openSync('/dev/null', 'r');
    setCloseOnExec(fd, false);
    return fd;
  });
  closeInherited([kept, ...[...openDescriptors().keys()].filter((fd) => fd > 2 && fd < ours)]);
  const open = openDescriptors();
  expect([ours, inherited, kept].map((fd) => open.has(fd))).toEqual([true, false, true]);
  expect(() => fs.fstatSync(inherited)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  expect(isErrno(new Error('no code'), 'EBADF')).toBe(false);
  [ours, kept].forEach((fd) => close(fd));
});
