import { type Emulator, Emulators, type ScreenSize } from '@holdfast/screen';
import type { Recording, TestDaemon } from '@holdfast/testkit';

const emulators = new Emulators();

/** A terminal that has shown all output of a session since it began, at the sizes that it had. */
export class AlwaysAttached {
  readonly #recording: Recording;
  readonly #first: ScreenSize;
  readonly #emulator: Emulator;
  /** How much of the output, and how many of the sizes, it has been shown. */
  #shown = 0;
  #resized = 0;

  private constructor(recording: Recording, size: ScreenSize) {
    this.#recording = recording;
    this.#first = size;
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

  /** As it was at an offset; where it was resized just there, when it had that size. It belongs to the caller. */
  at({ offset, cols, rows }: ScreenSize & { readonly offset: number }): Emulator {
    const { bytes, sizes } = this.#recording;
    const emulator = emulators.open(this.#first);
    let size = this.#first;
    let shown = 0;
    for (const resize of sizes) {
      const isThere = resize.offset === offset && size.cols === cols && size.rows === rows;
      if (resize.offset > offset || isThere) break;
      emulator.feed(bytes.subarray(shown, resize.offset));
      shown = resize.offset;
      size = resize;
      emulator.resize(size);
    }
    emulator.feed(bytes.subarray(shown, offset));
    return emulator;
  }
}
