import fs from 'node:fs';

const STDERR = 2;

/** One line, on standard error: until the first daemon runs whoever started the keeper reads that, then it is keeper.log. */
export function log(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  try {
    fs.writeSync(STDERR, `${new Date().toISOString()} keeper.${event} ${JSON.stringify(fields)}\n`);
  } catch {
    // ENOSPC, EPIPE, EAGAIN: nothing may depend on a log.
  }
}
