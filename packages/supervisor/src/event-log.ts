import { appendFileSync, fstatSync, renameSync, statSync } from 'node:fs';
import { close, lockFile } from '@holdfast/posix';
import { pino } from 'pino';
import type { SupervisorEvent } from './events.ts';
import type { Home } from './home.ts';
import { withoutDisk } from './write-whole.ts';

/** Renamed to `supervisor.log.1` beyond this; so there are at most two files of this size. */
const ROTATE_BYTES = 5 * 1024 * 1024;

/**
 * One line of JSON an event. Several processes write to the same file: each line is one `write` at its end, and nobody keeps it
 * open, so that none goes on in a file that another has renamed.
 */
export function eventLog({ supervisorLogPath: path, namespace }: Home): (event: SupervisorEvent) => void {
  const destination = {
    write(line: string) {
      withoutDisk(() => {
        if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_BYTES) rotate(path);
        appendFileSync(path, line, { mode: 0o600 });
      });
    },
  };
  const logger = pino(
    { base: { by: process.pid, namespace }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
  return ({ type, ...fields }) => logger.info({ event: type, ...fields });
}

/** Several processes find it too large at once: the second to rename would put the new log in the place of the one that is kept. */
function rotate(path: string): void {
  const lock = lockFile(path);
  // Somebody else is at it.
  if (lock === undefined) return;
  try {
    const { ino, size } = fstatSync(lock);
    if (size > ROTATE_BYTES && ino === statSync(path).ino) renameSync(path, `${path}.1`);
  } finally {
    close(lock);
  }
}
