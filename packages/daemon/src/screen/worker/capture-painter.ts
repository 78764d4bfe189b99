import {
  drawAnsi,
  drawHtml,
  drawText,
  type Emulator,
  type Emulators,
  type ScreenSize,
  Serializer,
} from '@holdfast/screen';
import { HoldfastError, LIMITS, type RequestResult } from '@holdfast/protocol';
import type { ScreenView } from '../messages.ts';
import type { SessionScreen } from './session-screen.ts';

const DRAWINGS = { text: drawText, ansi: drawAnsi, html: drawHtml } as const;
/** A terminal with more cells is given the screen at the session's size: whoever asks shall not have as much memory as it likes. */
const FITTED_CELLS = 256 * 1024;

interface Fitted extends Disposable {
  readonly emulator: Emulator;
  readonly size: ScreenSize;
}

/** Makes the results of `capture`. */
export class CapturePainter {
  readonly #emulators: Emulators;
  readonly #serializer = new Serializer();
  readonly #utf8 = new TextEncoder();

  constructor(emulators: Emulators) {
    this.#emulators = emulators;
  }

  /** As JSON. Throws HoldfastError(E_LIMIT). */
  paint(screen: SessionScreen, view: ScreenView): Uint8Array<ArrayBuffer> {
    const { offset, doubts, gap } = screen;
    const fitted = this.#fit(screen, view);
    using _ = fitted;
    const { emulator, size } = fitted ?? screen;
    const { title } = emulator.tracked;
    const { cursorX, cursorY, type } = emulator.terminal.buffer.active;
    const result: RequestResult<'capture'> = {
      offset,
      cols: size.cols,
      rows: size.rows,
      cursor: {
        x: Math.min(cursorX, size.cols - 1),
        y: cursorY,
        hidden: emulator.internals.isCursorHidden,
      },
      alternate: type === 'alternate',
      ...(title === undefined ? {} : { title }),
      incomplete: doubts,
      ...(gap ? { gap } : {}),
      text: this.#draw(emulator, view),
    };
    const json = this.#utf8.encode(JSON.stringify(result));
    if (json.length > LIMITS.captureBytes) {
      const why = `the screen takes ${json.length} bytes, more than captureBytes (${LIMITS.captureBytes})`;
      throw new HoldfastError('E_LIMIT', why);
    }
    return json;
  }

  #draw(emulator: Emulator, { format, historyLines = 0 }: ScreenView): string {
    if (format !== 'vt' && format !== 'paint') return DRAWINGS[format](emulator, { historyLines });
    const options = { scrollback: historyLines, isInUse: format === 'paint' };
    return this.#serializer.serialize(emulator, options).toString('utf8');
  }

  /** As a terminal would show it whose window is made as large as that of the one that is to be painted. */
  #fit({ emulator, size }: SessionScreen, { format, viewport }: ScreenView): Fitted | undefined {
    if (format !== 'paint' || !viewport || viewport.cols * viewport.rows > FITTED_CELLS) return undefined;
    if (viewport.cols === size.cols && viewport.rows === size.rows) return undefined;
    const copy = this.#emulators.open(size);
    copy.feed(this.#serializer.serialize(emulator));
    copy.resize(viewport);
    return { emulator: copy, size: viewport, [Symbol.dispose]: () => copy[Symbol.dispose]() };
  }
}
