import fs, { type FileHandle } from 'node:fs/promises';
import { duplicateTo, isErrno } from '@holdfast/posix';

type Fields = Record<string, string | number | boolean | null | undefined>;

/** Renamed to `daemon.log.1` beyond this; so there are at most two files of this size. */
const ROTATE_BYTES = 5 * 1024 * 1024;

const STDERR = 2;
/** Lines that wait for the disk; what comes in beyond is counted. A disk that stands still so long is told of by other means. */
const LINES_MAX = 10_000;
/** That a process which ends waits for its last lines. */
const LAST_LINES_MS = 1_000;

export interface Log {
  (event: string, fields?: Fields): void;
}

/**
 * A log file: one line an event, `time event key=value…`. Nobody waits for the disk, which may stand still for half a second
 * while its journal is written: lines are written by a thread of libuv, in their order. One that can't be written is dropped: a
 * full disk must not end anything.
 */
export class LogFile {
  readonly #path: string;
  #file: FileHandle | undefined;
  #bytes = 0;
  #hasStderr = false;
  #waiting: string[] = [];
  #dropped = 0;
  #writing: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  readonly log: Log = (event, fields = {}) => {
    if (this.#waiting.length === LINES_MAX) this.#dropped += 1;
    else this.#waiting.push(formatLine(event, fields));
    this.#writing ??= this.#writeAll();
  };

  /** From now on standard error goes to the log: the last words of Node, if it has to give up. */
  takeStderr(): void {
    this.#hasStderr = true;
    if (this.#file) duplicateTo(this.#file.fd, STDERR);
  }

  /** For a process that is about to end: resolves when all that was logged is in the file, or the disk has stood still for too long. */
  async lastLines(): Promise<void> {
    await Promise.race([this.#settled(), new Promise((resolve) => setTimeout(resolve, LAST_LINES_MS))]);
  }

  /** Closes the file when all is written; it is opened again if there is more. */
  async close(): Promise<void> {
    await this.#settled();
    await this.#closeFile();
  }

  async #settled(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // Lines of one turn make one write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.splice(0);
      if (this.#dropped > 0) lines.push(formatLine('log.dropped', { lines: this.#dropped }));
      this.#dropped = 0;
      try {
        await this.#write(lines.join(''));
      } catch {
        // ENOSPC, EDQUOT, EIO, EMFILE: there is nowhere to say so.
      }
    }
    this.#writing = undefined;
  }

  async #write(lines: string): Promise<void> {
    if (this.#bytes > ROTATE_BYTES) await this.#rotate();
    this.#file ??= await this.#open();
    const { bytesWritten } = await this.#file.write(lines);
    this.#bytes += bytesWritten;
  }

  async #rotate(): Promise<void> {
    try {
      await fs.rename(this.#path, `${this.#path}.1`);
    } catch (error) {
      // Somebody has removed it. With any other error the log goes on growing, which is better than its end.
      if (!isErrno(error, 'ENOENT')) return;
    }
    await this.#closeFile();
  }

  async #open(): Promise<FileHandle> {
    const file = await fs.open(this.#path, 'a', 0o600);
    this.#bytes = (await file.stat()).size;
    if (this.#hasStderr) duplicateTo(file.fd, STDERR);
    return file;
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
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
