import { optimizeEarly, optimizeLate } from '@holdfast/posix';

/** Pieces of input from which on somebody types: fewer may be a script. */
const FROM_PIECES = 32;
/** By then what runs for each key has been optimized. */
const TO_PIECES = 4_096;

/**
 * Has V8 optimize early what runs for each key while people type, and at no other time: a daemon that is idle stays small, and
 * in a hand-over the optimizer would be at work while everybody waits.
 */
export class TypingPace {
  #pieces = TO_PIECES;

  /** The daemon serves from now on, or goes on after a hand-over that failed. */
  begin(): void {
    this.end();
    this.#pieces = 0;
  }

  /** It is about to hand over. */
  end(): void {
    if (this.#pieces >= FROM_PIECES && this.#pieces < TO_PIECES) optimizeLate();
    this.#pieces = TO_PIECES;
  }

  /** A piece of input has come. */
  typed(): void {
    if (this.#pieces === TO_PIECES) return;
    this.#pieces += 1;
    if (this.#pieces === FROM_PIECES) optimizeEarly();
    if (this.#pieces === TO_PIECES) optimizeLate();
  }
}
