import {
  CODE_POINT,
  EMPTY_CELL,
  HAS_CONTENT,
  HAS_EXTENDED,
  IS_COMBINED,
  WIDTH_SHIFT,
  WORDS,
} from './cell-words.ts';
import type { Internals, Line, Lines } from './internals.ts';
import {
  DEFAULT_PEN,
  erasedPen,
  isAdorned,
  isSamePen,
  type Pen,
  penOf,
  PROTECTED,
  sameColour,
  selectPen,
} from './pen.ts';
import { VtWriter } from './vt-writer.ts';

/** Selections of pens that are kept, by the two words of a cell; a screen seldom has more. */
const CACHE_SIZE = 4096;
/** A character of two columns: printed over, it leaves an empty cell with the pen's attributes, as nothing else does. */
const WIDE = '\u4e00';

interface Selection {
  readonly foreground: number;
  readonly background: number;
  readonly pen: Pen;
  readonly sequence: string;
}

export interface Rows {
  readonly from: number;
  /** Behind the last. */
  readonly to: number;
  /** Whether blank rows at the end are painted too. */
  readonly all: boolean;
}

export function cursorTo(x: number, y: number): string {
  return `\x1b[${y + 1};${x + 1}H`;
}

export function cellText(line: Line, at: number): string {
  const content = line._data[at * WORDS] ?? 0;
  if (content & IS_COMBINED) return line._combined[at] ?? '';
  return content & CODE_POINT ? String.fromCodePoint(content & CODE_POINT) : '';
}

/** In columns; 0 for the second half of a wide character, and for a combining character alone. */
export function cellWidth(line: Line, at: number): number {
  return (line._data[at * WORDS] ?? 0) >>> WIDTH_SHIFT;
}

/** Whether the cell is the second half of a wide character. */
export function isPlaceholder(line: Line, at: number): boolean {
  const content = line._data[at * WORDS] ?? 0;
  return content >>> WIDTH_SHIFT === 0 && (content & HAS_CONTENT) === 0;
}

/** Writes rows of cells so that a terminal has them afterwards, with their attributes and wraps. */
export class RowPainter {
  readonly #out = new VtWriter();
  readonly #cache: (Selection | undefined)[] = Array.from({ length: CACHE_SIZE });
  readonly #sequences = new Map<string, string>();
  #internals!: Internals;
  #cols = 0;
  #screenRows = 0;
  #pen: Pen = DEFAULT_PEN;
  #link = 0;
  #unrepresented: string[] = [];

  begin(internals: Internals, cols: number, rows: number): void {
    this.#internals = internals;
    this.#cols = cols;
    this.#screenRows = rows;
    this.#pen = DEFAULT_PEN;
    this.#link = 0;
    this.#unrepresented = [];
    this.#out.clear();
  }

  get unrepresented(): readonly string[] {
    return this.#unrepresented;
  }

  text(text: string): void {
    this.#out.text(text);
  }

  take(): Buffer {
    return this.#out.take();
  }

  select(pen: Pen): void {
    if (isSamePen(pen, this.#pen)) return;
    this.#writePen(pen, this.#sequenceOf(pen));
  }

  /** For when nobody knows which pen the terminal has. */
  selectAfresh(pen: Pen): void {
    this.#writePen(pen, this.#sequenceOf(pen));
  }

  selectLinked(pen: Pen, link: number): void {
    this.select(pen);
    this.#selectLink(this.#known(link));
  }

  /** The pen and the link of a cell. */
  selectCell(line: Line, at: number): void {
    const foreground = (line._data[at * WORDS + 1] ?? 0) | 0;
    const background = (line._data[at * WORDS + 2] ?? 0) | 0;
    if ((background & HAS_EXTENDED) === 0) {
      const { pen, sequence } = this.#selection(foreground, background);
      if (!isSamePen(pen, this.#pen)) this.#writePen(pen, sequence);
      this.#selectLink(0);
      return;
    }
    const extended = line._extendedAttrs[at];
    const link = this.#known(extended?._urlId ?? 0);
    this.select(penOf(foreground, background, extended && { _ext: extended._ext, _urlId: link }));
    this.#selectLink(link);
  }

  /** The background that all cells of an empty line have in common. */
  blankBackground(line: Line): number | undefined {
    const first = sameColour((line._data[2] ?? 0) | 0);
    for (let at = 0; at < this.#cols; at += 1) {
      const content = line._data[at * WORDS] ?? 0;
      const foreground = (line._data[at * WORDS + 1] ?? 0) | 0;
      const background = (line._data[at * WORDS + 2] ?? 0) | 0;
      if (content !== EMPTY_CELL || isAdorned(foreground, background) || sameColour(background) !== first)
        return undefined;
    }
    return first;
  }

  /** From the home position of an empty screen; leaves pen and link as they are by default. */
  rows(lines: Lines, { from, to, all }: Rows): void {
    let last = to - 1;
    if (!all) while (last > from && this.#isUntouched(lines.get(last))) last -= 1;
    if (lines.get(from)?.isWrapped) this.#wrapFirst();
    let isWrapped = false;
    for (let y = from; y <= last; y += 1) {
      const line = lines.get(y);
      if (!line) continue;
      const { x, adorned } = this.#row(line, isWrapped);
      if (y === last) break;
      isWrapped = lines.get(y + 1)?.isWrapped ?? false;
      if (isWrapped) this.#wrap(line, x, adorned);
      else {
        if (this.#pen.background !== 0) this.select(DEFAULT_PEN); // or the row that scrolls in would have it
        this.text('\r\n');
      }
    }
    this.#selectLink(0);
    this.select(DEFAULT_PEN);
  }

  #isUntouched(line: Line | undefined): boolean {
    if (!line || line.isWrapped) return false;
    return this.#usedLength(line) === 0;
  }

  /** Without the cells at the end that nobody has ever written. */
  #usedLength(line: Line): number {
    const data = line._data;
    let length = Math.min(this.#cols, line.length);
    while (
      length > 0 &&
      data[length * WORDS - 3] === EMPTY_CELL &&
      data[length * WORDS - 2] === 0 &&
      data[length * WORDS - 1] === 0
    )
      length -= 1;
    return length;
  }

  /** The top row is the rest of one that is gone: wrapped into from above, which is then deleted. */
  #wrapFirst(): void {
    if (this.#screenRows > 1) this.text(`\x1b[${this.#cols}G--\x1b[H\x1b[M\x1b[X`);
    else this.#unrepresented.push('a wrapped first row on a screen of one row');
  }

  /** Wraps into the next row, as printing does; its first cell has a character then that does not belong there. */
  #wrap(line: Line, x: number, adorned: ReadonlySet<number> | undefined): void {
    const last = this.#cols - 1;
    this.#selectLink(0);
    if (this.#screenRows === 1) this.#unrepresented.push('wrapped rows on a screen of one row');
    if (x === this.#cols && (cellText(line, last) !== '' || isPlaceholder(line, last))) {
      this.select(DEFAULT_PEN);
      this.text('-\r');
    } else if (adorned?.has(last)) {
      // A wide character that does not fit leaves exactly such a cell.
      this.selectCell(line, last);
      this.text(`\x1b[${this.#cols}G${WIDE}`);
      this.#selectLink(0);
      this.select(DEFAULT_PEN);
      this.text(`\r\x1b[${this.#cols}X`);
    } else {
      const background = sameColour((line._data[last * WORDS + 2] ?? 0) | 0);
      this.select(DEFAULT_PEN);
      this.text(`\x1b[${this.#cols}G--\x1b[A\x1b[${this.#cols}G`);
      this.select(erasedPen(background));
      this.text('\x1b[X\x1b[B\r');
      this.select(DEFAULT_PEN);
    }
  }

  /** Paints from the row's first column on. Where the cursor is then, and which empty cells have attributes. */
  #row(line: Line, isWrapped: boolean): { x: number; adorned: ReadonlySet<number> | undefined } {
    const data = line._data;
    const length = Math.max(this.#usedLength(line), isWrapped ? 1 : 0);
    const adorned = this.#adorned(line, length);
    if (adorned) this.#paintAdorned(line, adorned);
    let x = 0;
    for (let at = 0; at < length; ) {
      const content = data[at * WORDS] ?? 0;
      const width = content >>> WIDTH_SHIFT;
      if ((content & HAS_CONTENT) === 0) {
        if (width === 0) this.#unrepresented.push('the second half of a wide character, alone');
        if (width === 0 || adorned?.has(at)) {
          at += 1;
          continue;
        }
        const background = sameColour((data[at * WORDS + 2] ?? 0) | 0);
        const end = this.#endOfEmpty(line, { at, length, background, adorned });
        if (background !== 0 || (isWrapped && at === 0)) {
          this.#go(x, at);
          x = at;
          this.#selectLink(0);
          this.select(erasedPen(background));
          const count = background === 0 ? 1 : end - at;
          this.text(count === 1 ? '\x1b[X' : `\x1b[${count}X`);
        }
        at = end;
        continue;
      }
      this.#go(x, at);
      this.selectCell(line, at);
      if (width === 1 && (content & HAS_CONTENT) < 0x80) {
        at = this.#asciiRun(line, at, length);
        x = at;
        continue;
      }
      // A combining character alone in its cell must not join the one before.
      if (width === 0) this.text(at === 0 ? '\x1b[1G' : `\x1b[1G\x1b[${at}C`);
      this.text(cellText(line, at));
      at += width || 1;
      x = at;
    }
    return { x, adorned };
  }

  #go(from: number, to: number): void {
    if (from === to) return;
    if (to < from) this.text(`\x1b[${to + 1}G`);
    else this.text(to - from === 1 ? '\x1b[C' : `\x1b[${to - from}C`);
  }

  #endOfEmpty(
    line: Line,
    run: { at: number; length: number; background: number; adorned: ReadonlySet<number> | undefined },
  ): number {
    let end = run.at + 1;
    while (
      end < run.length &&
      line._data[end * WORDS] === EMPTY_CELL &&
      sameColour((line._data[end * WORDS + 2] ?? 0) | 0) === run.background &&
      !run.adorned?.has(end)
    )
      end += 1;
    return end;
  }

  /** Most of all screens: characters of one byte with the same attributes. Where the run ends. */
  #asciiRun(line: Line, from: number, length: number): number {
    const data = line._data;
    const foreground = data[from * WORDS + 1];
    const background = data[from * WORDS + 2] ?? 0;
    const extended = background & HAS_EXTENDED ? line._extendedAttrs[from] : undefined;
    this.#out.reserve(length - from);
    let at = from;
    for (; at < length; at += 1) {
      const content = data[at * WORDS] ?? 0;
      const code = content - EMPTY_CELL;
      if (code <= 0 || code >= 0x80) break;
      if (data[at * WORDS + 1] !== foreground || data[at * WORDS + 2] !== background) break;
      if (extended && line._extendedAttrs[at] !== extended) break;
      this.#out.byte(code);
    }
    return at;
  }

  #adorned(line: Line, length: number): ReadonlySet<number> | undefined {
    const data = line._data;
    let adorned: Set<number> | undefined;
    for (let at = 0; at < length; at += 1) {
      if (data[at * WORDS] !== EMPTY_CELL) continue;
      const foreground = (data[at * WORDS + 1] ?? 0) | 0;
      const background = (data[at * WORDS + 2] ?? 0) | 0;
      const isIt =
        isAdorned(foreground, background) ||
        ((background & HAS_EXTENDED) !== 0 && this.#known(line._extendedAttrs[at]?._urlId ?? 0) !== 0);
      if (isIt) (adorned ??= new Set()).add(at);
    }
    return adorned;
  }

  /** Each takes a neighbour with it, so they come before the rest of the row, from the right to the left. */
  #paintAdorned(line: Line, adorned: ReadonlySet<number>): void {
    for (const at of [...adorned].toReversed()) {
      this.selectCell(line, at);
      if (at > 0) this.text(`\x1b[${at}G${WIDE}\x1b[${at}G-`);
      else if (!adorned.has(1)) this.text(`\x1b[1G${WIDE}\x1b[2G-`);
      else this.#unrepresented.push('attributes of an empty first cell');
    }
    this.#selectLink(0);
    for (const at of adorned) {
      const neighbour = at > 0 ? at - 1 : 1;
      if (adorned.has(neighbour) || line._data[neighbour * WORDS] !== EMPTY_CELL) continue;
      this.select(erasedPen(sameColour((line._data[neighbour * WORDS + 2] ?? 0) | 0)));
      this.text(`\x1b[${neighbour + 1}G\x1b[X`);
    }
    this.text('\r');
  }

  #selection(foreground: number, background: number): Selection {
    const slot = (Math.imul(foreground, 0x9e3779b1) ^ Math.imul(background, 0x85ebca6b)) >>> 20;
    const found = this.#cache[slot];
    if (found && found.foreground === foreground && found.background === background) return found;
    const pen = penOf(foreground, background, undefined);
    const selection = { foreground, background, pen, sequence: selectPen(pen) };
    this.#cache[slot] = selection;
    return selection;
  }

  #sequenceOf(pen: Pen): string {
    if (pen === DEFAULT_PEN) return '\x1b[m';
    const key = `${pen.foreground}/${pen.background}/${pen.foregroundFlags}/${pen.backgroundFlags}/${pen.underlineStyle}/${pen.underlineColour}`;
    let sequence = this.#sequences.get(key);
    if (sequence === undefined) {
      if (this.#sequences.size >= CACHE_SIZE) this.#sequences.clear();
      sequence = selectPen(pen);
      this.#sequences.set(key, sequence);
    }
    return sequence;
  }

  #writePen(pen: Pen, sequence: string): void {
    // Some terminals do not count this as an attribute that SGR 0 resets.
    if (this.#pen.backgroundFlags & PROTECTED && !(pen.backgroundFlags & PROTECTED)) this.text('\x1b[0"q');
    this.text(sequence);
    this.#pen = pen;
  }

  #selectLink(id: number): void {
    if (id === this.#link) return;
    this.#link = id;
    const link = id === 0 ? undefined : this.#internals.link(id);
    // Without an id, the parts of one link would become links of their own.
    this.text(link ? `\x1b]8;id=${link.id ?? `~${id}`};${link.uri}\x1b\\` : '\x1b]8;;\x1b\\');
  }

  /** None, where this version of xterm.js does not tell which it is. */
  #known(link: number): number {
    return link !== 0 && this.#internals.link(link) ? link : 0;
  }
}
