import type { Reactor, Timer } from '@holdfast/posix';
import type { Exit } from '@holdfast/protocol';
import type { SessionKeeper } from './session-keeper.ts';
import type { Terminal } from './terminal.ts';

/** How late the end of a program that nobody tells of is noticed. */
const ASK_EVERY_MS = 500;
/** For the keeper's word on how a program ended: it has reaped it by then, or it never was its child. */
const KEEPER_WORD_MS = 2_000;

export interface ExitWatchSurroundings {
  readonly clock: Pick<Reactor, 'after'>;
  readonly keeper: Pick<SessionKeeper, 'tellsExits'>;
  /** Undefined once the session has exited. */
  readonly terminal: () => Pick<Terminal, 'exit' | 'tellsEnd'> | undefined;
  /** It is known how the program has ended, or that nobody can know it. May be told again. */
  readonly ended: (exit: Exit) => void;
}

/** Finds out how a session's program has ended: from the kernel, or else from the keeper. */
export class ExitWatch {
  /** Of the program: tells it from a later one with its pid. */
  readonly #startTime: number;
  readonly #surroundings: ExitWatchSurroundings;
  #keeperWord: Timer | undefined;

  constructor(startTime: number, surroundings: ExitWatchSurroundings) {
    this.#startTime = startTime;
    this.#surroundings = surroundings;
  }

  /** Asks, now and again, if nobody tells: the program is neither our child nor has a pidfd. */
  start(): void {
    if (!this.#mustAsk) return;
    this.check();
    this.#surroundings.clock.after(ASK_EVERY_MS, () => this.start());
  }

  /** Some child of this process has ended; it may be this one. */
  childEnded(): void {
    if (this.#mustAsk) this.check();
  }

  /** Takes the exit status if the program has ended. */
  check(): void {
    const { clock, keeper, terminal } = this.#surroundings;
    const exit = terminal()?.exit(this.#startTime) ?? 'running';
    if (exit === 'running') return;
    if (exit !== 'unknown') return this.told(exit);
    if (!keeper.tellsExits) return this.told({ lost: true });
    this.#keeperWord ??= clock.after(KEEPER_WORD_MS, () => this.told({ lost: true }));
  }

  /** Somebody knows how it has ended. */
  told(exit: Exit): void {
    this.#keeperWord?.cancel();
    this.#surroundings.ended(exit);
  }

  get #mustAsk(): boolean {
    return this.#surroundings.terminal()?.tellsEnd === false;
  }
}
