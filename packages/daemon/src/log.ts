import fs from 'node:fs';
import { duplicateTo, isErrno } from '@holdfast/posix';

type Fields = Record<string, string | number | boolean | null | undefined>;

/** Renamed to `daemon.log.1` beyond this; so there are at most two files of this size. */
const ROTATE_BYTES = 5 * 1024 * 1024;

const STDERR = 2;

export interface Log {
  (event: string, fields?: Fields): void;
}

/**
 * A log file: one line an event, `time event key=value…`. A line that can't be written is dropped: a full disk must not
 * end anything.
 */
export class LogFile {
  readonly #path: string;
  #fd: number | undefined;
  #bytes = 0;
  #hasStderr = false;

  constructor(path: string) {
    this.#path = path;
  }

  readonly log: Log = (event, fields = {}) => {
    try {
      if (this.#bytes > ROTATE_BYTES) this.#rotate();
      if (this.#fd === undefined) this.#open();
      if (this.#fd !== undefined) this.#bytes += fs.writeSync(this.#fd, formatLine(event, fields));
    } catch {
      // ENOSPC, EDQUOT, EIO, EMFILE: there is nowhere to say so.
    }
  };

  /** From now on standard error goes to the log: the last words of Node, if it has to give up. */
  takeStderr(): void {
    this.#hasStderr = true;
    if (this.#fd !== undefined) duplicateTo(this.#fd, STDERR);
  }

  /** Nothing is logged after it. */
  close(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  #rotate(): void {
    try {
      fs.renameSync(this.#path, `${this.#path}.1`);
    } catch (error) {
      // Somebody has removed it. With any other error the log goes on growing, which is better than its end.
      if (!isErrno(error, 'ENOENT')) return;
    }
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): void {
    this.#fd = fs.openSync(this.#path, 'a', 0o600);
    this.#bytes = fs.fstatSync(this.#fd).size;
    if (this.#hasStderr) duplicateTo(this.#fd, STDERR);
  }
}

export function formatLine(event: string, fields: Fields): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${/^[\w./:@+-]+$/.test(String(value)) ? String(value) : quote(value)}`);
  return `${new Date().toISOString()} ${event}${pairs.join('')}\n`;
}

/** As JSON, without anything that a terminal could take for more than text. */
function quote(value: unknown): string {
  return JSON.stringify(value).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
