/** What must be 0 at the end, and is a fault of Holdfast if it is not. */
const LOSSES = [
  'output lost',
  'output repeated or changed',
  'acknowledged input lost or repeated',
  'wrong exit statuses',
  'sessions lost',
  'requests failed for no reason',
  'descriptors leaked',
] as const;
export type Loss = (typeof LOSSES)[number];

/** What has happened, and what it has done. */
export class Tally {
  readonly #begunMs = performance.now();
  readonly #events = new Map<string, number>();
  readonly #losses = new Map<Loss, string[]>();
  readonly #pausesMs: number[] = [];
  readonly #missingBytes: number[] = [];
  outputBytes = 0;
  inputBytes = 0;
  keysInDoubt = 0;
  sessions = 0;

  event(kind: string): void {
    this.#events.set(kind, (this.#events.get(kind) ?? 0) + 1);
  }

  /** Something is wrong; `what` says enough to look for it. */
  loss(kind: Loss, what: string): void {
    const at = `${new Date().toISOString()}, after ${this.seconds.toFixed(1)} s`;
    this.#losses.set(kind, [...(this.#losses.get(kind) ?? []), `${what} (${at})`]);
  }

  /** Since it began. */
  get seconds(): number {
    return (performance.now() - this.#begunMs) / 1_000;
  }

  pause(ms: number): void {
    this.#pausesMs.push(ms);
  }

  /** At marks of a crash, one number for each. */
  missing(bytes: readonly number[]): void {
    this.#missingBytes.push(...bytes);
  }

  get faults(): readonly string[] {
    return [...this.#losses].flatMap(([kind, list]) => list.map((what) => `${kind}: ${what}`));
  }

  get events(): number {
    return [...this.#events.values()].reduce((sum, count) => sum + count, 0);
  }

  toString(): string {
    const missing = this.#missingBytes.filter((bytes) => bytes > 0);
    const rows: [string, string | number][] = [
      ...[...this.#events].toSorted(([one], [other]) => one.localeCompare(other, 'en')),
      ['', ''],
      ['sessions', this.sessions],
      ['MB of output compared', (this.outputBytes / 1e6).toFixed(1)],
      ['MB of input compared', (this.inputBytes / 1e6).toFixed(1)],
      ['', ''],
      ...LOSSES.map((loss): [string, number] => [loss, this.#losses.get(loss)?.length ?? 0]),
      ['', ''],
      ['crash marks', this.#missingBytes.length],
      ['of these with bytes missing', missing.length],
      ['most bytes missing at one', Math.max(0, ...missing)],
      ['keys in doubt, and said to be', this.keysInDoubt],
      ['ms of pause of an upgrade, p50', quantile(this.#pausesMs, 0.5)],
      ['ms of pause of an upgrade, p99', quantile(this.#pausesMs, 0.99)],
      ['ms of pause of an upgrade, longest', quantile(this.#pausesMs, 1)],
    ];
    const width = Math.max(...rows.map(([name]) => name.length));
    return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join('\n');
  }
}

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]?.toFixed(1) ?? '–';
}
