import fs from 'node:fs';
import { close, openAnonymous } from '@holdfast/posix';

/** A JSON document in memory without a name: it is too large for a message, and nothing of it may ever be on disk. */
export interface MemoryDocument {
  readonly memory: number;
  readonly bytes: number;
}

/** The descriptor is the caller's to close. Throws PosixError where there is no room. */
export function writeDocument(document: unknown): MemoryDocument {
  return writeText(JSON.stringify(document));
}

/** As `writeDocument`, of a document that is text already. */
export function writeText(text: string): MemoryDocument {
  const bytes = Buffer.from(text);
  const memory = openAnonymous('holdfast-hand-over', bytes.length);
  try {
    writeAll(memory, bytes, 0);
  } catch (error) {
    close(memory);
    throw error;
  }
  return { memory, bytes: bytes.length };
}

/** The document's text. Closes the descriptor. Throws Error if there are fewer bytes than there should be. */
export function readDocument({ memory, bytes }: MemoryDocument): string {
  try {
    return readAll(memory, { at: 0, length: bytes }).toString('utf8');
  } finally {
    close(memory);
  }
}

/** Writes all of it, from `at` on. Throws Node's error. */
export function writeAll(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += fs.writeSync(fd, bytes, done, bytes.length - done, at + done);
}

/** Reads as many as are wanted. Throws Error if there are fewer, and allocates nothing then. */
export function readAll(fd: number, { at, length }: { at: number; length: number }): Buffer {
  const { size } = fs.fstatSync(fd);
  if (at + length > size) throw new Error(`${length} bytes are wanted from ${at} on, and there are ${size}`);
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) done += fs.readSync(fd, bytes, done, length - done, at + done);
  return bytes;
}
