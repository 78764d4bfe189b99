// Empty lines and erasing, which xterm.js does cell by cell, in one copy of memory. The lines are the same afterwards, to the bit.

import { EMPTY_CELL, HAS_EXTENDED, IS_COMBINED, WORDS } from './cell-words.ts';
import { LineMemory } from './line-memory.ts';

const EMPTY: FilledCell = { content: EMPTY_CELL, fg: 0, bg: 0 };

/** What cells are filled with. */
interface FilledCell {
  readonly content: number;
  readonly fg: number;
  readonly bg: number;
}

interface Line {
  length: number;
  isWrapped: boolean;
  _data: Uint32Array;
  _combined: Record<number, string>;
  _extendedAttrs: Record<number, unknown>;
  getWidth(column: number): number;
  setCellFromCodepoint(column: number, code: number, width: number, pen: FilledCell): void;
  fill(cell: FilledCell, sparesProtected?: boolean): void;
  replaceCells(from: number, to: number, cell: FilledCell, sparesProtected?: boolean): void;
  resize(cols: number, cell: FilledCell): boolean;
  clone(): Line;
}

type SlowLineClass = new (cols: number, cell: FilledCell, isWrapped?: boolean) => Line;
type LineClass = new (cols: number, cell: FilledCell, isWrapped: boolean, memory: LineMemory) => Line;

interface LinedBuffer {
  readonly lines: {
    readonly length: number;
    readonly maxLength: number;
    get(index: number): Line | undefined;
    set(index: number, line: Line): void;
  };
  getNullCell(pen: unknown): FilledCell;
  getBlankLine(pen: unknown, isWrapped?: boolean): Line;
  clear(): void;
}

/** What is read of xterm.js behind its public interface for this. */
export interface LinedCore {
  readonly cols: number;
  readonly buffers: { readonly normal: LinedBuffer; readonly alt: LinedBuffer; reset(): void };
}

/** Gives terminals lines that are quick to empty. All that it is asked for have them of one class, so that V8 sees one kind of line. */
export class QuickLines {
  #class: LineClass | undefined;

  /** Right after the terminal was opened. Lines that a resize adds are as they were. */
  useIn(core: LinedCore): void {
    const { buffers } = core;
    const reset = buffers.reset.bind(buffers);
    buffers.reset = () => {
      reset(); // has other buffers then
      this.#replaceLines(core);
    };
    this.#replaceLines(core);
  }

  #replaceLines(core: LinedCore): void {
    const { normal, alt } = core.buffers;
    const first = normal.lines.get(0);
    if (!first) return;
    const QuickLine = (this.#class ??= quickened(first.constructor as SlowLineClass));
    for (const buffer of [normal, alt]) {
      const memory = new LineMemory(buffer.lines.maxLength, core.cols);
      const left = linesLeftIn(buffer);
      buffer.getBlankLine = (pen, isWrapped = false) => {
        const cell = buffer.getNullCell(pen);
        const line = left.pop();
        if (line?.length !== core.cols) return new QuickLine(core.cols, cell, isWrapped, memory);
        line.fill(cell);
        line.isWrapped = isWrapped;
        return line;
      };
    }
    for (let row = 0; row < normal.lines.length; row += 1)
      normal.lines.set(row, normal.getBlankLine(undefined));
  }
}

/**
 * The lines that it had when it was cleared, as the alternate buffer is whenever it is left: there are as many again when it is entered.
 * xterm.js may hold one in two places; each is given once.
 */
function linesLeftIn(buffer: LinedBuffer): Line[] {
  const left: Line[] = [];
  const clear = buffer.clear.bind(buffer);
  buffer.clear = () => {
    const held = new Set<Line>();
    for (let row = 0; row < buffer.lines.length; row += 1) {
      const line = buffer.lines.get(row);
      if (line) held.add(line);
    }
    left.splice(0, left.length, ...held);
    clear();
  };
  return left;
}

function quickened(Slow: SlowLineClass): LineClass {
  /** A row of what was filled in last; nearly always it is the same again. */
  let filled = new Uint32Array(0);

  return class QuickLine extends Slow {
    readonly #memory: LineMemory;

    constructor(cols: number, cell: FilledCell, isWrapped: boolean, memory: LineMemory) {
      super(0, cell, isWrapped);
      this.#memory = memory;
      if (cols === 0) return;
      this._data = memory.take(cols * WORDS);
      this.length = cols;
      this.fill(cell);
    }

    override fill(cell: FilledCell, sparesProtected = false): void {
      if (sparesProtected || hasMore(cell)) {
        super.fill(cell, sparesProtected);
        return;
      }
      this._combined = {};
      this._extendedAttrs = {};
      const { length } = this._data;
      const { content, fg, bg } = cell;
      if (
        filled.length !== length ||
        filled[0] !== content ||
        filled[1] !== fg >>> 0 ||
        filled[2] !== bg >>> 0
      ) {
        filled = new Uint32Array(length);
        fillWords(filled, 0, length, cell);
      }
      this._data.set(filled);
    }

    override replaceCells(from: number, to: number, cell: FilledCell, sparesProtected = false): void {
      if (sparesProtected || hasMore(cell)) {
        super.replaceCells(from, to, cell, sparesProtected);
        return;
      }
      // Half a wide character is none.
      if (from > 0 && this.getWidth(from - 1) === 2) this.setCellFromCodepoint(from - 1, 0, 1, cell);
      if (to < this.length && this.getWidth(to - 1) === 2) this.setCellFromCodepoint(to, 0, 1, cell);
      fillWords(this._data, from * WORDS, Math.min(to, this.length) * WORDS, cell);
    }

    /** xterm.js takes what is around a line's memory for its own. */
    override resize(cols: number, cell: FilledCell): boolean {
      if (this._data.byteLength < this._data.buffer.byteLength) this._data = this._data.slice();
      return super.resize(cols, cell);
    }

    override clone(): Line {
      const copy = new QuickLine(0, EMPTY, this.isWrapped, this.#memory);
      copy._data = this.#memory.take(this._data.length);
      copy._data.set(this._data);
      copy.length = this.length;
      for (const column in this._combined) copy._combined[column] = this._combined[column] ?? '';
      for (const column in this._extendedAttrs) copy._extendedAttrs[column] = this._extendedAttrs[column];
      return copy;
    }
  };
}

function fillWords(words: Uint32Array, from: number, to: number, { content, fg, bg }: FilledCell): void {
  for (let at = from; at < to; at += WORDS) {
    words[at] = content;
    words[at + 1] = fg;
    words[at + 2] = bg;
  }
}

/** Whether there is more to such a cell than its three words. */
function hasMore({ content, bg }: FilledCell): boolean {
  return (content & IS_COMBINED) !== 0 || (bg & HAS_EXTENDED) !== 0;
}
