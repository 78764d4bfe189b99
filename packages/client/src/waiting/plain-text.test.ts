import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlainRuns, plainText, unfinishedSequence } from './plain-text.ts';

/** The most that is shown at once. */
const MUCH_BYTES = 256 * 1024;
const PIECES = [
  ['', '\x1b[1;31m'],
  ['', '\x1b]0;a title with spaces\x07'],
  ['', '\x1b]8;;http://x\x1b\\'],
  ['', '\x1b(B'],
  ['', '\x1b='],
  ['', '\x1bP1$r0m\x1b\\'],
  ['✓', '✓'],
  ['text ', 'text '],
] as const;

test('what is between escape sequences is found with its offsets, however the output is cut', () => {
  const pieces = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(pieces, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (made, cuts) => {
      const output = Buffer.from(`${made.map(([, bytes]) => bytes).join('')}.`);
      const runs = new PlainRuns();
      const found: Buffer[] = [];
      for (let at = 0, index = 0; at < output.length; index += 1) {
        const to = at + (cuts[index % cuts.length] ?? 1);
        for (const { bytes, offset } of runs.push(output.subarray(at, to), at)) {
          expect(output.subarray(offset, offset + bytes.length)).toEqual(Buffer.from(bytes));
          found.push(Buffer.from(bytes));
        }
        at = to;
      }
      const plain = `${made.map(([text]) => text).join('')}.`;
      expect(Buffer.concat(found).toString()).toBe(plain);
      expect(plainText(output.toString())).toBe(plain);
    }),
  );
});

test('a text has no control characters, and what was erased is not in it', () => {
  expect(plainText('\x1b[2Kone\r\ntw0\b \bo\x07\r\r\n10 %\r20 %\r\n')).toBe('one\ntwo\n10 %\n20 %\n');
});

test.each([
  ['\x1b', 1],
  ['x\x1b[3', 3],
  ['x\x1b]0;title', 9],
  ['x\x1b]0;title\x1b', 10],
  ['\x1b[3m', 0],
  ['x', 0],
])('of %j the last %i bytes may go on', (output, length) => {
  expect(unfinishedSequence(Buffer.from(output))).toBe(length);
});

test.each(['\r', '\b', '\x1b', '\x1b[', '\x1b[0', '\x1b]', '\x1b]\x1b', '\x1b ', 'a\b', '\r\r\n'])(
  'much of %j takes no longer than much else',
  (unit) => {
    const output = unit.repeat(MUCH_BYTES / unit.length);
    const before = process.cpuUsage();
    plainText(`${output}x`);
    new PlainRuns().push(Buffer.from(output), 0);
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(2_000_000);
  },
);
