import { type Emulator, Emulators, type ScreenSize } from '@holdfast/screen';
import type { Recording, TestDaemon } from '@holdfast/testkit';

const emulators = new Emulators();

/** A terminal that has shown all output of a session since it began, at the sizes that it had. */
export class AlwaysAttached {
  readonly #recording: Recording;
  readonly #size: ScreenSize;

  private constructor(recording: Recording, size: ScreenSize) {
    this.#recording = recording;
    this.#size = size;
  }

  static async begin(daemon: TestDaemon, session: string, size: ScreenSize): Promise<AlwaysAttached> {
    return new AlwaysAttached(await daemon.record(session, { leaseMs: 60_000 }), size);
  }

  get recording(): Recording {
    return this.#recording;
  }

  emulator(): Emulator {
    const { bytes, sizes } = this.#recording;
    const emulator = emulators.open(this.#size);
    let at = 0;
    for (const { offset, cols, rows } of sizes) {
      emulator.feed(bytes.subarray(at, offset));
      at = offset;
      emulator.resize({ cols, rows });
    }
    emulator.feed(bytes.subarray(at));
    return emulator;
  }
}
