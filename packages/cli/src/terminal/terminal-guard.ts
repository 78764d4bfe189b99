import fs from 'node:fs';
import { isErrno, makeRaw, setAttributes, type TerminalAttributes } from '@holdfast/posix';
import { resetSequence } from './restore.ts';
import type { ScreenModes } from './screen-modes.ts';

/** ST: ends whatever sequence the output stopped in the middle of, so that what follows is understood. */
const END_OF_SEQUENCE = '\x1b\\';

/** The user's terminal: raw while a session is shown in it, and as it was on every way out. */
export class TerminalGuard {
  readonly #keyboardFd: number | undefined;
  readonly #screenFd: number | undefined;
  readonly #modes: ScreenModes;
  #before: TerminalAttributes | undefined;
  #isTouched = false;
  readonly #restore = () => this.restore();

  /** Descriptors that are no terminal are undefined. */
  constructor(terminal: {
    keyboardFd: number | undefined;
    screenFd: number | undefined;
    modes: ScreenModes;
  }) {
    this.#keyboardFd = terminal.keyboardFd;
    this.#screenFd = terminal.screenFd;
    this.#modes = terminal.modes;
    // The last resort, for exceptions and process.exit.
    process.on('exit', this.#restore);
  }

  /** Makes the keyboard raw. Once more after the process was stopped: the shell has changed it meanwhile. */
  enter(): void {
    if (this.#keyboardFd === undefined) return;
    const before = makeRaw(this.#keyboardFd);
    this.#before ??= before;
  }

  /** Output is going to the screen: from now on it may need a reset. */
  touched(): void {
    this.#isTouched = true;
  }

  /** Puts keyboard and screen back. May be called any number of times. */
  restore(): void {
    try {
      if (this.#isTouched && this.#screenFd !== undefined) {
        this.#isTouched = false;
        writeAll(this.#screenFd, END_OF_SEQUENCE + resetSequence(this.#modes));
      }
      if (this.#before && this.#keyboardFd !== undefined) setAttributes(this.#keyboardFd, this.#before);
    } catch (error) {
      // The terminal itself is gone: nothing is left to be restored.
      if (!isErrno(error, 'EIO', 'ENOTTY', 'ENXIO', 'EBADF')) throw error;
    }
    this.#before = undefined;
  }

  dispose(): void {
    this.restore();
    process.off('exit', this.#restore);
  }
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at);
}
