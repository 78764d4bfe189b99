import type { Timer } from '@holdfast/posix';
import type { SessionState, StateFile } from './state-file.ts';

/** Before a state is saved again that could not be: the disk may have room by then. */
const AGAIN_MS = 1_000;

/** What saving a state has to do with its session. */
export interface StateSavingSurroundings {
  readonly after: (ms: number, callback: () => void) => Timer;
  /** What is to be saved now. */
  readonly state: () => SessionState;
  /** The file says this by now. */
  readonly saved: (state: SessionState) => void;
  /** It could not be written; it is tried again. */
  readonly failed: (error: unknown) => void;
}

/** Writes a session's state into its file whenever it has changed, and again until that could be done. */
export class StateSaving {
  readonly #file: StateFile;
  readonly #surroundings: StateSavingSurroundings;
  #again: Timer | undefined;
  #isOver = false;

  constructor(file: StateFile, surroundings: StateSavingSurroundings) {
    this.#file = file;
    this.#surroundings = surroundings;
  }

  /** Whether the file holds what was to be saved last. */
  get isSaved(): boolean {
    return this.#file.isSaved;
  }

  /** Resolves when it is saved, or could not be. */
  async now(): Promise<void> {
    if (this.#isOver) return;
    const state = this.#surroundings.state();
    try {
      await this.#file.save(state);
    } catch (error) {
      this.#surroundings.failed(error);
      if (!this.#isOver) this.later();
      return;
    }
    this.#surroundings.saved(state);
  }

  /** For what may be lost in a crash, or could not be saved now. */
  later(): void {
    this.#again ??= this.#surroundings.after(AGAIN_MS, () => {
      this.#again = undefined;
      void this.now();
    });
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await this.#file.settled();
  }

  /** Nothing is written from now on. */
  end(): void {
    this.#isOver = true;
    this.#again?.cancel();
  }
}
