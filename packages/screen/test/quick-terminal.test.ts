// oxlint-disable-next-line import/default -- CommonJS: Node sees no named exports
import unicode11 from '@xterm/addon-unicode11';
import headless, { type Terminal } from '@xterm/headless';
import { Emulators, type ScreenSize } from '@holdfast/screen';
import { randomlyResized, ScreenRecording, written } from '@holdfast/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HAS_EXTENDED, IS_COMBINED, WORDS } from '../src/cell-words.ts';
import { type GuardedCore, guardSequences } from '../src/sequence-guards.ts';
import { incompleteTail } from '../src/utf8.ts';

const SCROLLBACK = 50;
const PIECE_BYTES = 700;

interface Line {
  readonly length: number;
  readonly isWrapped: boolean;
  readonly _data: Uint32Array;
  readonly _combined: Readonly<Record<number, string>>;
  readonly _extendedAttrs: Readonly<
    Record<number, { readonly _ext: number; readonly _urlId: number } | undefined>
  >;
}

interface Lines {
  readonly x: number;
  readonly y: number;
  readonly ybase: number;
  readonly lines: {
    readonly length: number;
    get(index: number): Line | undefined;
    set(index: number, line: Line | undefined): void;
  };
}

interface Core extends GuardedCore {
  readonly buffers: { readonly normal: Lines; readonly alt: Lines } & GuardedCore['buffers'];
  readonly _inputHandler: GuardedCore['_inputHandler'] & { parse(bytes: Uint8Array): void };
}

const emulators = new Emulators();

function coreOf(terminal: Terminal): Core {
  return (terminal as unknown as { _core: Core })._core;
}

/** xterm.js with nothing but its guards. */
function openPlain({ cols, rows }: ScreenSize): Terminal {
  const terminal = new headless.Terminal({
    cols,
    rows,
    scrollback: SCROLLBACK,
    allowProposedApi: true,
    logLevel: 'off',
    disableStdin: true,
  });
  terminal.loadAddon(new unicode11.Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  guardSequences(coreOf(terminal));
  return terminal;
}

/** Feeds it whole characters, as the decoder of xterm.js miscounts some that are cut. */
function feeder(plain: Terminal): (bytes: Buffer) => void {
  let incomplete: Buffer = Buffer.alloc(0);
  return (bytes) => {
    const all = Buffer.concat([incomplete, bytes]);
    const end = all.length - incompleteTail(all);
    incomplete = all.subarray(end);
    coreOf(plain)._inputHandler.parse(all.subarray(0, end));
  };
}

/** Each word of each line, and where the cursor is. */
function stateOf(terminal: Terminal): unknown {
  const { buffers, _inputHandler } = coreOf(terminal);
  return {
    joins: _inputHandler._parser.precedingJoinState,
    buffers: [buffers.normal, buffers.alt].map(({ x, y, ybase, lines }) => ({
      cursor: [x, y, ybase],
      lines: Array.from({ length: lines.length }, (_, row) => lineOf(lines.get(row))),
    })),
  };
}

function lineOf(line: Line | undefined): unknown {
  if (!line) return undefined;
  const { _data: words } = line;
  const more: unknown[] = [];
  for (let at = 0; at < line.length; at += 1) {
    if ((words[at * WORDS] ?? 0) & IS_COMBINED) more.push([at, line._combined[at]]);
    const extended = line._extendedAttrs[at];
    if ((words[at * WORDS + 2] ?? 0) & HAS_EXTENDED) more.push([at, extended?._ext, extended?._urlId]);
  }
  return [
    line.isWrapped,
    line.length,
    Buffer.from(new Uint8Array(words.slice().buffer)).toString('latin1'),
    more,
  ];
}

describe('a quick terminal', () => {
  it.each(ScreenRecording.all().map((recording) => [recording.name, recording] as const))(
    'has the cells of a plain one behind %s, in pieces',
    (_, recorded) => {
      for (const recording of [recorded, randomlyResized(recorded)]) {
        using quick = emulators.open(recording.sizeAt(0), SCROLLBACK);
        const plain = openPlain(recording.sizeAt(0));
        const feedPlain = feeder(plain);
        const show = (from: number, to: number): void => {
          const bytes = recording.bytes.subarray(from, to);
          quick.feed(bytes);
          feedPlain(bytes);
        };
        for (let at = 0; at < recording.bytes.length; at += PIECE_BYTES) {
          const end = Math.min(at + PIECE_BYTES, recording.bytes.length);
          let shown = at;
          for (const { offset, cols, rows } of recording.resizesBetween(at, end)) {
            show(shown, offset);
            shown = offset;
            quick.resize({ cols, rows });
            plain.resize(cols, rows);
          }
          show(shown, end);
        }
        expect(stateOf(quick.terminal)).toEqual(stateOf(plain));
        plain.dispose();
      }
    },
  );

  it('has the cells of a plain one, whatever is written', () => {
    fc.assert(
      fc.property(written, ({ before, after, size }) => {
        using quick = emulators.open(size, SCROLLBACK);
        const plain = openPlain(size);
        const feedPlain = feeder(plain);
        for (const texts of [before, after]) {
          const bytes = Buffer.from(texts.join(''));
          quick.feed(bytes);
          feedPlain(bytes);
          expect(stateOf(quick.terminal)).toEqual(stateOf(plain));
        }
        plain.dispose();
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    'X',
    '2X',
    '3X',
    'K',
    '1K',
    'J',
    '1J',
    '2J',
    'ma',
    'mab',
    '41mab',
    '41;4:3;58;5;9m世',
    '4ha',
    '?7lab',
  ])('has the cells of a plain one behind CSI %s in and between wide characters', (sequence) => {
    for (let column = 1; column <= 20; column += 1) {
      const bytes = Buffer.from(`${'世'.repeat(30)}\x1b[2;${column}H\x1b[${sequence}`);
      using quick = emulators.open({ cols: 20, rows: 4 }, SCROLLBACK);
      const plain = openPlain({ cols: 20, rows: 4 });
      quick.feed(bytes);
      coreOf(plain)._inputHandler.parse(bytes);
      expect(stateOf(quick.terminal)).toEqual(stateOf(plain));
      plain.dispose();
    }
  });

  it('has the cells of a plain one in a buffer that is left and entered again', () => {
    const size = { cols: 20, rows: 4 };
    using quick = emulators.open(size, SCROLLBACK);
    const plain = openPlain(size);
    const show = (text: string): void => {
      quick.feed(Buffer.from(text));
      coreOf(plain)._inputHandler.parse(Buffer.from(text));
      expect(stateOf(quick.terminal)).toEqual(stateOf(plain));
    };
    for (const cols of [20, 30, 12, 20]) {
      quick.resize({ cols, rows: 4 });
      plain.resize(cols, 4);
      for (let time = 0; time < 3; time += 1) {
        show('\x1b[?1049h\x1b[H');
        show('\n\n\n\n\x1b[H'); // scrolls
        show('x'.repeat(50)); // and wraps
        show('世e\u0301\x1b[4:3;58;5;9mcurly\x1b[m');
        show('\x1b[44m\x1b[?1049l\x1b[m'); // with a colour to be erased in
        show('left\r\n');
      }
    }
    plain.dispose();
  });

  it('has no line in two places of a buffer that is entered again, though it had', () => {
    using quick = emulators.open({ cols: 20, rows: 4 }, SCROLLBACK);
    quick.feed(Buffer.from('\x1b[?1049h'));
    const { alt } = coreOf(quick.terminal).buffers;
    alt.lines.set(2, alt.lines.get(1));
    quick.feed(Buffer.from('\x1b[?1049l\x1b[?1049h'));
    const { lines } = alt; // cleared, and others
    expect(new Set(Array.from({ length: lines.length }, (_, row) => lines.get(row))).size).toBe(4);
  });
});
