import { closeSync, openSync, writeSync } from 'node:fs';

/** 100 bytes, as peerbench.py writes them. */
const LINE = `${Array.from({ length: 99 }, (_, at) => String.fromCharCode(33 + (at % 90))).join('')}\n`;
const LINES_PER_MB = 10_000;

/** Writes a text file of so many MB for programs to show. */
export function writeText(file: string, mb: number): void {
  const block = Buffer.from(LINE.repeat(LINES_PER_MB));
  const fd = openSync(file, 'wx');
  for (let written = 0; written < mb; written += 1) writeSync(fd, block);
  closeSync(fd);
}
