import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PromptMarks } from './prompt-marks.ts';

function marksIn(output: string, lengths: readonly number[] = [output.length || 1]): string[] {
  const marks = new PromptMarks();
  const bytes = Buffer.from(output);
  const found: string[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const length = lengths[index % lengths.length] ?? 1;
    for (const { letter, exit } of marks.push(bytes.subarray(at, at + length)))
      found.push(exit === undefined ? letter : `${letter}${exit}`);
    at += length;
  }
  return found;
}

test('marks are found however the output is cut', () => {
  const output =
    'text\x1b]133;A\x07$ \x1b]133;B\x1b\\make\r\n\x1b]133;C;cmdline=make\x07\x1b[31mno\x1b[m\x1b]133;D;2;aid=1\x07\x1b]133;D\x07\x1b]133;A;k=s\x07';
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (lengths) => {
      expect(marksIn(output, lengths)).toEqual(['A', 'B', 'C', 'D2', 'D', 'A']);
    }),
  );
});

test('what is broken off, or too long, is no mark of which anything hangs on', () => {
  expect(marksIn(`\x1b]133;D;x\x07\x1b]133;${'y'.repeat(10_000)}`, [100])).toEqual(['D']);
  expect(marksIn(`\x1b]133;${'y'.repeat(10_000)}\x07\x1b]133;A\x07`, [100]).at(-1)).toBe('A');
  expect(marksIn('\x1b]133;A\x1b[m\x1b]1337;A\x07\x1b]13;B\x07')).toEqual(['A']);
});

test('half a mark is none when what comes behind it may be missing', () => {
  const marks = new PromptMarks();
  expect(marks.push(Buffer.from('\x1b]133;'))).toEqual([]);
  marks.missed();
  expect(marks.push(Buffer.from('B\x07\x1b]133;C\x07'))).toMatchObject([{ letter: 'C' }]);
});
