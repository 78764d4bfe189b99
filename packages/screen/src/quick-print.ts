// Runs of plain characters, which xterm.js prints one by one, written into their line at once. The screen is the same, to the bit.

import { EMPTY_CELL, HAS_EXTENDED, WORDS } from './cell-words.ts';

const HAS_WIDTH_OR_CONTENT = 0xffffff;
const FIRST_PLAIN = 0x20;
const LAST_PLAIN = 0x7e;
/** What the next character may join: one of one column, as all Unicode versions have it for these. */
const PLAIN_JOIN_STATE = 1 << 1;

interface PrintingPen {
  readonly fg: number;
  readonly bg: number;
  readonly extended: unknown;
}

interface PrintedLine {
  isWrapped: boolean;
  readonly _data: Uint32Array;
  readonly _extendedAttrs: Record<number, unknown>;
  getWidth(column: number): number;
  setCellFromCodepoint(column: number, code: number, width: number, pen: PrintingPen): void;
}

/** What is read of xterm.js behind its public interface for this. */
export interface PrintingCore {
  readonly cols: number;
  readonly rows: number;
  readonly buffers: {
    readonly active: {
      x: number;
      y: number;
      readonly ybase: number;
      readonly scrollBottom: number;
      readonly lines: { get(index: number): PrintedLine | undefined };
    };
  };
  readonly coreService: {
    readonly decPrivateModes: { readonly wraparound: boolean };
    readonly modes: { readonly insertMode: boolean };
  };
  readonly _charsetService: { readonly charset: unknown };
  readonly _bufferService: { scroll(pen: unknown, isWrapped: boolean): void };
  readonly _inputHandler: {
    readonly _curAttrData: PrintingPen;
    readonly _parser: { precedingJoinState: number };
    _eraseAttrData(): unknown;
    print(codes: Uint32Array, from: number, to: number): void;
  };
}

/** What a terminal prints from now on is printed so, but for what is not plain, and with a charset, in insert mode or without wraparound. */
export function printQuickly(core: PrintingCore): void {
  const { _inputHandler: input, _bufferService: service, _charsetService: charsets, coreService } = core;
  const print = input.print.bind(input);

  input.print = (codes, from, to) => {
    const { decPrivateModes, modes } = coreService;
    if (charsets.charset !== undefined || modes.insertMode || !decPrivateModes.wraparound) {
      print(codes, from, to);
      return;
    }
    for (let at = from; at < to; ) {
      let end = at;
      while (end < to && isPlain(codes[end])) end += 1;
      // Beyond the margin the cursor is only where it was put without wraparound.
      if (end > at && core.buffers.active.x <= core.cols) printPlain(codes, at, end);
      else {
        while (end < to && !isPlain(codes[end])) end += 1;
        print(codes, at, end);
      }
      at = end;
    }
  };

  function printPlain(codes: Uint32Array, from: number, to: number): void {
    const { cols, rows } = core;
    const buffer = core.buffers.active;
    const pen = input._curAttrData;
    const { fg, bg } = pen;
    let line = buffer.lines.get(buffer.ybase + buffer.y);
    // Half a wide character is none.
    if (buffer.x > 0 && line?.getWidth(buffer.x - 1) === 2)
      line.setCellFromCodepoint(buffer.x - 1, 0, 1, pen);
    for (let at = from; at < to; ) {
      if (buffer.x >= cols) {
        wrap(buffer, rows);
        line = buffer.lines.get(buffer.ybase + buffer.y);
      }
      if (!line) return;
      const words = line._data;
      const { x } = buffer;
      const end = Math.min(cols, x + to - at);
      for (let word = x * WORDS; word < end * WORDS; word += WORDS) {
        words[word] = EMPTY_CELL | (codes[at++] ?? 0);
        words[word + 1] = fg;
        words[word + 2] = bg;
      }
      if ((bg & HAS_EXTENDED) !== 0)
        for (let column = x; column < end; column += 1) line._extendedAttrs[column] = pen.extended;
      buffer.x = end;
    }
    input._parser.precedingJoinState = PLAIN_JOIN_STATE;
    const { x } = buffer;
    if (line && x < cols && ((line._data[x * WORDS] ?? 0) & HAS_WIDTH_OR_CONTENT) === 0)
      line.setCellFromCodepoint(x, 0, 1, pen);
  }

  function wrap(buffer: PrintingCore['buffers']['active'], rows: number): void {
    buffer.x = 0;
    buffer.y += 1;
    if (buffer.y === buffer.scrollBottom + 1) {
      buffer.y -= 1;
      service.scroll(input._eraseAttrData(), true);
      return;
    }
    buffer.y = Math.min(buffer.y, rows - 1);
    const line = buffer.lines.get(buffer.ybase + buffer.y);
    if (line) line.isWrapped = true;
  }
}

function isPlain(code: number | undefined): boolean {
  return code !== undefined && code >= FIRST_PLAIN && code <= LAST_PLAIN;
}
