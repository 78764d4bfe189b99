import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ScreenSize } from '@holdfast/screen';
import { Ghostty, type GhosttyCell, type GhosttyTerminal } from 'ghostty-web';

type Colour = readonly [red: number, green: number, blue: number];

export interface SeenCell {
  readonly text: string;
  /** In columns; 0 for the second half of a wide character. */
  readonly width: number;
  readonly foreground: Colour;
  readonly background: Colour;
  /** Bold, italic, underline, strike-through, inverse, invisible, blink, faint: from bit 0 on. */
  readonly flags: number;
}

const SPACE = 0x20;
const WRITE_BYTES = 4096;

/** Terminals of another make, that of Ghostty, compiled to WebAssembly. */
export class GhosttyScreens {
  readonly #url: string;
  /** A cell that nothing has been written to. */
  readonly blank: SeenCell;
  /** The 256 colours that it begins with. */
  readonly #palette: readonly Colour[];

  private constructor(url: string, screen: GhosttyScreen) {
    this.#url = url;
    screen.feed(Buffer.from(Array.from({ length: 256 }, (_, index) => `\x1b[38;5;${index}mx`).join('')));
    this.#palette = screen.row(0).map(({ foreground }) => foreground);
    screen.feed(Buffer.from('\x1bc'));
    this.blank = screen.row(0)[0] ?? fail();
  }

  static async load(): Promise<GhosttyScreens> {
    const file = createRequire(import.meta.url).resolve('ghostty-web/ghostty-vt.wasm');
    const url = `data:application/wasm;base64,${readFileSync(file, 'base64')}`;
    using screen = await openScreen(url, { cols: 256, rows: 1 });
    return new GhosttyScreens(url, screen);
  }

  open(size: ScreenSize): Promise<GhosttyScreen> {
    return openScreen(this.#url, size);
  }

  /** A colour of a cell as xterm.js tells it. */
  colour(isRgb: boolean, value: number): Colour {
    return isRgb ? [value >> 16, (value >> 8) & 255, value & 255] : (this.#palette[value] ?? fail());
  }
}

/** Each in a memory of its own: one that has had many terminals faults. */
async function openScreen(url: string, { cols, rows }: ScreenSize): Promise<GhosttyScreen> {
  return new GhosttyScreen((await Ghostty.load(url)).createTerminal(cols, rows, {}));
}

class GhosttyScreen implements Disposable {
  readonly #terminal: GhosttyTerminal;

  constructor(terminal: GhosttyTerminal) {
    this.#terminal = terminal;
  }

  feed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += WRITE_BYTES)
      this.#terminal.write(bytes.subarray(at, at + WRITE_BYTES));
    this.#terminal.update();
  }

  row(y: number): SeenCell[] {
    return (this.#terminal.getLine(y) ?? []).map((cell, x) => this.#seen(cell, x, y));
  }

  get cursor(): readonly [x: number, y: number] {
    const { x, y } = this.#terminal.getCursor();
    return [x, y];
  }

  /** What it has been asked and would answer. */
  get answer(): string | null {
    return this.#terminal.readResponse();
  }

  #seen(cell: GhosttyCell, x: number, y: number): SeenCell {
    const { codepoint, width, flags, grapheme_len: joined } = cell;
    const text =
      joined > 0 ? this.#terminal.getGraphemeString(y, x) : String.fromCodePoint(codepoint || SPACE);
    const foreground = [cell.fg_r, cell.fg_g, cell.fg_b] as const;
    return { text, width, flags, foreground, background: [cell.bg_r, cell.bg_g, cell.bg_b] };
  }

  [Symbol.dispose](): void {
    this.#terminal.free();
  }
}

function fail(): never {
  throw new Error('Ghostty does not tell what it shows');
}
