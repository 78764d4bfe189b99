import fs from 'node:fs';
import os from 'node:os';
import koffi from 'koffi';
import { close, writeAt } from './descriptors.ts';
import { check, PosixError } from './errors.ts';
import { libc } from './libc.ts';
import { isMacOS, PAGE_BYTES, platform } from './platform.ts';

const READ_WRITE = 3;
const NO_ACCESS = 0;
const SHARED = 1;
const PRIVATE = 2;

/** Rounds up to whole pages. */
export function wholePages(byteCount: number): number {
  return Math.ceil(byteCount / PAGE_BYTES) * PAGE_BYTES;
}

const OPEN_FLAGS = fs.constants.O_RDWR | fs.constants.O_NOFOLLOW | platform.open.cloexec;

/**
 * Opens a file that is to be mapped, creates it if need be, and allocates its blocks: a full disk then shows here
 * (PosixError ENOSPC), never as SIGBUS on access. Mode 0600.
 */
export function openAllocated(path: string, byteCount: number): number {
  const fd = fs.openSync(path, OPEN_FLAGS | fs.constants.O_CREAT, 0o600);
  return allocated(fd, byteCount);
}

/** Opens a file that `openAllocated` has made. Throws Error if it has another size, Node's error if it is not there. */
export function reopenAllocated(path: string, byteCount: number): number {
  const fd = fs.openSync(path, OPEN_FLAGS);
  return allocated(fd, byteCount, () => {
    const { size } = fs.fstatSync(fd);
    // Allocating would make a file that was cut off whole again, with zeros.
    if (size !== byteCount) throw new Error(`${path} has ${size} bytes and not ${byteCount}`);
  });
}

/** An allocated file without a name, in memory; gone with its last descriptor and mapping. Linux only. */
export function openAnonymous(name: string, byteCount: number): number {
  const CLOSE_ON_EXEC = 1;
  const fd = check(libc.memfdCreate(name, CLOSE_ON_EXEC), 'memfd_create');
  return allocated(fd, byteCount);
}

/** The descriptor, once its file is looked at and allocated; closed if either fails. */
function allocated(fd: number, byteCount: number, look?: () => void): number {
  try {
    look?.();
    allocate(fd, byteCount);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

function allocate(fd: number, byteCount: number): void {
  if (byteCount === 0) return;
  if (isMacOS) {
    // No posix_fallocate: writing zeros is the only promise there is.
    const zeros = Buffer.alloc(PAGE_BYTES);
    for (let at = fs.fstatSync(fd).size; at < byteCount; at += PAGE_BYTES)
      fs.writeSync(fd, zeros, 0, PAGE_BYTES, at);
    return;
  }
  // A signal interrupts it on tmpfs, which then gives back what it had allocated.
  let errno: number;
  do errno = libc.fallocate(fd, 0, byteCount);
  while (errno === os.constants.errno.EINTR);
  if (errno !== 0) throw new PosixError('posix_fallocate', errno);
}

/** Shared memory of a file. */
export interface Mapping {
  readonly address: number;
  readonly byteCount: number;
  /**
   * Copies what is mapped to a file without content and maps that instead, at the same address. Throws PosixError; the
   * first file is mapped still then, or some of the second, which holds the same.
   */
  moveTo(fd: number): void;
  unmap(): void;
}

/** Maps the first `byteCount` bytes (whole pages) of a file. */
export function mapFile(fd: number, byteCount: number): Mapping {
  const address = mapAt(0, byteCount, { protection: READ_WRITE, flags: SHARED, fd });
  return mappingOf(address, byteCount, byteCount);
}

/**
 * Maps a file twice in a row, so that any range that begins in the first copy and is no longer than the file is
 * contiguous: a ring without a seam.
 */
export function mapRing(fd: number, byteCount: number): Mapping {
  const flags = PRIVATE | platform.mmap.anonymous;
  const address = mapAt(0, 2 * byteCount, { protection: NO_ACCESS, flags, fd: -1 });
  try {
    const fixed = SHARED | platform.mmap.fixed;
    mapAt(address, byteCount, { protection: READ_WRITE, flags: fixed, fd });
    mapAt(address + byteCount, byteCount, { protection: READ_WRITE, flags: fixed, fd });
  } catch (error) {
    libc.munmap(address, 2 * byteCount);
    throw error;
  }
  return mappingOf(address, byteCount, 2 * byteCount);
}

/**
 * Memory as a DataView. Not to be had where external buffers are forbidden (Electron's Node); touching it after
 * unmapping is fatal.
 */
export function viewOf(mapping: Mapping): DataView {
  return new DataView(koffi.view(mapping.address, mapping.byteCount));
}

function mapAt(
  at: number,
  byteCount: number,
  how: { protection: number; flags: number; fd: number },
): number {
  const address = libc.mmap(at, byteCount, how.protection, how.flags, how.fd, 0);
  return check(address, 'mmap', `of ${byteCount} bytes`);
}

function mappingOf(address: number, byteCount: number, mappedBytes: number): Mapping {
  let mapped = true;
  return {
    address,
    byteCount,
    moveTo(fd) {
      for (let at = 0; at < byteCount; ) at += writeAt(fd, address + at, byteCount - at);
      const flags = SHARED | platform.mmap.fixed;
      for (let at = 0; at < mappedBytes; at += byteCount)
        mapAt(address + at, byteCount, { protection: READ_WRITE, flags, fd });
    },
    unmap() {
      if (mapped) libc.munmap(address, mappedBytes);
      mapped = false;
    },
  };
}
