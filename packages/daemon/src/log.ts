import fs from 'node:fs';

type Fields = Record<string, string | number | boolean | null | undefined>;

/** Renamed to `daemon.log.1` beyond this; so there are at most two files of this size. */
const ROTATE_BYTES = 5 * 1024 * 1024;

export interface Log {
  (event: string, fields?: Fields): void;
}

/**
 * A log file: one line an event, `time event key=value…`. A line that can't be written is dropped: a full disk must not
 * end anything.
 */
export function openLog(path: string): Log {
  let fd = open(path);
  let bytes = size(fd);
  return (event, fields = {}) => {
    const line = formatLine(event, fields);
    try {
      if (bytes > ROTATE_BYTES) {
        fs.renameSync(path, `${path}.1`);
        if (fd !== undefined) fs.closeSync(fd);
        fd = open(path);
        bytes = 0;
      }
      if (fd !== undefined) bytes += fs.writeSync(fd, line);
    } catch {
      // ENOSPC, EDQUOT, EIO: there is nowhere to say so.
    }
  };
}

export function formatLine(event: string, fields: Fields): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}=${/^[\w./:@+-]+$/.test(String(value)) ? String(value) : JSON.stringify(value)}`,
    );
  return `${new Date().toISOString()} ${event}${pairs.join('')}\n`;
}

function open(path: string): number | undefined {
  try {
    return fs.openSync(path, 'a', 0o600);
  } catch {
    return undefined;
  }
}

function size(fd: number | undefined): number {
  return fd === undefined ? 0 : fs.fstatSync(fd).size;
}
