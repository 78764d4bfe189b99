import { type Emulators, type ScreenSize } from '@holdfast/screen';
import type { HistoryFile } from './history-file.ts';
import { SessionScreen } from './session-screen.ts';

/** Screens that are kept: 50 people who attach to as many sessions find theirs, and 16 floods. */
const SCREENS = 64;
/** Cells of all screens that are kept, scrollback included, at 12 bytes each: some 16 screens of 200 x 50 with all their lines. */
const CELLS = 4 * 1024 * 1024;

/** The screens that were looked at last. What is not kept is made anew, from the history. */
export class SessionScreens {
  readonly #emulators: Emulators;
  /** By session, the one that was looked at last at the end. */
  readonly #screens = new Map<string, SessionScreen>();

  constructor(emulators: Emulators) {
    this.#emulators = emulators;
  }

  get count(): number {
    return this.#screens.size;
  }

  /** A session's screen as it is now. Throws Error if the history can't be read. */
  look(session: string, history: HistoryFile, sizeNow: ScreenSize): SessionScreen {
    const screen = this.#screens.get(session) ?? new SessionScreen(this.#emulators, history, sizeNow);
    this.#screens.delete(session);
    try {
      screen.follow(history, sizeNow);
    } catch (error) {
      // Nobody knows what it has been shown.
      screen[Symbol.dispose]();
      throw error;
    }
    this.#screens.set(session, screen);
    this.#makeRoom();
    return screen;
  }

  /** The one that was looked at last stays, whatever its size. */
  #makeRoom(): void {
    let cells = 0;
    let screens = 0;
    for (const [session, screen] of [...this.#screens].toReversed()) {
      cells += cellsOf(screen);
      screens += 1;
      if (screens === 1 || (screens <= SCREENS && cells <= CELLS)) continue;
      this.#screens.delete(session);
      screen[Symbol.dispose]();
    }
  }
}

function cellsOf({ emulator }: SessionScreen): number {
  const { normal, alternate } = emulator.terminal.buffer;
  return emulator.cols * (normal.length + alternate.length);
}
