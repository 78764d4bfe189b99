// oxlint-disable-next-line import/default -- CommonJS: Node sees no named exports
import unicode11 from '@xterm/addon-unicode11';
import headless, { type Terminal } from '@xterm/headless';
import { TrackedState } from './hooks.ts';
import { type Field, Internals, probe, type Shared } from './internals.ts';
import { incompleteTail } from './utf8.ts';

/** Lines above the screen that a viewer gets; viewers must keep as many, or what is carried differs. */
export const SCROLLBACK_LINES = 1000;
/** xterm.js can't be narrower; a session of one column is emulated in two. */
const MIN_COLS = 2;
const MIN_ROWS = 1;
/** How xterm.js parses by itself; a longer piece would only be cut there. */
const PARSE_BYTES = 64 * 1024;

export interface ScreenSize {
  readonly cols: number;
  readonly rows: number;
}

/** Opens emulators; what they have in common is found out once. */
export class Emulators {
  readonly #shared: Shared;

  constructor(open: (cols: number, rows: number, scrollback?: number) => Terminal = openTerminal) {
    this.#shared = probe(open);
  }

  /** What can't be carried, because this version of xterm.js does not have it where it was. Empty for the one that is pinned. */
  get missing(): ReadonlySet<Field> {
    return this.#shared.missing;
  }

  open(size: ScreenSize, scrollback: number = SCROLLBACK_LINES): Emulator {
    return new Emulator(size, scrollback, this.#shared);
  }
}

/** A terminal that nobody sees, and that answers nothing but what `ask` asks. */
export class Emulator implements Disposable {
  readonly terminal: Terminal;
  readonly internals: Internals;
  readonly tracked: TrackedState;
  /** Kept back, as the decoder of xterm.js 6.0 miscounts a character that is cut behind a byte of 0x80. */
  #incomplete: Buffer = Buffer.alloc(0);

  constructor({ cols, rows }: ScreenSize, scrollback: number, shared: Shared) {
    this.terminal = openTerminal(Math.max(cols, MIN_COLS), Math.max(rows, MIN_ROWS), scrollback);
    this.internals = new Internals(this.terminal, shared);
    this.tracked = new TrackedState(this.terminal);
  }

  get cols(): number {
    return this.terminal.cols;
  }

  get rows(): number {
    return this.terminal.rows;
  }

  /** Parses at once; pieces may end anywhere, within a character too. */
  feed(bytes: Uint8Array): void {
    let left = this.#incomplete.length > 0 ? Buffer.concat([this.#incomplete, bytes]) : bytes;
    while (left.length > 0) {
      const piece = left.subarray(0, PARSE_BYTES);
      const whole = piece.subarray(0, piece.length - incompleteTail(piece));
      if (whole.length === 0) break;
      this.internals.parse(whole);
      left = left.subarray(whole.length);
    }
    this.#incomplete = Buffer.from(left);
  }

  /** What xterm.js answers to a query, which is a whole sequence. */
  ask(query: string): string {
    // The output may stop within that very query, where it is ended by the ESC of what comes next: it would be answered twice.
    this.internals.parse(Buffer.from('\x1b\\'));
    const answers: string[] = [];
    const listening = this.terminal.onData((answer) => answers.push(answer));
    this.terminal.options.disableStdin = false;
    try {
      this.internals.parse(Buffer.from(query, 'latin1'));
    } finally {
      this.terminal.options.disableStdin = true;
      listening.dispose();
    }
    return answers.join('');
  }

  resize({ cols, rows }: ScreenSize): void {
    this.terminal.resize(Math.max(cols, MIN_COLS), Math.max(rows, MIN_ROWS));
  }

  [Symbol.dispose](): void {
    this.terminal.dispose();
  }
}

function openTerminal(cols: number, rows: number, scrollback: number = SCROLLBACK_LINES): Terminal {
  const terminal = new headless.Terminal({
    cols,
    rows,
    scrollback,
    allowProposedApi: true, // unicode and parser
    logLevel: 'off',
    disableStdin: true, // it answers nothing
  });
  terminal.loadAddon(new unicode11.Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  return terminal;
}
