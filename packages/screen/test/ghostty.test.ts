import { type Emulator, Emulators, SafeOffset, Serializer } from '@holdfast/screen';
import { randomCuts, ScreenRecording } from '@holdfast/testkit';
import { expect, test, vi } from 'vitest';
import { GhosttyScreens, type SeenCell } from './ghostty.ts';

const CUTS = 10;

const emulators = new Emulators();
const serializer = new Serializer();
// It tells of each sequence that it does not know.
vi.spyOn(console, 'log').mockImplementation(() => {});
const ghostty = await GhosttyScreens.load();

test('a viewer of another make shows the same as the one that is kept for it, and answers nothing', {
  timeout: 120_000,
}, async () => {
  let snapshots = 0;
  const unlike: unknown[] = [];
  for (const recording of ScreenRecording.all()) {
    using always = emulators.open(recording.sizeAt(0));
    const output = new SafeOffset();
    let shown = 0;
    for (const { at } of randomCuts(recording, CUTS, 5).toSorted((a, b) => a.at - b.at)) {
      output.push(recording.bytes.subarray(output.end, at));
      recording.play(always, shown, output.safe);
      shown = output.safe;
      using viewer = await ghostty.open(always);
      viewer.feed(serializer.serialize(always));
      snapshots += 1;
      const where = `${recording.name} at ${shown}`;
      const { cursorX, cursorY } = always.terminal.buffer.active;
      expect([where, viewer.answer]).toEqual([where, null]);
      expect([where, ...viewer.cursor]).toEqual([where, Math.min(cursorX, always.cols - 1), cursorY]);
      const cell = firstUnlike(seenRows(always), (y) => viewer.row(y));
      if (cell) unlike.push([where, cell]);
    }
  }
  // The two halves of a flag are two characters in xterm.js, and one in Ghostty.
  if (unlike.length > snapshots / 20) expect(unlike).toEqual([]);
  expect(snapshots).toBeGreaterThan(200);
});

function firstUnlike(expected: readonly SeenCell[][], row: (y: number) => readonly SeenCell[]): unknown {
  for (const [y, cells] of expected.entries()) {
    const seen = row(y);
    for (const [x, cell] of cells.entries())
      if (JSON.stringify(cell) !== JSON.stringify(seen[x])) return { x, y, cell, seen: seen[x] };
  }
  return undefined;
}

/** What a terminal of any make shows of an emulator's screen, as Ghostty tells it. */
function seenRows(emulator: Emulator): SeenCell[][] {
  const { active } = emulator.terminal.buffer;
  const { isAlternate, normal, alternate } = emulator.internals;
  const { lines } = isAlternate ? alternate : normal;
  return Array.from({ length: emulator.rows }, (_, y) =>
    Array.from({ length: emulator.cols }, (_none, x): SeenCell => {
      const cell = active.getLine(active.baseY + y)?.getCell(x);
      if (!cell) throw new Error(`there is no cell at ${x}, ${y}`);
      // xterm.js underlines links, but does not count that as an attribute.
      const isLink = (lines.get(active.baseY + y)?._extendedAttrs[x]?._urlId ?? 0) !== 0;
      const isUnderlined = cell.isUnderline() && !isLink;
      const bits = [
        cell.isBold(),
        cell.isItalic(),
        isUnderlined,
        cell.isStrikethrough(),
        cell.isInverse(),
        cell.isInvisible(),
        cell.isBlink(),
        cell.isDim(),
      ];
      return {
        text: cell.getChars() || ' ',
        width: cell.getWidth(),
        flags: bits.reduce<number>((all, is, bit) => (is ? all | (1 << bit) : all), 0),
        foreground: cell.isFgDefault()
          ? ghostty.blank.foreground
          : ghostty.colour(cell.isFgRGB(), cell.getFgColor()),
        background: cell.isBgDefault()
          ? ghostty.blank.background
          : ghostty.colour(cell.isBgRGB(), cell.getBgColor()),
      };
    }),
  );
}
