import { closeSync, openSync, writeSync } from 'node:fs';

const ROWS = 40;
const COLUMNS = 120;
const BLOCK_BYTES = 1_000_000;
/** The terminal as it was, so that what the shell prints is seen. */
const PLAIN = '\x1b[m\x1b[H\x1b[J';

/** Writes a file of so many MB for programs to show: each character in its own colour, each few of them elsewhere on the screen. */
export function writeEscapes(file: string, mb: number): void {
  let text = '';
  for (let at = 0; text.length < BLOCK_BYTES; at += 1) {
    if (at % 8 === 0) text += `\x1b[${1 + ((at * 7) % ROWS)};${1 + ((at * 11) % COLUMNS)}H`;
    text += `\x1b[${at % 2 === 0 ? 1 : 22};38;5;${(at * 13) % 256}m${String.fromCharCode(33 + (at % 90))}`;
  }
  const fd = openSync(file, 'wx');
  for (let written = 0; written < mb; written += 1) writeSync(fd, text);
  writeSync(fd, PLAIN);
  closeSync(fd);
}
