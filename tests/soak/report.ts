import { leastSlopeOf, median, type Sample, slopeOf } from '@holdfast/testkit';

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;
/**
 * So much more there may be at the end of a run than at its beginning. Descriptors come and go by a few with connections; of garbage as
 * much lies about as V8 likes, by how busy the machine is; private memory has room in it that the collector leaves; of what is in use
 * a little comes and goes with what the host keeps of output, and code that is compiled late.
 */
const GROWTH = {
  descriptors: 3,
  'with garbage': 16 * MIB,
  'private memory': 4 * MIB,
  'in use': 2 * MIB,
} as const;
type Measure = keyof typeof GROWTH;
/** Fewer say nothing for certain. */
const SAMPLES_MIN = 8;

interface Series {
  readonly process: string;
  readonly measure: Measure;
  readonly samples: Sample[];
}

interface Row {
  readonly process: string;
  readonly measure: Measure;
  readonly first: number;
  readonly last: number;
  readonly perHour: number;
  /** As much it grows for certain. */
  readonly leastPerHour: number;
  readonly isFlat: boolean;
}

/** What a soak has found. */
export class Report {
  /** Output that was counted, and input that has come back. */
  outputBytes = 0;
  typedBytes = 0;
  /** What was lost, repeated or changed. */
  readonly faults: string[] = [];
  readonly #sessions: number;
  readonly #warmUpMs: number;
  readonly #begunMs = performance.now();
  readonly #series: Series[] = [];
  readonly #pausesMs: number[] = [];

  /** Samples of the first `warmUpMs` do not count. */
  constructor({ sessions, warmUpMs }: { sessions: number; warmUpMs: number }) {
    this.#sessions = sessions;
    this.#warmUpMs = warmUpMs;
  }

  sample(process: string, measure: Measure, value: number): void {
    let series = this.#series.find((one) => one.process === process && one.measure === measure);
    if (!series) this.#series.push((series = { process, measure, samples: [] }));
    series.samples.push({ ms: performance.now() - this.#begunMs, value });
  }

  /** An upgrade has made everybody wait for so long. */
  paused(ms: number): void {
    this.#pausesMs.push(ms);
  }

  /** The newest samples, in a line. */
  get latest(): string {
    const parts = this.#series.map(
      ({ process, measure, samples }) =>
        `${process} ${measure} ${shown(measure, samples.at(-1)?.value ?? 0)}`,
    );
    return `${((performance.now() - this.#begunMs) / 1000).toFixed(0)} s  ${parts.join(', ')}`;
  }

  get rows(): readonly Row[] {
    return this.#series.map(({ process, measure, samples: all }) => {
      const samples = all.filter(({ ms }) => ms >= this.#warmUpMs);
      const leastPerMs = leastSlopeOf(samples);
      const ranMs = (samples.at(-1)?.ms ?? 0) - (samples[0]?.ms ?? 0);
      const third = Math.ceil(samples.length / 3);
      return {
        process,
        measure,
        first: median(samples.slice(0, third).map(({ value }) => value)) ?? Number.NaN,
        last: median(samples.slice(-third).map(({ value }) => value)) ?? Number.NaN,
        perHour: slopeOf(samples) * HOUR_MS,
        leastPerHour: leastPerMs * HOUR_MS,
        isFlat: samples.length >= SAMPLES_MIN && leastPerMs * ranMs <= GROWTH[measure],
      };
    });
  }

  /** Everything that must not be: what grows, and what was lost. */
  get complaints(): string[] {
    const growing = this.rows
      .filter(({ isFlat }) => !isFlat)
      .map(
        ({ process, measure, leastPerHour }) =>
          `${measure} of the ${process}: at least ${shown(measure, leastPerHour)} more an hour`,
      );
    return [...growing, ...this.faults];
  }

  toString(): string {
    const head = ['process', 'measure', 'at first', 'at last', 'slope an hour', 'at least', 'verdict'];
    const cells = this.rows.map(({ process, measure, first, last, perHour, leastPerHour, isFlat }) => [
      process,
      measure,
      shown(measure, first),
      shown(measure, last),
      signed(measure, perHour),
      signed(measure, leastPerHour),
      isFlat ? 'flat' : 'GROWS',
    ]);
    const widths = head.map((title, column) =>
      Math.max(...[head, ...cells].map((row) => (row[column] ?? title).length)),
    );
    const lines = [head, ...cells].map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
    const pauses = this.#pausesMs.toSorted((one, other) => one - other);
    return [
      ...lines,
      '',
      `sessions                ${this.#sessions}`,
      `upgrades                ${pauses.length}`,
      `ms of pause, p50        ${(median(pauses) ?? Number.NaN).toFixed(1)}`,
      `ms of pause, longest    ${(pauses.at(-1) ?? Number.NaN).toFixed(1)}`,
      `MB of output            ${(this.outputBytes / 1e6).toFixed(1)}`,
      `keys typed and echoed   ${this.typedBytes}`,
      `lost or changed         ${this.faults.length}`,
    ].join('\n');
  }
}

function signed(measure: Measure, value: number): string {
  return `${value < 0 ? '' : '+'}${shown(measure, value)}`;
}

function shown(measure: Measure, value: number): string {
  return measure === 'descriptors'
    ? value.toFixed(Number.isInteger(value) ? 0 : 1)
    : `${(value / MIB).toFixed(1)} MiB`;
}
