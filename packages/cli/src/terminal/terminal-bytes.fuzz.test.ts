import { fuzzRuns, judge, sequence } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DetachKeys, parsePrefixKey } from './detach-keys.ts';
import { resetSequence } from './restore.ts';
import { TerminalModes } from './terminal-modes.ts';

const piece = fc.oneof(
  { weight: 4, arbitrary: sequence.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 2,
    // What terminals answer, and what looks like it.
    arbitrary: fc
      .constantFrom(
        '\x1b[?62;22c',
        '\x1b[24;80R',
        '\x1bP>|xterm(390)\x1b\\',
        '\x1b]11;rgb:0/0/0\x07',
        '\x1b[?2026;2$y',
        '\x1b[<0;1;1M',
        '\x1b[M !!',
      )
      .map((text) => Buffer.from(text)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('\x1b[?', '\x1b[<', '\x1b[>', '\x1b]', '\x1b[', '\x1b[93;'),
        fc.constantFrom('1', ';', '9', ':'),
        fc.integer({ min: 1, max: 30_000 }),
        fc.constantFrom('', 'h', 'l', 'u', '\x07', '~'),
      )
      .map(([begin, digit, count, end]) => Buffer.from(begin + digit.repeat(count) + end)),
  },
);
const pieces = fc.array(piece, { maxLength: 8 });
const cuts = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 5 });

function* cut(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const length = lengths[index % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

test('whatever a program writes, what puts the terminal back is short, and has only what it may have', () => {
  fc.assert(
    fc.property(pieces, cuts, (pieces, lengths) => {
      const outcome = judge(() => {
        const modes = new TerminalModes();
        for (const chunk of cut(Buffer.concat(pieces), lengths)) modes.push(chunk);
        return resetSequence(modes, 80);
      });
      if (outcome.kind === 'refused') throw outcome.error;
      expect(outcome.result.length).toBeLessThan(8_192);
      expect(outcome.result).not.toMatch(/NaN|Infinity|undefined|e\+/);
    }),
    fuzzRuns(1_000),
  );
});

test('whatever a terminal sends is typed, in order, but for the keys that detach', () => {
  fc.assert(
    fc.property(pieces, cuts, (pieces, lengths) => {
      const sent = Buffer.concat(pieces);
      const outcome = judge(() => {
        const keys = new DetachKeys(parsePrefixKey('', 'ctrl-]'));
        const typed = Array.from(cut(sent, lengths), (chunk) => Buffer.from(keys.push(chunk)));
        typed.push(Buffer.from(keys.flush()));
        return { typed: Buffer.concat(typed), isDetached: keys.isDetached };
      });
      if (outcome.kind === 'refused') throw outcome.error;
      const { typed, isDetached } = outcome.result;
      expect(typed.length).toBeLessThanOrEqual(sent.length);
      if (!isDetached && !sent.includes(0x1d) && !sent.includes('93')) expect(typed.equals(sent)).toBe(true);
    }),
    fuzzRuns(1_000),
  );
});
