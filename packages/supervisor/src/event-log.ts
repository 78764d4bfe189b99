import { appendFileSync, renameSync, statSync } from 'node:fs';
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
        if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_BYTES)
          renameSync(path, `${path}.1`);
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
