import { type Emulators, Serializer } from '@holdfast/screen';
import type { Followed, FollowRequest, ScreenedSession } from '../messages.ts';
import { followEveryBytes } from '../follow-every.ts';
import { CheckpointFile } from './checkpoint-file.ts';
import { HistoryFile } from './history-file.ts';
import { type Pace, type SessionOutput, SessionScreen } from './session-screen.ts';

/** Screens that are kept: 50 people who attach to as many sessions find theirs, and some more. */
const SCREENS = 64;
/** Cells of all screens that are kept, scrollback included, at 12 bytes each: some 16 screens of 200 x 50 with all their lines. */
const CELLS = 4 * 1024 * 1024;

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
  look(session: ScreenedSession, at?: number): SessionScreen {
    const kept = this.#show(session, (screen, output) => screen.follow(output, at));
    this.#saveInTime(kept, session);
    this.#makeRoom();
    return kept.screen;
  }

  /** Shows a screen what there is though nobody looks, or a piece of it. Throws Error if the history can't be read. */
  follow(session: ScreenedSession, { isFlood, upTo }: FollowRequest['follow']): Followed {
    const begun = performance.now();
    let pace = 'shown' as Pace;
    const kept = this.#show(session, (screen, output) => {
      pace = screen.keepUp(output, { capacity: session.capacity, isFlood, upTo });
    });
    // In a flood it would be old before it is written.
    if (pace === 'shown') this.#save(kept);
    else if (pace === 'more') this.#saveInTime(kept, session);
    this.#makeRoom();
    const tookMs = performance.now() - begun;
    return { offset: kept.screen.offset, isBehind: pace === 'behind', hasMore: pace === 'more', tookMs };
  }

  #show(
    { id, history: source, capacity, cols, rows }: ScreenedSession,
    show: (screen: SessionScreen, output: SessionOutput) => void,
  ): Kept {
    using history = new HistoryFile(source, capacity);
    const output = { history, sizeNow: { cols, rows } };
    const file = new CheckpointFile(source);
    const known = this.#kept.get(id);
    this.#kept.delete(id);
    const screen = known?.screen ?? this.#open(output, file);
    const kept: Kept = { screen, file, savedAt: known?.savedAt ?? screen.offset };
    try {
      show(screen, output);
    } catch (error) {
      // Nobody knows what it has been shown.
      screen[Symbol.dispose]();
      throw error;
    }
    this.#kept.set(id, kept);
    return kept;
  }

  /** For who makes them again. */
  saveAll(): void {
    for (const kept of this.#kept.values()) this.#save(kept);
  }

  #open(output: SessionOutput, file: CheckpointFile): SessionScreen {
    const checkpoint = file.read();
    const restored = checkpoint && SessionScreen.restore(this.#emulators, output, checkpoint);
    return restored ?? SessionScreen.begin(this.#emulators, output);
  }

  /** Before the history has no longer what comes behind its last checkpoint. */
  #saveInTime(kept: Kept, { capacity }: ScreenedSession): void {
    if (kept.screen.offset - kept.savedAt >= followEveryBytes(capacity)) this.#save(kept);
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
