import type { Emulator } from './emulator.ts';
import { restoreKitty, restoreTracked } from './hooks.ts';
import { HAS_EXTENDED } from './cell-words.ts';
import { type BufferState, type Charsets, DEFAULT_CHARSET, defaultTabs } from './internals.ts';
import { currentPenOf, DEFAULT_PEN, erasedPen, isSamePen, isUnderlined, savedPenOf } from './pen.ts';
import { cellText, cursorTo, isPlaceholder, RowPainter } from './row-painter.ts';

/** RIS, and what RIS leaves as it is in xterm.js 6.0: cursor, its blinking, line feed mode. */
const RESET = '\x1bc\x1b[?25h\x1b[?12l\x1b[20l';
/** Nothing is saved but the upper left corner. */
const SAVE_HOME = '\x1b[H\x1b7';
const ENTER_ALTERNATE = '\x1b[?47h\x1b[r\x1b[H';
/** The mode that all terminals know. It saves the cursor, which is first put where it was saved, and empties the buffer. */
const ENTER_ALTERNATE_IN_USE = '\x1b8\x1b[?1049h\x1b[m\x1b(B\x1b[r\x1b[H\x1b[2J';
/** Ends what the next character could join, and does nothing else. */
const BREAK_JOIN = '\x1b\\';

const MOUSE_PROTOCOLS: Readonly<Record<string, number>> = { X10: 9, VT200: 1000, DRAG: 1002, ANY: 1003 };
const MOUSE_ENCODINGS: Readonly<Record<string, number>> = { SGR: 1006, SGR_PIXELS: 1016 };
const CURSOR_SHAPES = { block: 1, underline: 3, bar: 5 };
const SELECT_LEVEL = ['\x0f', '\x0e', '\x1bn', '\x1bo'];

export interface SerializeOptions {
  /** Lines above the screen; all if not given. */
  readonly scrollback?: number;
  /**
   * For a terminal in use, of any make, that must not be reset: its modes and pen are as they are by default, its screen is empty.
   * What the alternate buffer has saved is left out while it is hidden.
   */
  readonly isInUse?: boolean;
}

/**
 * Writes the bytes that put a fresh terminal of the same size into the state of an emulator: what a viewer is sent, and what a
 * checkpoint holds. Restoring them and serializing again gives the same bytes.
 *
 *   reset │ alternate buffer's saved state │ normal buffer │ alternate buffer │ cursor │ modes │ pen │ last character
 *
 * The order matters: what moves the cursor, or changes what printing does, comes before what must not be disturbed by it.
 */
export class Serializer {
  readonly #painter = new RowPainter();
  #unrepresented: string[] = [];

  /** What of the last one could not be written, in words. */
  get unrepresented(): readonly string[] {
    return this.#unrepresented;
  }

  serialize(
    emulator: Emulator,
    { scrollback = Number.POSITIVE_INFINITY, isInUse = false }: SerializeOptions = {},
  ): Buffer {
    const { internals, tracked, cols, rows } = emulator;
    const painter = this.#painter;
    const { normal, alternate, isAlternate } = internals;
    this.#unrepresented = [];
    painter.begin(internals, cols, rows);
    painter.text(isInUse ? SAVE_HOME : RESET);

    if (!isAlternate && !isInUse) {
      // The alternate buffer is empty while it is hidden, but for what it has saved.
      const kitty = restoreKitty(tracked.kitty.alternate);
      if (kitty !== '' || hasSaved(alternate)) {
        painter.text('\x1b[?47h');
        this.#save(alternate);
        painter.text(`${kitty}\x1b[?47l\x1b[H`);
      }
    }

    painter.rows(normal.lines, {
      from: Math.max(0, normal.ybase - scrollback),
      to: normal.ybase + rows,
      all: normal.ybase > 0, // blank lines below push the others into the scrollback
    });
    this.#bufferState(normal, cols, rows);
    painter.text(restoreKitty(tracked.kitty.normal));

    if (isAlternate) {
      // Where the cursor was there counts when the window is resized.
      const place = cursorTo(Math.min(normal.x, cols - 1), normal.y);
      painter.text(isInUse ? ENTER_ALTERNATE_IN_USE : place + ENTER_ALTERNATE);
      painter.rows(alternate.lines, { from: alternate.ybase, to: alternate.ybase + rows, all: false });
      this.#bufferState(alternate, cols, rows);
      painter.text(restoreKitty(tracked.kitty.alternate));
    }

    this.#cursorAndModes(emulator, isAlternate ? alternate : normal, isInUse);
    this.#unrepresented.push(...painter.unrepresented);
    return painter.take();
  }

  /** Tab stops, the saved cursor, the scroll region: in this order, as each moves the cursor. */
  #bufferState(buffer: BufferState, cols: number, rows: number): void {
    const painter = this.#painter;
    const { tabs, region } = buffer;
    const standard = defaultTabs(cols);
    if (tabs.length !== standard.length || tabs.some((column, index) => column !== standard[index]))
      painter.text(`\x1b[3g${tabs.map((column) => `\x1b[${column + 1}G\x1bH`).join('')}`);
    if (hasSaved(buffer)) this.#save(buffer);
    if (region[0] !== 0 || region[1] !== rows - 1) painter.text(`\x1b[${region[0] + 1};${region[1] + 1}r`);
  }

  #save({ saved }: BufferState): void {
    const painter = this.#painter;
    painter.select(savedPenOf(saved.foreground, saved.background));
    // xterm.js saves that a pen had a link, and not which: a pen that is restored has the link that is open then.
    const hadLink = saved.hasExtended && !isUnderlined(saved.foreground);
    if (hadLink) painter.text('\x1b]8;;x:\x1b\\');
    if (saved.charset !== DEFAULT_CHARSET) painter.text(`\x1b(${saved.charset}`);
    painter.text(`${cursorTo(saved.x, saved.y)}\x1b7`);
    if (saved.charset !== DEFAULT_CHARSET) painter.text('\x1b(B');
    if (hadLink) painter.text('\x1b]8;;\x1b\\');
    painter.select(DEFAULT_PEN);
  }

  #cursorAndModes(emulator: Emulator, buffer: BufferState, isInUse: boolean): void {
    const { internals, terminal, tracked, cols } = emulator;
    const painter = this.#painter;
    const { originMode, insertMode, synchronizedOutputMode } = terminal.modes;
    const { x, y, ybase, region } = buffer;
    const row = originMode ? Math.max(y - region[0], 0) : y;
    const line = buffer.lines.get(ybase + y);
    const isPending = x >= cols;
    const isJoining = internals.joinState !== 0;

    // The character before the cursor must be printed again, last, if the next one may join it or wraps behind it.
    let at = -1;
    if (line && (isPending || isJoining)) {
      at = x - 1;
      while (at > 0 && isPlaceholder(line, at)) at -= 1;
    }
    const last = line && at >= 0 ? cellText(line, at) : '';
    const isReprinted = isPending && last !== '' && !isJoining;

    const { charsets, pen } = internals;
    const { saved } = buffer;
    const isOdd = charsets.current !== charsets.designated[charsets.level];
    const link = (pen.bg & HAS_EXTENDED) === 0 ? 0 : pen.extended._urlId;
    const isSuspended = link === 0 && internals.link(pen.extended._urlId) !== undefined;
    // A restored cursor brings back a charset that is not designated, and a pen that forgets its link until the next SGR. What it
    // has done is done again, if the cursor is still as it was saved.
    const isRestored =
      (isOdd || isSuspended) &&
      !isReprinted &&
      saved.charset === charsets.current &&
      (!isSuspended || (saved.foreground === pen.fg && saved.background === pen.bg));
    if (isRestored) {
      if (isSuspended) painter.selectLinked(currentPenOf(pen.fg, pen.bg, pen.extended), pen.extended._urlId);
      painter.text(`${designate(charsets)}${SELECT_LEVEL[charsets.level] ?? ''}\x1b8`);
      if (!isSuspended) painter.selectAfresh(DEFAULT_PEN);
    } else {
      if (isOdd) this.#unrepresented.push('a charset that is in use and not designated');
      if (isSuspended) this.#unrepresented.push('a link that a restored cursor has suspended');
    }

    if (originMode) painter.text('\x1b[?6h');
    painter.text(cursorTo(Math.min(x, cols - 1), row));
    if (line && isReprinted) {
      painter.selectCell(line, at);
      painter.text(`${cursorTo(at, row)}${last}${BREAK_JOIN}`);
    } else if (line && isPending && last === '') {
      // Nothing that is printed here leaves an empty cell and the cursor behind it, but in a row that is empty altogether.
      const background = painter.blankBackground(line);
      if (background !== undefined) {
        painter.select(erasedPen(background));
        painter.text(`${cursorTo(cols - 1, row)}-\x1b[1K`);
      } else if (internals.isAlternate || isInUse)
        this.#unrepresented.push('pending wrap behind an empty cell');
      // The cursor goes along when buffers are switched. The alternate one is empty afterwards, as it was.
      else painter.text(`\x1b[?47h${cursorTo(cols - 1, y)}-\x1b[?47l`);
    }

    painter.text(modes(emulator));
    painter.text(restoreTracked(tracked));

    // A character that the charset in use would change was printed before SO or SI; these do not end what it can join.
    const { level } = charsets;
    const isShifted = isJoining && !isOdd && level < 2 && internals.isTranslated(last, level);
    const before = isShifted ? 1 - level : level;
    if (before !== level && internals.isTranslated(last, before))
      this.#unrepresented.push('a last character that no charset prints');
    if (!isRestored) painter.text(designate(charsets) + (before === 0 ? '' : SELECT_LEVEL[before]));
    else if (before !== level) painter.text(SELECT_LEVEL[before] ?? '');

    if (!isRestored || !isSuspended) {
      painter.selectLinked(currentPenOf(pen.fg, pen.bg, pen.extended), link);
    }
    if (synchronizedOutputMode) painter.text('\x1b[?2026h');
    if (!isJoining || last === '') {
      if (insertMode) painter.text('\x1b[4h');
      return;
    }
    painter.text(cursorTo(at, row));
    // Inserted, it pushes the rest of the row to where it was before the deletion.
    if (insertMode) painter.text(`\x1b[${x - at}P\x1b[4h`);
    // Other terminals have no lines and accents but by their charset, while that is in use.
    painter.text(isOdd ? last : internals.untranslated(last, before));
    if (before !== level) painter.text(SELECT_LEVEL[level] ?? '');
  }
}

function designate({ designated }: Charsets): string {
  const others = [...designated.entries()].filter(([, final]) => final !== DEFAULT_CHARSET);
  return others.map(([index, final]) => `\x1b${'()*+'[index]}${final}`).join('');
}

/** Modes; none of these moves the cursor. */
function modes({ terminal, internals }: Emulator): string {
  const { modes, options } = terminal;
  const { mouse, cursorStyle } = internals;
  const set = [
    modes.applicationCursorKeysMode && 1,
    options.cursorBlink && 12,
    modes.reverseWraparoundMode && 45,
    modes.applicationKeypadMode && 66,
    modes.sendFocusMode && 1004,
    modes.bracketedPasteMode && 2004,
    MOUSE_PROTOCOLS[mouse.protocol],
    MOUSE_ENCODINGS[mouse.encoding],
  ].filter((mode) => typeof mode === 'number');
  let out = set.length > 0 ? `\x1b[?${set.join(';')}h` : '';
  if (!modes.wraparoundMode) out += '\x1b[?7l';
  if (internals.isCursorHidden) out += '\x1b[?25l';
  if (options.convertEol) out += '\x1b[20h';
  const { shape, isBlinking } = cursorStyle;
  if (shape) out += `\x1b[${CURSOR_SHAPES[shape] + (isBlinking ? 0 : 1)} q`;
  else if (isBlinking !== undefined) out += `\x1b[${isBlinking ? 7 : 8} q`;
  return out;
}

function hasSaved({ saved }: BufferState): boolean {
  return (
    saved.x !== 0 ||
    saved.y !== 0 ||
    saved.charset !== DEFAULT_CHARSET ||
    saved.hasExtended ||
    !isSamePen(savedPenOf(saved.foreground, saved.background), DEFAULT_PEN)
  );
}
