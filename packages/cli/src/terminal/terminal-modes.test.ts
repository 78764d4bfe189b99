import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TerminalModes } from './terminal-modes.ts';

const SWITCHES = [
  '\x1b[?1049h',
  '\x1b[?1049l',
  '\x1b[?1047h',
  '\x1b[?1047l',
  '\x1b[?47h',
  '\x1b[?47l',
  '\x1bc',
];

test('the last switch tells the screen, however the output is cut', () => {
  const piece = fc.oneof(
    fc.constantFrom(...SWITCHES),
    fc.constantFrom('text', '\x1b[0m', '\x1b[?25h', '\x1b', '\x1b[?104', '\n'.repeat(20)),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
      (pieces, cuts) => {
        const whole = Buffer.from(pieces.join(''));
        const modes = new TerminalModes();
        for (let at = 0, index = 0; at < whole.length; index += 1) {
          const length = cuts[index % cuts.length] ?? 1;
          // Memory that is used again for the next chunk, as a transport's is.
          const chunk = Buffer.from(whole.subarray(at, at + length));
          modes.push(chunk);
          chunk.fill(0);
          at += length;
        }
        expect(modes.isAlternate).toBe(lastSwitch(whole.toString())?.endsWith('h') ?? false);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('what is left on is told, however the output is cut', () => {
  const output = Buffer.from(
    'x\x1b[?2004;1006h\x1b[?25l\x1b[?2004l\x1b[>1u\x1b[=5;1u\x1b[>3u\x1b[<1u\x1b]11;red\x07\x1b[3g\x1b[?1049h\x1b[>1u\x1b[>1u\x1b[0m',
  );
  for (let length = 1; length <= output.length; length += 1) {
    const modes = new TerminalModes();
    for (let at = 0; at < output.length; at += length) modes.push(output.subarray(at, at + length));
    expect(modes.modes(true)).toEqual([1006]);
    expect(modes.modes(false)).toEqual([2004, 25]);
    expect(modes.kitty).toEqual({ main: 1, alternate: 2 });
    expect([modes.has(11), modes.has(4), modes.hasTabStops, modes.isAlternate]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  }
});

test('text without escapes is left alone', () => {
  const modes = new TerminalModes();
  modes.push(Buffer.from('\x1b[?1049h'));
  modes.push(Buffer.alloc(100_000, 'x'));
  expect(modes.isAlternate).toBe(true);
});

function lastSwitch(output: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- the switches begin with ESC
  return output.match(/\x1b\[\?(?:1049|1047|47)[hl]|\x1bc/g)?.at(-1);
}
