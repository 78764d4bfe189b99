import { isErrno, leaveRaw, makeRaw, type RawMode, WOULD_BLOCK, write } from '@holdfast/posix';
import { END_OF_SEQUENCE, ENTER_ALTERNATE_SCREEN, resetSequence, TITLE } from './restore.ts';
import type { TerminalModes } from './terminal-modes.ts';
import { viewport } from './viewport.ts';

/** How long a terminal that takes nothing is waited for: it may be behind a slow line. Nobody waits for a process that dies. */
const PATIENCE_MS = { leaving: 30_000, dying: 1_000 };
const PAUSE_MS = 10;

/** The user's terminal: raw while a session is shown in it, and as it was on every way out. */
export class TerminalGuard {
  readonly #keyboardFd: number | undefined;
  readonly #screenFd: number | undefined;
  readonly #modes: TerminalModes;
  #mode: RawMode | undefined;
  #isTouched = false;
  #isTitleKept = false;
  #wasReset = false;
  readonly #lastResort = () => this.restore(PATIENCE_MS.dying);

  /** Descriptors that are no terminal are undefined. */
  constructor(terminal: {
    keyboardFd: number | undefined;
    screenFd: number | undefined;
    modes: TerminalModes;
  }) {
    this.#keyboardFd = terminal.keyboardFd;
    this.#screenFd = terminal.screenFd;
    this.#modes = terminal.modes;
    // The last resort, for exceptions and process.exit; before the terminal is disowned.
    process.prependListener('exit', this.#lastResort);
  }

  /**
   * Makes the keyboard raw. Once more after the process was stopped: the shell has changed it meanwhile, and what the
   * program repaints belongs on the screen that it was on.
   */
  enter(): void {
    if (this.#wasReset && this.#modes.isAlternate) {
      this.touched();
      this.write(ENTER_ALTERNATE_SCREEN);
    }
    this.#wasReset = false;
    if (this.#keyboardFd === undefined) return;
    const mode = makeRaw(this.#keyboardFd);
    this.#mode = this.#mode ? { ...mode, before: this.#mode.before } : mode;
  }

  /** Output is going to the screen: from now on it may need a reset. */
  touched(): void {
    this.#isTouched = true;
  }

  /** What to write before the first output, so that the terminal keeps its title until it is restored. Empty if it does already. */
  keepTitle(): string {
    if (this.#isTitleKept) return '';
    this.#isTitleKept = true;
    this.touched();
    return TITLE.keep;
  }

  /** Puts keyboard and screen back. May be called any number of times. */
  restore(patienceMs: number = PATIENCE_MS.leaving): void {
    if (this.#isTouched) {
      this.#isTouched = false;
      this.#wasReset = true;
      const title = this.#isTitleKept ? TITLE.back : '';
      this.#isTitleKept = false;
      const { cols } = this.#screenFd === undefined ? { cols: 0 } : viewport(this.#screenFd);
      this.write(END_OF_SEQUENCE + resetSequence(this.#modes, cols) + title, patienceMs);
    }
    if (this.#mode && this.#keyboardFd !== undefined) {
      const mode = this.#mode;
      this.#mode = undefined;
      unlessGone(() => leaveRaw(this.#keyboardFd ?? -1, mode));
    }
  }

  /** Writes to the screen now, whatever else is going on. */
  write(text: string, patienceMs: number = PATIENCE_MS.leaving): void {
    const fd = this.#screenFd;
    if (fd !== undefined) unlessGone(() => writeAll(fd, text, patienceMs));
  }

  dispose(): void {
    this.restore();
    process.off('exit', this.#lastResort);
  }
}

/** Writes all of it, in one go for everybody else. A terminal that stays stuck for longer than that gets no more. */
function writeAll(fd: number, text: string, patienceMs: number): void {
  const bytes = Buffer.from(text);
  const deadline = performance.now() + patienceMs;
  for (let at = 0; at < bytes.length && performance.now() < deadline; ) {
    const count = write(fd, bytes, at);
    if (count === WOULD_BLOCK) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    else at += count;
  }
}

/** Of a terminal that has been closed nothing is left to be restored. */
function unlessGone(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!isErrno(error, 'EIO', 'ENOTTY', 'ENXIO', 'EBADF')) throw error;
  }
}
