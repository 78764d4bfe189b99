import headless, { type IBufferLine, type Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Emulators } from './emulator.ts';
import { type GuardedCore, guardSequences } from './sequence-guards.ts';

const emulators = new Emulators();
const SCROLLBACK = 20;
/** The greatest number that xterm.js knows. */
const MOST = 2_147_483_647;

type Core = GuardedCore & { readonly _inputHandler: { parse(text: string): void } };

/** What is written, shown by xterm.js alone and by one with guards. */
function twice(written: string): [alone: Terminal, guarded: Terminal] {
  const open = (guard?: typeof guardSequences): Terminal => {
    const terminal = new headless.Terminal({
      cols: 7,
      rows: 4,
      scrollback: SCROLLBACK,
      allowProposedApi: true,
      logLevel: 'off',
    });
    const core = (terminal as unknown as { _core: Core })._core;
    guard?.(core);
    core._inputHandler.parse(written);
    return terminal;
  };
  return [open(), open(guardSequences)];
}

function screenOf(terminal: Terminal, linesAbove = 0): string[] {
  const { active } = terminal.buffer;
  const shown = [`cursor ${active.cursorX},${active.cursorY}`];
  for (let y = active.baseY - linesAbove; y < active.baseY + terminal.rows; y += 1) {
    const line = active.getLine(y);
    if (line) shown.push(`${line.isWrapped ? '+' : ' '}${cellsOf(line)}`);
  }
  return shown;
}

function cellsOf(line: IBufferLine): string {
  const cells = Array.from({ length: line.length }, (_, column) => line.getCell(column));
  return cells
    .map((cell) => `${cell?.getChars()}/${cell?.getWidth()}/${cell?.getFgColor()}/${cell?.getBgColor()}`)
    .join(' ');
}

/** Text, cursor, pen, region, and the modes that count. */
const begun = fc
  .tuple(
    fc.constantFrom('', '1\r\n2\r\n3\r\n4\r\n5\r\n6', 'x'.repeat(40), '世界'.repeat(12)),
    fc.constantFrom('', '\x1b[2;3r', '\x1b[1;2r', '\x1b[3;4r'),
    fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 7 })),
    fc.constantFrom('', '\x1b[4h', '\x1b[?7l', '\x1b[?47h', '\x1b[3g\x1b[4G\x1bH'),
    fc.constantFrom('', '\x1b[31;44m'),
  )
  .map(([text, region, [row, column], mode, pen]) => `${text}\r${region}${mode}${pen}\x1b[${row};${column}H`);

describe('a count that is larger than the screen', () => {
  test.each(['@', 'P', 'X', 'L', 'M', 'S', 'T', 'I', 'Z', ' @', ' A', "'}", "'~"])(
    'moves and erases what it would anyway: CSI n %s',
    (final) => {
      const written = fc
        .tuple(begun, fc.integer({ min: 0, max: 60 }))
        .map(([before, count]) => `${before}\x1b[${count}${final}.`);
      fc.assert(
        fc.property(written, (bytes) => {
          const [alone, guarded] = twice(bytes);
          expect(screenOf(guarded, SCROLLBACK)).toEqual(screenOf(alone, SCROLLBACK));
          for (const terminal of [alone, guarded]) terminal.dispose();
        }),
        { numRuns: 300 },
      );
    },
  );

  test('repeats a character so often that the screen is what it would be', () => {
    const written = fc
      .tuple(
        begun,
        fc.constantFrom('a', '世', 'e\u0301', '😀', '\x1b(0q'),
        fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 600 })),
        fc.constantFrom('.', '世', ''),
      )
      .map(([before, repeated, count, after]) => `${before}${repeated}\x1b[${count}b${after}`);
    fc.assert(
      fc.property(written, (bytes) => {
        const [alone, guarded] = twice(bytes);
        expect(screenOf(guarded)).toEqual(screenOf(alone));
        for (const terminal of [alone, guarded]) terminal.dispose();
      }),
      { numRuns: 3_000 },
    );
  });

  test.each(['@', 'P', 'X', 'L', 'M', 'S', 'T', 'I', 'Z', 'b', ' @', ' A', "'}", "'~"])(
    'takes no longer and no more than the screen: CSI n %s',
    (final) => {
      using emulator = emulators.open({ cols: 200, rows: 50 });
      const begin = performance.now();
      const before = process.memoryUsage().arrayBuffers;
      for (let time = 0; time < 5; time += 1) emulator.feed(Buffer.from(`a\x1b[${MOST}${final}`));
      expect(performance.now() - begin).toBeLessThan(2_000);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    },
  );

  test('repeats a cell of a thousand characters on less than the whole screen', () => {
    using emulator = emulators.open({ cols: 200, rows: 50 });
    const before = process.memoryUsage().arrayBuffers;
    emulator.feed(Buffer.from(`a${'\u0301'.repeat(20_000)}\x1b[${MOST}b`));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });
});
