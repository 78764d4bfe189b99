import type { Client } from '../client.ts';
import { PromptMarks } from './prompt-marks.ts';
import { type OutputReader, type ReadingOptions, throughOutput } from './through-output.ts';

/**
 * A prompt that was there before anybody waited may be about to go: a command has been typed, and the shell has not read it. One whose end
 * the shell does not mark may be half drawn. So long nothing else must come.
 */
const SETTLED_MS = 250;
/** A prompt begins; also as kitty and others mark its parts. */
const BEGINS_PROMPT = new Set(['A', 'N', 'P']);
/** A prompt is there whole: what is typed begins here. */
const ENDS_PROMPT = 'B';

/** Waits until the shell of a session shows its prompt, by its marks in the output. */
export class PromptWait {
  readonly #marks = new PromptMarks();
  #lastExit: number | undefined;
  #hasMarks = false;
  #isPrompt = false;
  /** Something may be missing behind the last mark, another one perhaps. */
  #isDoubtful = false;
  #timer: NodeJS.Timeout | undefined;

  /** How the last command has ended, if the shell has told. */
  get lastExit(): number | undefined {
    return this.#lastExit;
  }

  /** Whether the shell marks anything at all. */
  get hasMarks(): boolean {
    return this.#hasMarks;
  }

  /** Resolves when it is there; false if the session ends without. */
  run(client: Client, session: string, options?: ReadingOptions): Promise<boolean> {
    const reader: OutputReader = {
      came: ({ bytes, isNew }, met) => this.#see(bytes, isNew, met),
      missed: () => {
        this.#marks.missed();
        this.#isDoubtful = true;
        // Another command may have begun, and ended.
        this.#lastExit = undefined;
      },
      ended: async () => false,
    };
    return throughOutput(client, session, reader, options).finally(() => clearTimeout(this.#timer));
  }

  #see(bytes: Uint8Array, isNew: boolean, met: () => void): void {
    const marks = this.#marks.push(bytes);
    for (const { letter, exit } of marks) {
      this.#hasMarks = true;
      this.#isPrompt = letter === ENDS_PROMPT || BEGINS_PROMPT.has(letter);
      if (letter === 'D') this.#lastExit = exit;
      else if (letter === 'C') this.#lastExit = undefined;
    }
    const last = marks.at(-1);
    // A prompt prints nothing: behind what is missing a command may have begun that does.
    if (this.#isDoubtful && !last) {
      this.#isPrompt = false;
      clearTimeout(this.#timer);
    }
    if (!last) return;
    this.#isDoubtful = false;
    clearTimeout(this.#timer);
    if (!this.#isPrompt) return;
    if (isNew && last.letter === ENDS_PROMPT) return met();
    this.#timer = setTimeout(met, SETTLED_MS);
  }
}
