import type { IBufferCell } from '@xterm/headless';
import type { Emulator } from './emulator.ts';
import { HAS_EXTENDED, IS_COMBINED, WORDS } from './cell-words.ts';
import type { BufferState, Line } from './internals.ts';
import { currentPenOf, penOf, savedPenOf } from './pen.ts';

/** Differences beyond these tell nothing new. */
const MAX_DIFFERENCES = 12;

/**
 * Compares the whole state of two terminals: cells, attributes, wraps, scrollback, cursor, modes, pen, and what each buffer has of its
 * own. Each difference is a sentence; none if the two can't be told apart by anything that is written to them from now on.
 *
 * Cells are compared by the public interface of xterm.js, so that a misread bit of a cell does not hide itself.
 */
export function differences(expected: Emulator, actual: Emulator): string[] {
  const found: string[] = [];
  const compare = (what: string, a: unknown, b: unknown) => compareInto(found, what, a, b);
  compare('size', [expected.cols, expected.rows], [actual.cols, actual.rows]);
  compare('alternate buffer', expected.internals.isAlternate, actual.internals.isAlternate);
  if (found.length > 0) return found;
  const isAlternate = expected.internals.isAlternate;
  compareBuffers('normal', expected.internals.normal, actual.internals.normal);
  if (isAlternate) compareBuffers('alternate', expected.internals.alternate, actual.internals.alternate);
  compareAll(found, modes(expected), modes(actual));
  compareAll(found, places(expected), places(actual));
  return found.slice(0, MAX_DIFFERENCES);

  function compareBuffers(name: string, a: BufferState, b: BufferState): void {
    compare(`${name}: scrollback`, a.ybase, b.ybase);
    if (a.ybase !== b.ybase) return;
    for (let y = 0; y < a.ybase + expected.rows && found.length < MAX_DIFFERENCES; y += 1) {
      const [one, other] = [a.lines.get(y), b.lines.get(y)];
      if (!one || !other) {
        compare(`${name}: row ${y} is there`, one !== undefined, other !== undefined);
        continue;
      }
      compare(`${name}: row ${y} is wrapped`, one.isWrapped, other.isWrapped);
      compareCells(`${name}: row ${y}`, y, one, other);
    }
    compare(`${name}: tab stops`, a.tabs, b.tabs);
  }

  function compareCells(row: string, y: number, a: Line, b: Line): void {
    for (let x = 0; x < expected.cols && found.length < MAX_DIFFERENCES; x += 1) {
      if (isSameWords(a, b, x)) continue;
      compare(`${row}, column ${x}`, cell(expected, y, x, a), cell(actual, y, x, b));
    }
  }

  function cell(emulator: Emulator, y: number, x: number, line: Line): unknown {
    const { terminal, internals } = emulator;
    const buffer =
      line === internals.normal.lines.get(y) ? terminal.buffer.normal : terminal.buffer.alternate;
    const it = buffer.getLine(y)?.getCell(x);
    if (!it) return null;
    const extended = line._extendedAttrs[x];
    const [foreground = 0, background = 0] = line._data.subarray(x * WORDS + 1, x * WORDS + WORDS);
    const hasExtended = (background & HAS_EXTENDED) !== 0;
    const link = hasExtended ? linkOf(emulator, extended?._urlId ?? 0) : null;
    const pen = penOf(
      foreground | 0,
      background | 0,
      extended && { _ext: extended._ext, _urlId: link ? extended._urlId : 0 },
    );
    return [describe(it), pen.underlineStyle, pen.underlineColour, pen.backgroundFlags, link];
  }
}

/** Compares what is left of the state when the cells are not looked at, nor what depends on where the cursor was. */
export function modeDifferences(expected: Emulator, actual: Emulator): string[] {
  const found: string[] = [];
  compareAll(found, modes(expected), modes(actual));
  return found;
}

type Facts = Readonly<Record<string, unknown>>;

function compareAll(found: string[], expected: Facts, actual: Facts): void {
  for (const what of Object.keys(expected)) compareInto(found, what, expected[what], actual[what]);
}

function compareInto(found: string[], what: string, expected: unknown, actual: unknown): void {
  const [left, right] = [JSON.stringify(expected), JSON.stringify(actual)];
  if (left !== right) found.push(`${what}: ${left}, not ${right}`);
}

/** Two cells with the same words are the same, unless the words refer to something else. */
function isSameWords(a: Line, b: Line, x: number): boolean {
  const at = x * WORDS;
  const [content = 0, background = 0] = [a._data[at], a._data[at + 2]];
  return (
    content === b._data[at] &&
    a._data[at + 1] === b._data[at + 1] &&
    background === b._data[at + 2] &&
    (background & HAS_EXTENDED) === 0 &&
    ((content & IS_COMBINED) === 0 || a._combined[x] === b._combined[x])
  );
}

function describe(cell: IBufferCell): unknown[] {
  return [
    cell.getChars(),
    cell.getWidth(),
    cell.getFgColorMode(),
    cell.isFgDefault() || cell.getFgColor(),
    cell.getBgColorMode(),
    cell.isBgDefault() || cell.getBgColor(),
    [
      cell.isBold() && 'bold',
      cell.isDim() && 'dim',
      cell.isItalic() && 'italic',
      cell.isBlink() && 'blink',
      cell.isInverse() && 'inverse',
      cell.isInvisible() && 'invisible',
      cell.isStrikethrough() && 'strike',
      cell.isOverline() && 'overline',
    ].filter(Boolean),
  ];
}

/** Links are numbered by each emulator; one without an id of its own gets one when it is carried. */
function linkOf({ internals }: Emulator, id: number): { id: string; uri: string } | null {
  const link = id === 0 ? undefined : internals.link(id);
  if (!link) return null;
  return { id: link.id === undefined || link.id.startsWith('~') ? '' : link.id, uri: link.uri };
}

/** What depends on where the cursor was. */
function places({ internals }: Emulator): Facts {
  const { normal, alternate, isAlternate } = internals;
  const active = isAlternate ? alternate : normal;
  return {
    cursor: [active.x, active.y],
    'row of the cursor in the normal buffer': normal.y,
    'saved place': [normal.saved.x, normal.saved.y],
    'saved place of the alternate buffer': [alternate.saved.x, alternate.saved.y],
    'join state': internals.joinState,
  };
}

/** Everything else but the cells. */
function modes(emulator: Emulator): Facts {
  const { internals, terminal, tracked } = emulator;
  const { normal, alternate, pen, isAlternate } = internals;
  const saved = ({ saved: { foreground, background, hasExtended, charset } }: BufferState) => ({
    pen: savedPenOf(foreground, background),
    hasExtended,
    charset,
  });
  return {
    'alternate buffer': isAlternate,
    region: normal.region,
    'region of the alternate buffer': isAlternate && alternate.region,
    'cursor is hidden': internals.isCursorHidden,
    'cursor style': internals.cursorStyle,
    'cursor blinks': terminal.options.cursorBlink,
    modes: terminal.modes,
    'line feed mode': terminal.options.convertEol,
    mouse: internals.mouse,
    pen: currentPenOf(pen.fg, pen.bg, pen.extended),
    'link of the pen': linkOf(emulator, (pen.bg & HAS_EXTENDED) === 0 ? 0 : pen.extended._urlId),
    charsets: internals.charsets,
    'saved cursor': saved(normal),
    'saved cursor of the alternate buffer': saved(alternate),
    'between sequences': internals.isGround,
    'private modes': [...tracked.modes],
    'kitty keyboard': tracked.kitty,
    'key resources': [...tracked.keyResources].toSorted(([a], [b]) => a - b),
    palette: [...tracked.palette].toSorted(([a], [b]) => a - b),
    'special colours': [...tracked.specialColours].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    texts: [tracked.title, tracked.icon, tracked.cwd, tracked.promptMark],
  };
}
