import { type Emulators, Serializer } from '@holdfast/screen';
import type { ScreenedSession } from '../messages.ts';
import { CheckpointFile } from './checkpoint-file.ts';
import { HistoryFile } from './history-file.ts';
import { SessionScreen } from './session-screen.ts';

/** Screens that are kept: 50 people who attach to as many sessions find theirs, and some more. */
const SCREENS = 64;
/** Cells of all screens that are kept, scrollback included, at 12 bytes each: some 16 screens of 200 x 50 with all their lines. */
const CELLS = 4 * 1024 * 1024;
/** After so much output a screen is saved while it is kept, as somebody may end this process: to show that much again takes 0.2 s at most. */
const SAVED_EVERY_BYTES = 2 * 1024 * 1024;

interface Kept {
  readonly screen: SessionScreen;
  readonly file: CheckpointFile;
  /** Where its checkpoint stands, as far as this worker knows of one. */
  savedAt: number;
}

/** The screens that were looked at last. What is not kept is made anew, from its checkpoint and the history. */
export class SessionScreens {
  readonly #emulators: Emulators;
  readonly #serializer = new Serializer();
  /** By session, the one that was looked at last at the end. */
  readonly #kept = new Map<string, Kept>();

  constructor(emulators: Emulators) {
    this.#emulators = emulators;
  }

  get count(): number {
    return this.#kept.size;
  }

  /** A session's screen as it is now, or at an offset if it has not been shown more already. Throws Error if the history can't be read. */
  look({ id, history: source, capacity, cols, rows }: ScreenedSession, at?: number): SessionScreen {
    using history = new HistoryFile(source, capacity);
    const output = { history, sizeNow: { cols, rows } };
    const file = new CheckpointFile(source);
    const known = this.#kept.get(id);
    this.#kept.delete(id);
    const screen = known?.screen ?? this.#open(output, file);
    const kept: Kept = { screen, file, savedAt: known?.savedAt ?? screen.offset };
    try {
      screen.follow(output, at);
    } catch (error) {
      // Nobody knows what it has been shown.
      screen[Symbol.dispose]();
      throw error;
    }
    this.#kept.set(id, kept);
    // Before the history has no longer what comes behind the last one.
    if (screen.offset - kept.savedAt >= Math.min(capacity / 2, SAVED_EVERY_BYTES)) this.#save(kept);
    this.#makeRoom();
    return screen;
  }

  /** For who makes them again. */
  saveAll(): void {
    for (const kept of this.#kept.values()) this.#save(kept);
  }

  #open(output: Parameters<typeof SessionScreen.begin>[1], file: CheckpointFile): SessionScreen {
    const checkpoint = file.read();
    const restored = checkpoint && SessionScreen.restore(this.#emulators, output, checkpoint);
    return restored ?? SessionScreen.begin(this.#emulators, output);
  }

  #save(kept: Kept): void {
    const { screen, file } = kept;
    if (screen.offset === kept.savedAt) return;
    file.write(screen.checkpoint(this.#serializer));
    kept.savedAt = screen.offset;
  }

  /** The one that was looked at last stays, whatever its size. */
  #makeRoom(): void {
    let cells = 0;
    let screens = 0;
    for (const [session, kept] of [...this.#kept].toReversed()) {
      cells += cellsOf(kept.screen);
      screens += 1;
      if (screens === 1 || (screens <= SCREENS && cells <= CELLS)) continue;
      this.#save(kept);
      this.#kept.delete(session);
      kept.screen[Symbol.dispose]();
    }
  }
}

function cellsOf({ emulator }: SessionScreen): number {
  const { normal, alternate } = emulator.terminal.buffer;
  return emulator.cols * (normal.length + alternate.length);
}
