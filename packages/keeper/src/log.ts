import fs from 'node:fs';

const STDERR = 2;
/** A keeper that may not write for so long has more to fear than a lost line. */
const LINES_MAX = 1_000;

const waiting: string[] = [];

/** Notes a line; `writeLog` writes it. */
export function log(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  if (waiting.length === LINES_MAX) waiting.shift();
  waiting.push(`${new Date().toISOString()} keeper.${event} ${JSON.stringify(fields)}\n`);
}

/**
 * Writes what has been noted, on standard error: until the first daemon runs whoever started the keeper reads that, then it
 * is keeper.log. It may stand still for as long as the disk does: half a second is nothing rare while a journal is written.
 */
export function writeLog(): void {
  if (waiting.length === 0) return;
  try {
    fs.writeSync(STDERR, waiting.splice(0).join(''));
  } catch {
    // ENOSPC, EPIPE, EAGAIN: nothing may depend on a log.
  }
}
