import fs from 'node:fs';
import path from 'node:path';
import type { TestHome } from '@holdfast/testkit';
import { expect } from 'vitest';

/**
 * Makes a session's ledger what it is when the daemon is killed between a write to the program and the note that it is done: that
 * moment can't be hit. Of the session's first stream of input, which is done up to the write; no daemon runs.
 */
export function pretendInFlight(home: TestHome, id: string, write: { offset: number; length: number }): void {
  const fd = fs.openSync(path.join(home.paths.stateDir, 'sessions', id, 'ledger'), 'r+');
  const done = Buffer.alloc(8);
  fs.readSync(fd, done, 0, 8, 64 + 16);
  expect(Number(done.readBigUInt64LE())).toBe(write.offset);
  const record = Buffer.alloc(16);
  record.writeUInt32LE(write.length, 4);
  record.writeBigUInt64LE(BigInt(write.offset), 8);
  fs.writeSync(fd, record, 0, 16, 16);
  fs.closeSync(fd);
}
