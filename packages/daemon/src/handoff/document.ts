import fs from 'node:fs';
import { close, openAnonymous } from '@holdfast/posix';

/** A JSON document in memory without a name: it is too large for a message, and nothing of it may ever be on disk. */
export interface MemoryDocument {
  readonly memory: number;
  readonly bytes: number;
}

/** The descriptor is the caller's to close. Throws PosixError where there is no room. */
export function writeDocument(document: unknown): MemoryDocument {
  const text = Buffer.from(JSON.stringify(document));
  const memory = openAnonymous('holdfast-hand-over', text.length);
  try {
    for (let at = 0; at < text.length; ) at += fs.writeSync(memory, text, at, text.length - at, at);
  } catch (error) {
    close(memory);
    throw error;
  }
  return { memory, bytes: text.length };
}

/** The document's text. Closes the descriptor. Throws Error if there are fewer bytes than there should be. */
export function readDocument({ memory, bytes }: MemoryDocument): string {
  const text = Buffer.alloc(bytes);
  try {
    for (let at = 0; at < bytes; ) {
      const count = fs.readSync(memory, text, at, bytes - at, at);
      if (count === 0) throw new Error(`a document has ${at} bytes and not ${bytes}`);
      at += count;
    }
  } finally {
    close(memory);
  }
  return text.toString('utf8');
}
