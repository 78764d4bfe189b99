import fs from 'node:fs';
import { duplicate, setCloseOnExec, setNonBlocking } from './descriptors.ts';
import { check } from './errors.ts';
import { libc } from './libc.ts';
import { platform } from './platform.ts';

/** What `tcgetattr` gave, to be given back unchanged. */
type TerminalAttributes = { readonly termios: Buffer };

/** What makes it possible to leave raw mode again. */
export interface RawMode {
  readonly before: TerminalAttributes;
  readonly raw: TerminalAttributes;
}

export interface TerminalSize {
  /** 1 to 65,535 each. */
  cols: number;
  rows: number;
}

const APPLY_NOW = 0;
/** Larger than any platform's struct termios, in case a libc writes more than the kernel's fields. */
const TERMIOS_BUFFER_BYTES = 256;

export function isTerminal(fd: number): boolean {
  return libc.isatty(fd) === 1;
}

/** The terminal's size. Throws PosixError(ENOTTY) if it is none. */
export function windowSize(fd: number): TerminalSize {
  const winsize = Buffer.alloc(8);
  check(libc.ioctl(fd, platform.ioctl.getWindowSize, 'void *', winsize), 'ioctl', 'TIOCGWINSZ');
  return { rows: winsize.readUInt16LE(0), cols: winsize.readUInt16LE(2) };
}

/** Sets the size; the foreground process group gets SIGWINCH if it differs. Works on a master, too. */
export function setWindowSize(fd: number, size: TerminalSize): void {
  const winsize = Buffer.alloc(8);
  winsize.writeUInt16LE(size.rows, 0);
  winsize.writeUInt16LE(size.cols, 2);
  check(libc.ioctl(fd, platform.ioctl.setWindowSize, 'void *', winsize), 'ioctl', 'TIOCSWINSZ');
}

/** The attributes of a terminal; on Linux a master answers for its slave. */
function attributes(fd: number): TerminalAttributes {
  const termios = Buffer.alloc(TERMIOS_BUFFER_BYTES);
  check(libc.tcgetattr(fd, termios), 'tcgetattr');
  return { termios };
}

function setAttributes(fd: number, { termios }: TerminalAttributes): void {
  check(libc.tcsetattr(fd, APPLY_NOW, termios), 'tcsetattr');
}

/** Puts the terminal into raw mode (`cfmakeraw`). */
export function makeRaw(fd: number): RawMode {
  const before = attributes(fd);
  const raw = Buffer.from(before.termios);
  libc.cfmakeraw(raw);
  setAttributes(fd, { termios: raw });
  // As the kernel has it, which may not have taken all of it.
  return { before, raw: attributes(fd) };
}

/**
 * Puts the terminal back as it was before raw mode, unless somebody else has changed it since: a pager behind our output has, which
 * was there before us and has put it back already.
 */
export function leaveRaw(fd: number, { before, raw }: RawMode): void {
  if (attributes(fd).termios.equals(raw.termios)) setAttributes(fd, before);
}

/** Tells the line discipline that input is UTF-8, so that erasing in canonical mode takes whole characters. */
export function markUtf8(fd: number): void {
  const { termios } = attributes(fd);
  const inputFlags = termios.readUInt32LE(0) | platform.termios.utf8Input;
  termios.writeUInt32LE(inputFlags >>> 0, 0);
  setAttributes(fd, { termios });
}

/** The end-of-file character, or undefined if the terminal is not in canonical mode: then a program reads raw bytes. */
export function endOfFileCharacter(fd: number): number | undefined {
  const { termios } = attributes(fd);
  const { flagBytes, canonical, controlCharsAt, endOfFile } = platform.termios;
  const localFlags = termios.readUInt32LE(3 * flagBytes);
  const character = termios[controlCharsAt + endOfFile];
  return localFlags & canonical && character !== 0 ? character : undefined;
}

/** Process group in the foreground of the terminal; undefined if there is none. Works on a master, too. */
export function foregroundProcessGroup(fd: number): number | undefined {
  const group = Buffer.alloc(4);
  if (libc.ioctl(fd, platform.ioctl.getForeground, 'void *', group) < 0) return undefined;
  const pgid = group.readInt32LE(0);
  return pgid > 0 ? pgid : undefined;
}

/**
 * A non-blocking descriptor of the same terminal or pipe with an open file description of its own, so that O_NONBLOCK
 * does not reach the shell that shares the given one. Where nothing can be reopened (a socket), a duplicate that
 * blocks as the given one does.
 */
export function reopenNonBlocking(fd: number, direction: 'read' | 'write'): number {
  const path = isTerminal(fd) ? terminalName(fd) : `/dev/fd/${fd}`;
  // A regular file never blocks, and reopening it would start at its beginning again.
  const isFile = fs.fstatSync(fd).isFile();
  if (path !== undefined && !isFile) {
    const mode = direction === 'read' ? fs.constants.O_RDONLY : fs.constants.O_WRONLY;
    try {
      const reopened = fs.openSync(path, mode | fs.constants.O_NOCTTY | fs.constants.O_NONBLOCK);
      setCloseOnExec(reopened);
      setNonBlocking(reopened);
      return reopened;
    } catch {
      // A socket (ENXIO), or a terminal of another user after `su` (EACCES).
    }
  }
  return duplicate(fd);
}

/** Path of the terminal: `/dev/pts/3`. */
function terminalName(fd: number): string | undefined {
  const name = Buffer.alloc(256);
  if (libc.ttynameR(fd, name, name.length) !== 0) return undefined;
  return name.toString('utf8', 0, name.indexOf(0));
}
