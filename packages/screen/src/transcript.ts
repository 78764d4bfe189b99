import { type Emulator, Emulators, type ScreenSize } from './emulator.ts';
import { escapeMarkup, htmlOf, Theme } from './html-drawing.ts';
import type { Line, Lines } from './internals.ts';
import { type Run, shownRow } from './shown-rows.ts';
import { ansiOf, textOf } from './text-drawing.ts';
import { withoutTrailingSpaces } from './trailing-spaces.ts';

/** So much is parsed before the lines that have left the screen are taken: each byte may be a line. */
const PIECE_BYTES = 8 * 1024;
/** More than a piece can add, and what the widest screen becomes when it is made narrow. */
const SCROLLBACK = 4 * PIECE_BYTES;

export type TranscriptFormat = 'txt' | 'ansi' | 'html';

/**
 * What a terminal has shown, as a text: each line that has left the screen at its top, when it has, and in the end what is on the screen.
 * It is given back piece by piece, and holds no more than a screen. A line that was broken at the margin is whole again, but in HTML.
 */
export class Transcript implements Disposable {
  readonly #format: TranscriptFormat;
  readonly #title: string;
  readonly #emulator: Emulator;
  #out: string[] = [];
  /** The last row that was written may go on in the next one: its line has no end yet. */
  #isOpen = false;
  /** Empty rows that were not written: there may be nothing behind them. */
  #emptyRows = 0;

  constructor(
    format: TranscriptFormat,
    { title, ...size }: ScreenSize & { readonly title: string },
    emulators: Emulators = new Emulators(),
  ) {
    this.#format = format;
    this.#title = title;
    this.#emulator = emulators.open(size, SCROLLBACK);
    const { parser } = this.#emulator.terminal;
    // What is about to be erased has been seen.
    parser.registerCsiHandler({ final: 'J' }, ([what]) => {
      if (what === 3) this.#takeScrollback();
      return false;
    });
    parser.registerEscHandler({ final: 'c' }, () => {
      this.#takeScrollback();
      return false;
    });
  }

  begin(): string {
    if (this.#format !== 'html') return '';
    const { style, background } = new Theme(this.#emulator);
    const head = `<meta charset="utf-8"><title>${escapeMarkup(this.#title)}</title>`;
    return `<!DOCTYPE html>\n<html><head>${head}</head>\n<body style="background:${background}"><pre style="${style}">`;
  }

  /** The next output; pieces may end anywhere. */
  push(bytes: Uint8Array): string {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      this.#emulator.feed(bytes.subarray(at, at + PIECE_BYTES));
      this.#takeScrollback();
    }
    return this.#take();
  }

  resize(size: ScreenSize): string {
    this.#emulator.resize(size);
    this.#takeScrollback();
    return this.#take();
  }

  end(): string {
    const { internals, rows } = this.#emulator;
    const { lines, ybase } = internals.normal;
    this.#write(lines, { from: 0, to: ybase + rows });
    if (internals.isAlternate) {
      const { alternate } = internals;
      this.#write(alternate.lines, { from: alternate.ybase, to: alternate.ybase + rows });
    }
    if (this.#isOpen) this.#out.push('\n');
    if (this.#format === 'html') this.#out.push('</pre></body></html>\n');
    return this.#take();
  }

  [Symbol.dispose](): void {
    this.#emulator[Symbol.dispose]();
  }

  #take(): string {
    const text = this.#out.join('');
    this.#out = [];
    return text;
  }

  #takeScrollback(): void {
    const { internals } = this.#emulator;
    const { lines, ybase } = internals.normal;
    if (ybase === 0) return;
    this.#write(lines, { from: 0, to: ybase });
    internals.dropScrollback();
  }

  #write(lines: Lines, { from, to }: { from: number; to: number }): void {
    const theme = new Theme(this.#emulator);
    for (let y = from; y < to; y += 1) {
      const line = lines.get(y);
      if (!line) continue;
      const goesOn = this.#format !== 'html' && (lines.get(y + 1)?.isWrapped ?? false);
      this.#row(line, theme, goesOn);
    }
  }

  #row(line: Line, theme: Theme, goesOn: boolean): void {
    const runs = shownRow(line, this.#emulator.cols, { goesOn });
    const isNew = this.#format === 'html' || !line.isWrapped;
    if (isNew && runs.length === 0 && !goesOn) {
      if (this.#isOpen) this.#out.push('\n');
      this.#isOpen = false;
      this.#emptyRows += 1;
      return;
    }
    if (isNew && this.#isOpen) this.#out.push('\n');
    const text = this.#draw(runs, theme);
    this.#out.push(
      '\n'.repeat(this.#emptyRows),
      this.#format === 'txt' && !goesOn ? withoutTrailingSpaces(text) : text,
    );
    this.#emptyRows = 0;
    this.#isOpen = true;
  }

  #draw(runs: readonly Run[], theme: Theme): string {
    if (this.#format === 'html') return htmlOf(runs, theme);
    return this.#format === 'ansi' ? ansiOf(runs) : textOf(runs);
  }
}
