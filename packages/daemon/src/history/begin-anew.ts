import path from 'node:path';
import { close, type Mapping, mapFile, reopenAllocated } from '@holdfast/posix';
import { LEDGER_BYTES, Ledger } from './ledger.ts';
import { Marks, MARKS_FILE_BYTES } from './marks.ts';

/**
 * Far above what can have been recorded since the last offset that is known: the output of some days at full speed. Offsets
 * have room for 500 such leaps.
 */
const LEAP_BYTES = 2 ** 44;
/** A number beyond it is a damaged one. */
const OFFSET_MAX = Number.MAX_SAFE_INTEGER - LEAP_BYTES;

/**
 * Where a history is to begin in place of a damaged one, so that no offset comes a second time: at the end of that one where
 * its ledger can be read, else above all that anybody can know. `known` = offsets that were told to somebody.
 */
export function beginAnew(folder: string, known: readonly number[]): number {
  const end = readMapped(path.join(folder, 'ledger'), LEDGER_BYTES, (it) => new Ledger(it, false).end);
  if (end !== undefined && end < OFFSET_MAX) return end;
  const marks = readMapped(path.join(folder, 'marks'), MARKS_FILE_BYTES, (it) => new Marks(it, false).all());
  const offsets = [...known, ...(marks ?? []).map(({ offset }) => offset)];
  return Math.max(0, ...offsets.filter((offset) => offset < OFFSET_MAX)) + LEAP_BYTES;
}

/** Undefined if the file is missing or damaged. */
function readMapped<T>(file: string, byteCount: number, read: (mapping: Mapping) => T): T | undefined {
  try {
    const fd = reopenAllocated(file, byteCount);
    let mapping: Mapping;
    try {
      mapping = mapFile(fd, byteCount);
    } finally {
      close(fd);
    }
    try {
      return read(mapping);
    } finally {
      mapping.unmap();
    }
  } catch {
    // ENOENT, too short, not what it should be: it tells nothing then.
    return undefined;
  }
}
