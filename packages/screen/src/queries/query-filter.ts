import { findQueries, partsOf } from './find-queries.ts';

const ESC = 0x1b;
/** Only so far from the end of a piece can a sequence begin that the next one completes. */
const TAIL_BYTES = 4096;
const NOTHING = Buffer.alloc(0);

/**
 * Output on its way to a terminal, which answers what it is asked: without the queries that it is not to answer. What a piece ends in
 * that may be the beginning of a query waits for the next one: a terminal would do nothing with it either.
 */
export class QueryFilter {
  #held: Buffer = NOTHING;

  /**
   * What the terminal gets of these bytes, which are borrowed, and so is what is returned. `answersFrom`: it answers what is asked with a
   * byte at or behind this place in `bytes`; the end or more: nothing.
   */
  push(bytes: Uint8Array, answersFrom: number): Uint8Array {
    const fresh = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const held = this.#held.length;
    const all = held > 0 ? Buffer.concat([this.#held, fresh]) : fresh;
    if (held === 0 && answersFrom <= 0) return this.#hold(all, tailOf(all));
    const kept: Uint8Array[] = [];
    let at = 0;
    const end = findQueries(all, (from, to) => {
      if (to - held > answersFrom) return;
      kept.push(all.subarray(at, from), Buffer.from(settingsOf(all.toString('latin1', from, to)), 'latin1'));
      at = to;
    });
    const last = this.#hold(all, end).subarray(Math.min(at, end));
    return kept.length === 0 ? last : Buffer.concat([...kept, last]);
  }

  /** Nothing follows what waits. */
  reset(): void {
    this.#held = NOTHING;
  }

  #hold(all: Buffer, from: number): Uint8Array {
    this.#held = from < all.length ? Buffer.from(all.subarray(from)) : NOTHING;
    return all.subarray(0, from);
  }
}

/** Where a sequence begins that is not complete, or the end. */
function tailOf(bytes: Buffer): number {
  const begin = Math.max(0, bytes.length - TAIL_BYTES);
  const tail = bytes.subarray(begin);
  const last = tail.lastIndexOf(ESC);
  return last < 0 ? bytes.length : begin + last + findQueries(tail.subarray(last), () => undefined);
}

/** One sequence may ask for a colour and set another. */
function settingsOf(query: string): string {
  const { body, end } = partsOf(query);
  const [, code = '', fields] = /^\](\d+);(.*)$/s.exec(body) ?? [];
  if (fields === undefined) return '';
  const words = fields.split(';');
  const osc = (number: string | number, text: string) => `\x1b]${number};${text}${end}`;
  if (code === '4' || code === '5')
    return words
      .flatMap((word, at) => {
        const colour = words[at + 1];
        return at % 2 === 0 && colour !== undefined && colour !== '?' ? [osc(code, `${word};${colour}`)] : [];
      })
      .join('');
  if (!/^1\d$/.test(code)) return '';
  return words
    .flatMap((word, at) => (word === '?' || word === '' ? [] : [osc(Number(code) + at, word)]))
    .join('');
}
