import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutputSearch, OVERLAP_CHARACTERS, type SearchOptions } from './output-search.ts';

/** A search that is given its pieces one behind the other. */
class Pieces {
  readonly #search: OutputSearch;
  #offset = 0;

  constructor(expression: RegExp, options?: SearchOptions) {
    this.#search = new OutputSearch(expression, options);
  }

  push(bytes: Uint8Array) {
    const found = this.#search.push(bytes, this.#offset);
    this.#offset += bytes.length;
    return found;
  }
}

test('a match is found where it is, however the output is cut, also within a character', () => {
  // Two bytes that are no UTF-8, one of which could begin a character.
  const before = Buffer.from([0x6e, 0xff, 0x6f, 0xf0, 0x0d, 0x0a]);
  const matched = Buffer.from('ready: ✓ dö𝒩e');
  const output = Buffer.concat([before, matched, Buffer.from('\r\nmore')]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (cuts) => {
      const pieces = new Pieces(/^ready: (✓) dö𝒩e$/gm);
      let found;
      for (let at = 0, index = 0; at < output.length && !found; index += 1) {
        const length = cuts[index % cuts.length] ?? 1;
        found = pieces.push(output.subarray(at, at + length));
        at += length;
      }
      const to = before.length + matched.length;
      expect(found).toEqual({ text: matched.toString(), groups: ['✓'], from: before.length, to });
    }),
  );
});

test('a plain search does not see escape sequences, and tells offsets in the output all the same', () => {
  const output = Buffer.from('\x1b[1mré\x1b[0mady\x1b[3G');
  const search = new OutputSearch(/^réady$/gm, { plain: true });
  const found = search.push(output, 100);
  expect(found).toMatchObject({ text: 'réady', from: 104, to: 100 + output.indexOf('\x1b[3G') });
});

test('a match behind bytes that are missing is at its own offset', () => {
  const search = new OutputSearch(/end/g);
  expect(search.push(Buffer.from('begin ✓').subarray(0, -1), 0)).toBe(undefined);
  expect(search.push(Buffer.from('✓ end'), 1_000_000)).toMatchObject({ from: 1_000_004, to: 1_000_007 });
});

test.each([false, true])('nothing matches across bytes that are missing (plain: %s)', (plain) => {
  const search = new OutputSearch(/begin[^]*end/g, { plain });
  expect(search.push(Buffer.from('begin \x1b['), 0)).toBe(undefined);
  expect(search.push(Buffer.from('1m end, begin'), 1000)).toBe(undefined);
  expect(search.push(Buffer.from(' and end'), 1013)).toMatchObject({ from: 1008, to: 1021 });
});

test.each([false, true])(
  'nothing matches across a place where something may be missing (plain: %s)',
  (plain) => {
    const search = new OutputSearch(/begin[^]*end|✓/g, { plain });
    expect(search.push(Buffer.from('begin \x1b['), 0)).toBe(undefined);
    search.missed();
    // Half a sequence, and half a character, do not go on behind it either.
    expect(search.push(Buffer.from('1m end, begin ✓').subarray(0, -1), 8)).toBe(undefined);
    search.missed();
    const rest = Buffer.from('✓').subarray(-1);
    expect(search.push(Buffer.concat([rest, Buffer.from(' end begin end')]), 24)).toMatchObject({
      text: 'begin end',
      from: 30,
      to: 39,
    });
  },
);

test('a match may begin as far back as the window reaches, and no farther', () => {
  expect(distanceFound(OVERLAP_CHARACTERS - 10)).toBe(true);
  expect(distanceFound(OVERLAP_CHARACTERS + 10)).toBe(false);
});

test('a line does not begin where the window was cut', () => {
  const pieces = new Pieces(/^x/gm);
  expect(pieces.push(Buffer.from('y'))).toBe(undefined);
  for (let round = 0; round < 5; round += 1) {
    expect(pieces.push(Buffer.alloc(OVERLAP_CHARACTERS, 'x'))).toBe(undefined);
  }
  const from = 5 * OVERLAP_CHARACTERS + 2;
  expect(pieces.push(Buffer.from('\nx'))).toMatchObject({ from, to: from + 1 });
});

test('a search that backtracks for ever ends at its deadline, and finds nothing from then on', () => {
  const begunMs = performance.now();
  const pieces = new Pieces(/(a+)+$b|c/gm, { deadlineMs: begunMs + 200 });
  expect(pieces.push(Buffer.alloc(40_000, 'a'))).toBe(undefined);
  expect(performance.now() - begunMs).toBeGreaterThanOrEqual(200);
  expect(pieces.push(Buffer.from('c'))).toBe(undefined);
});

test('a deadline changes nothing about what is found before it', () => {
  const pieces = new Pieces(/^b$/gm, { deadlineMs: performance.now() + 60_000 });
  expect(pieces.push(Buffer.from('a\n'))).toBe(undefined);
  expect(pieces.push(Buffer.from('b\n'))).toMatchObject({ text: 'b', from: 2, to: 3 });
});

function distanceFound(distance: number): boolean {
  const pieces = new Pieces(/begin[^]*end/gm);
  pieces.push(Buffer.from('begin'));
  for (let left = distance - 'begin'.length; left > 0; left -= 1000) {
    pieces.push(Buffer.alloc(Math.min(left, 1000), '.'));
  }
  return pieces.push(Buffer.from('end')) !== undefined;
}
