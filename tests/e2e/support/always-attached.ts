import { type Emulator, Emulators, type ScreenSize } from '@holdfast/screen';
import type { Recording, TestDaemon } from '@holdfast/testkit';

const emulators = new Emulators();

/** A terminal that has shown all output of a session since it began, at the sizes that it had. */
export class AlwaysAttached {
  readonly #recording: Recording;
  readonly #emulator: Emulator;
  /** How much of the output, and how many of the sizes, it has been shown. */
  #shown = 0;
  #resized = 0;

  private constructor(recording: Recording, size: ScreenSize) {
    this.#recording = recording;
    this.#emulator = emulators.open(size);
  }

  static async begin(daemon: TestDaemon, session: string, size: ScreenSize): Promise<AlwaysAttached> {
    return new AlwaysAttached(await daemon.record(session, { leaseMs: 60_000 }), size);
  }

  get recording(): Recording {
    return this.#recording;
  }

  /** With all that has come by now. It belongs to this. */
  emulator(): Emulator {
    const { bytes, sizes } = this.#recording;
    for (const { offset, cols, rows } of sizes.slice(this.#resized)) {
      this.#emulator.feed(bytes.subarray(this.#shown, offset));
      this.#shown = offset;
      this.#emulator.resize({ cols, rows });
      this.#resized += 1;
    }
    this.#emulator.feed(bytes.subarray(this.#shown));
    this.#shown = bytes.length;
    return this.#emulator;
  }
}
