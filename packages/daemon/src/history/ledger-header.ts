/** What a ledger's page begins with; `ledger.ts` has the whole page. Also for those who only look, and call no libc. */
export const LEDGER_HEADER_BYTES = 64;
export const LEDGER_MAGIC = 0x4c46_4c48;
export const LEDGER_SCHEMA = 1;
export const LEDGER_END_AT = 8;
export const LEDGER_BEGIN_AT = 32;
export const LEDGER_QUERIES_AT = 40;

/** Offsets of the first byte that was ever recorded in a history, and behind the last one. */
export interface RecordedRange {
  readonly begin: number;
  readonly end: number;
}

/** Throws Error if this is not how a ledger begins that can be gone on with. */
export function readLedgerHeader(page: Buffer): RecordedRange {
  if (page.readUInt32LE(0) !== LEDGER_MAGIC)
    throw new Error('the ledger is damaged: it does not begin as one');
  const schema = page.readUInt32LE(4);
  if (schema !== LEDGER_SCHEMA)
    throw new Error(`the ledger has schema ${schema}; this daemon knows ${LEDGER_SCHEMA}`);
  const range = { begin: readU64(page, LEDGER_BEGIN_AT), end: readU64(page, LEDGER_END_AT) };
  // Written so that what is no number fails, too.
  if (!(range.begin <= range.end))
    throw new Error('the ledger is damaged: the output does not end behind its beginning');
  return range;
}

/** NaN if it is no safe integer. */
export function readU64(bytes: Buffer, at: number): number {
  const value = bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
