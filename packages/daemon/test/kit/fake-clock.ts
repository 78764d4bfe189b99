import type { Timer } from '@holdfast/posix';
import { vi } from 'vitest';

interface Due {
  readonly atMs: number;
  readonly callback: () => void;
}

/** The reactor's timers, and `performance.now()`, in a time that passes only when it is told to. */
export class FakeClock {
  nowMs = 1_000;
  readonly #timers = new Set<Due>();
  readonly #spy = vi.spyOn(performance, 'now').mockImplementation(() => this.nowMs);

  readonly after = (ms: number, callback: () => void): Timer => {
    const due = { atMs: this.nowMs + ms, callback };
    this.#timers.add(due);
    return { cancel: () => this.#timers.delete(due) };
  };

  get armed(): number {
    return this.#timers.size;
  }

  /** Runs what falls due in that time, each at its moment; `each` is called after every callback. */
  pass(ms: number, each: () => void = () => undefined): void {
    const untilMs = this.nowMs + ms;
    for (let due = this.#next(untilMs); due; due = this.#next(untilMs)) {
      this.#timers.delete(due);
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.callback();
      each();
    }
    this.nowMs = untilMs;
  }

  [Symbol.dispose](): void {
    this.#spy.mockRestore();
  }

  #next(untilMs: number): Due | undefined {
    let next: Due | undefined;
    for (const due of this.#timers) if (due.atMs <= untilMs && (!next || due.atMs < next.atMs)) next = due;
    return next;
  }
}
