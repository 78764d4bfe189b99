import type { CastEvent, CastReader } from './cast-reader.ts';
import { PlayClock } from './play-clock.ts';
import type { PlayerKey } from './player-keys.ts';

/** The longest that is waited in one go: timers hold 31 bits of milliseconds. */
const WAIT_MS_MAX = 60_000;

export interface PlayerOptions {
  readonly speed: number;
  readonly idleLimit: number | undefined;
  /** Resolves when it takes more. */
  readonly show: (text: string) => Promise<void>;
}

/** Shows a recording as it was, in its time. */
export class Player {
  readonly #reader: CastReader;
  readonly #options: PlayerOptions;
  readonly #clock: PlayClock;
  #hasQuit = false;
  #steps = 0;
  #wake: () => void = () => undefined;

  constructor(reader: CastReader, options: PlayerOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#clock = new PlayClock(options, performance.now());
  }

  key(key: PlayerKey): void {
    if (key === 'quit') this.#hasQuit = true;
    else if (key === 'pause') this.#clock.toggle(performance.now());
    else if (this.#clock.isPaused) this.#steps += 1;
    this.#wake();
  }

  /** Resolves at the end of the recording, or when somebody has quit; says which. Throws Error if it can't be read. */
  async play(): Promise<'ended' | 'quit'> {
    for (let event = await this.#reader.next(); event; event = await this.#reader.next()) {
      this.#clock.follow(event.after);
      if (!isShown(event)) continue;
      await this.#untilDue();
      if (this.#hasQuit) return 'quit';
      await this.#options.show(event.data);
    }
    return 'ended';
  }

  async #untilDue(): Promise<void> {
    while (!this.#hasQuit) {
      const nowMs = performance.now();
      if (this.#clock.isPaused) {
        if (this.#steps > 0) {
          this.#steps -= 1;
          return this.#clock.step(nowMs);
        }
        await this.#woken();
        continue;
      }
      const leftMs = this.#clock.msLeft(nowMs);
      if (leftMs <= 0) return;
      await this.#woken(Math.min(leftMs, WAIT_MS_MAX));
    }
  }

  /** Resolves when a key was pressed, or the time is over. */
  async #woken(ms?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (ms !== undefined) timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.#wake = () => undefined;
  }
}

function isShown({ code }: CastEvent): boolean {
  return code === 'o';
}
