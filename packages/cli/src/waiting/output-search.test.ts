import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutputSearch, OVERLAP_CHARACTERS, parseExpression } from './output-search.ts';

test('a match is found however the output is cut, also within a character', () => {
  const output = Buffer.from('noise\r\nready: ✓ dö𝒩e\r\nmore');
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (cuts) => {
      const search = new OutputSearch(parseExpression('--output', '^ready: ✓ dö𝒩e$'));
      let found = false;
      for (let at = 0, index = 0; at < output.length && !found; index += 1) {
        const length = cuts[index % cuts.length] ?? 1;
        found = search.push(output.subarray(at, at + length));
        at += length;
      }
      expect(found).toBe(true);
    }),
  );
});

test('a match may begin as far back as the window reaches, and no farther', () => {
  expect(distanceFound(OVERLAP_CHARACTERS - 10)).toBe(true);
  expect(distanceFound(OVERLAP_CHARACTERS + 10)).toBe(false);
});

test('a line does not begin where the window was cut', () => {
  const search = new OutputSearch(parseExpression('--output', '^x'));
  expect(search.push(Buffer.from('y'))).toBe(false);
  for (let round = 0; round < 5; round += 1) {
    expect(search.push(Buffer.alloc(OVERLAP_CHARACTERS, 'x'))).toBe(false);
  }
  expect(search.push(Buffer.from('\nx'))).toBe(true);
});

test('a search that backtracks for ever ends at its deadline, and finds nothing from then on', () => {
  const begunMs = performance.now();
  const search = new OutputSearch(parseExpression('--output', '(a+)+$b|c'), begunMs + 200);
  expect(search.push(Buffer.alloc(40_000, 'a'))).toBe(false);
  expect(performance.now() - begunMs).toBeGreaterThanOrEqual(200);
  expect(search.push(Buffer.from('c'))).toBe(false);
});

test('a deadline changes nothing about what is found before it', () => {
  const search = new OutputSearch(parseExpression('--output', '^b$'), performance.now() + 60_000);
  expect(search.push(Buffer.from('a\n'))).toBe(false);
  expect(search.push(Buffer.from('b\n'))).toBe(true);
});

test('what is no expression is refused', () => {
  expect(() => parseExpression('--output', '(')).toThrow('--output is not a regular expression');
});

function distanceFound(distance: number): boolean {
  const search = new OutputSearch(parseExpression('--output', `begin[^]*end`));
  search.push(Buffer.from('begin'));
  for (let left = distance - 'begin'.length; left > 0; left -= 1000) {
    search.push(Buffer.alloc(Math.min(left, 1000), '.'));
  }
  return search.push(Buffer.from('end'));
}
