/** What happened to a session, and when; of one moment there may be several. */
export interface Moment {
  readonly kind: 'opened' | 'exited';
  readonly id: string;
  readonly atMs: number;
}

const FORM = /^(\d{1,15})(?::([ox][0-9a-f]{12}(?:,[ox][0-9a-f]{12})*))?$/;

/** How far somebody has been told: up to a millisecond, and of that what. */
export class Cursor {
  readonly #atMs: number;
  readonly #told: readonly string[];

  /** Before everything. */
  static readonly start = new Cursor(0, []);

  /** Undefined for a text that is none. */
  static parse(text: string): Cursor | undefined {
    const [, atMs, told] = FORM.exec(text) ?? [];
    return atMs === undefined ? undefined : new Cursor(Number(atMs), told?.split(',') ?? []);
  }

  private constructor(atMs: number, told: readonly string[]) {
    this.#atMs = atMs;
    this.#told = told;
  }

  /** Whether it is still to be told. */
  isBefore(moment: Moment): boolean {
    return moment.atMs > this.#atMs || (moment.atMs === this.#atMs && !this.#told.includes(keyOf(moment)));
  }

  /** Behind what was told now, as well. */
  behind(moment: Moment): Cursor {
    if (!this.isBefore(moment)) return this;
    const told = moment.atMs === this.#atMs ? this.#told : [];
    return new Cursor(moment.atMs, [...told, keyOf(moment)]);
  }

  toString(): string {
    return this.#told.length > 0 ? `${this.#atMs}:${this.#told.join(',')}` : String(this.#atMs);
  }
}

function keyOf({ kind, id }: Moment): string {
  return `${kind === 'opened' ? 'o' : 'x'}${id}`;
}
