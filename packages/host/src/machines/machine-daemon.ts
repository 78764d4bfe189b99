import { HoldfastError, ownError } from '@holdfast/protocol';
import * as z from 'zod';
import type { FleetDoor } from './fleet-door.ts';
import type { MachineView } from './machine-view.ts';

/** How often a machine is asked which daemon runs there. */
const ASK_MS = 30_000;

/** What is told of a machine goes to all pages. */
const VERSION_CHARACTERS_MAX = 256;

/** What of a supervisor's answer is told. Another machine's may be of another version. */
const answered = z.object({
  update: z.object({
    pending: z.boolean(),
    running: z.string().max(VERSION_CHARACTERS_MAX).nullable(),
    available: z.string().max(VERSION_CHARACTERS_MAX).nullable(),
  }),
});

/** Which daemon runs on a machine of the fleet, as far as its supervisor has told, and whether more may be done there than look. */
export class MachineDaemon {
  readonly #machine: string;
  readonly #door: Pick<FleetDoor, 'status'>;
  #told: MachineView['daemon'] = null;
  #mayOperate: boolean | null = null;
  /** When it was asked for, by `performance.now()`. */
  #askedAt = Number.NEGATIVE_INFINITY;
  #isAsked = false;

  constructor(machine: string, door: Pick<FleetDoor, 'status'>) {
    this.#machine = machine;
    this.#door = door;
  }

  /** What was told last; null if nothing was, or it could not be told. */
  get told(): MachineView['daemon'] {
    return this.#told;
  }

  /** As the last answer had it; null before the first. */
  get mayOperate(): boolean | null {
    return this.#mayOperate;
  }

  /** The version that runs; null while that is not known, or may be another by now. */
  get running(): string | null {
    const isCurrent = !this.#isAsked && this.#askedAt !== Number.NEGATIVE_INFINITY;
    return isCurrent ? (this.#told?.running ?? null) : null;
  }

  get isDue(): boolean {
    return performance.now() - this.#askedAt > ASK_MS && !this.#isAsked;
  }

  /** For an order: the one that was not asked for the longest is the first. */
  static longestUnasked(one: MachineDaemon, other: MachineDaemon): number {
    return one.#askedAt - other.#askedAt;
  }

  /** It may be another one by now. */
  askAgain(): void {
    this.#askedAt = Number.NEGATIVE_INFINITY;
  }

  /** Never throws. */
  async ask(): Promise<void> {
    this.#isAsked = true;
    this.#askedAt = performance.now();
    const answer = await this.#answer();
    this.#isAsked = false;
    // Else it is to be asked again, since this may be of before.
    if (this.#askedAt !== Number.NEGATIVE_INFINITY) this.#told = answer;
  }

  /** Null if it can't be told: it is asked again. */
  async #answer(): Promise<MachineView['daemon']> {
    try {
      const { mayOperate, status } = await this.#door.status(this.#machine);
      this.#mayOperate = mayOperate;
      const answer = answered.safeParse(status);
      return answer.success ? answer.data.update : null;
    } catch (cause) {
      const error = ownError(cause);
      if (error instanceof HoldfastError && error.code === 'E_FORBIDDEN') this.#mayOperate = false;
      return null;
    }
  }
}
