import { drawAnsi, drawHtml, drawText, Serializer } from '@holdfast/screen';
import { HoldfastError, LIMITS, type RequestResult } from '@holdfast/protocol';
import type { ScreenView } from '../messages.ts';
import type { SessionScreen } from './session-screen.ts';

const DRAWINGS = { text: drawText, ansi: drawAnsi, html: drawHtml } as const;

/** Makes the results of `capture`. */
export class CapturePainter {
  readonly #serializer = new Serializer();
  readonly #utf8 = new TextEncoder();

  /** As JSON. Throws HoldfastError(E_LIMIT). */
  paint(screen: SessionScreen, view: ScreenView): Uint8Array<ArrayBuffer> {
    const { emulator, offset, size, doubts } = screen;
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
      text: this.#draw(screen, view),
    };
    const json = this.#utf8.encode(JSON.stringify(result));
    if (json.length > LIMITS.captureBytes) {
      const why = `the screen takes ${json.length} bytes, more than captureBytes (${LIMITS.captureBytes})`;
      throw new HoldfastError('E_LIMIT', why);
    }
    return json;
  }

  #draw({ emulator }: SessionScreen, { format, historyLines = 0 }: ScreenView): string {
    if (format === 'vt')
      return this.#serializer.serialize(emulator, { scrollback: historyLines }).toString('utf8');
    return DRAWINGS[format](emulator, { historyLines });
  }
}
