// Everything that is read of xterm.js behind its public interface, and nothing of it anywhere else. The version is pinned exactly;
// the probes below are made when the first emulator starts, and tell if a field has changed its name or its meaning.
import type { Terminal } from '@xterm/headless';
import { HAS_EXTENDED } from './cell-words.ts';
import { type LinedCore, QuickLines } from './quick-lines.ts';
import { type PrintingCore, printQuickly } from './quick-print.ts';
import { type GuardedCore, guardSequences } from './sequence-guards.ts';

export interface ExtendedAttributes {
  /** Underline style and colour. */
  readonly _ext: number;
  readonly _urlId: number;
}

export interface Attributes {
  readonly fg: number;
  readonly bg: number;
  readonly extended: ExtendedAttributes;
}

export interface Line {
  readonly length: number;
  readonly isWrapped: boolean;
  /** Three words a cell: content (code point, combined flag, width), foreground, background. */
  readonly _data: Uint32Array;
  readonly _combined: Readonly<Record<number, string>>;
  readonly _extendedAttrs: Readonly<Record<number, ExtendedAttributes | undefined>>;
  getString(column: number): string;
}

export interface Lines {
  readonly length: number;
  get(index: number): Line | undefined;
}

interface RawLines extends Lines {
  trimStart(count: number): void;
}

type Charset = Readonly<Record<string, string | undefined>> | undefined;

interface RawBuffer {
  readonly x: number;
  readonly y: number;
  ybase: number;
  ydisp: number;
  readonly lines: RawLines;
  readonly scrollTop: number;
  readonly scrollBottom: number;
  readonly tabs: Readonly<Record<number, boolean | undefined>>;
  readonly savedX: number;
  savedY: number;
  readonly savedCurAttrData: Attributes;
  readonly savedCharset: Charset;
}

interface ReadCore extends GuardedCore {
  readonly buffers: { readonly normal: RawBuffer; readonly alt: RawBuffer; readonly active: RawBuffer };
  readonly coreService: {
    readonly isCursorHidden: boolean;
    readonly decPrivateModes: {
      readonly cursorStyle: CursorStyle['shape'];
      readonly cursorBlink: boolean | undefined;
    };
  };
  readonly coreMouseService: { readonly activeProtocol: string; readonly activeEncoding: string };
  readonly _charsetService: {
    readonly glevel: number;
    readonly charset: Charset;
    readonly _charsets: readonly Charset[];
  };
  readonly _inputHandler: GuardedCore['_inputHandler'] & {
    parse(bytes: Uint8Array | string): void;
    readonly _curAttrData: Attributes;
    readonly _parser: { readonly currentState: number };
  };
}

type Core = ReadCore & LinedCore & PrintingCore;

export interface Link {
  readonly id?: string | undefined;
  readonly uri: string;
}

export interface CursorStyle {
  readonly shape: 'block' | 'underline' | 'bar' | undefined;
  readonly isBlinking: boolean | undefined;
}

/** What one of the two buffers has of its own. */
export interface BufferState {
  readonly x: number;
  readonly y: number;
  readonly ybase: number;
  readonly lines: Lines;
  /** First and last row, from 0. */
  readonly region: readonly [top: number, bottom: number];
  readonly tabs: readonly number[];
  readonly saved: {
    readonly x: number;
    /** Within the screen; the buffer's own number counts the scrollback too. */
    readonly y: number;
    readonly foreground: number;
    readonly background: number;
    /** Whether its pen had a link, or an underline. */
    readonly hasExtended: boolean;
    readonly charset: string;
  };
}

export interface Charsets {
  /** G0 to G3, by the final character of the sequence that selects them. */
  readonly designated: readonly string[];
  readonly level: number;
  /** The one in use; a restored cursor can bring one that is not designated. */
  readonly current: string;
}

/** ASCII: what a terminal begins with. */
export const DEFAULT_CHARSET = 'B';
const CHARSET_FINALS = ['0', 'A', '4', 'C', '5', 'R', 'Q', 'K', 'Y', 'E', '6', 'Z', 'H', '7', '='];

const NO_ATTRIBUTES: Attributes = { fg: 0, bg: 0, extended: { _ext: 0, _urlId: 0 } };

export type Field =
  | 'region'
  | 'tabs'
  | 'saved cursor'
  | 'charsets'
  | 'pen'
  | 'links'
  | 'mouse'
  | 'cursor hidden'
  | 'cursor style'
  | 'join state'
  | 'parser state';

/** The state of one emulator that its public interface does not tell. */
export class Internals {
  readonly #core: Core;
  readonly #shared: Shared;

  constructor(terminal: Terminal, shared: Shared) {
    this.#core = coreOf(terminal);
    this.#shared = shared;
    guardSequences(this.#core);
    shared.quickLines.useIn(this.#core);
    printQuickly(this.#core);
  }

  /** Parses at once. The public `write` waits for a later turn, which a worker that has nothing else to do need not. */
  parse(bytes: Uint8Array): void {
    this.#core._inputHandler.parse(bytes);
  }

  get isAlternate(): boolean {
    return this.#core.buffers.active === this.#core.buffers.alt;
  }

  get normal(): BufferState {
    return this.#buffer(this.#core.buffers.normal);
  }

  get alternate(): BufferState {
    return this.#buffer(this.#core.buffers.alt);
  }

  /** Drops the lines above the screen, as `CSI 3 J` does, and leaves a saved cursor where it is. */
  dropScrollback(): void {
    const { normal } = this.#core.buffers;
    const count = normal.ybase;
    if (count === 0) return;
    normal.lines.trimStart(count);
    normal.ybase = 0;
    normal.ydisp = 0;
    normal.savedY = Math.max(0, normal.savedY - count);
  }

  get pen(): Attributes {
    return this.#has('pen') ? this.#core._inputHandler._curAttrData : NO_ATTRIBUTES;
  }

  link(id: number): Link | undefined {
    return this.#has('links') ? this.#core._oscLinkService.getLinkData(id) : undefined;
  }

  get isCursorHidden(): boolean {
    return this.#has('cursor hidden') && this.#core.coreService.isCursorHidden;
  }

  get cursorStyle(): CursorStyle {
    if (!this.#has('cursor style')) return { shape: undefined, isBlinking: undefined };
    const { cursorStyle, cursorBlink } = this.#core.coreService.decPrivateModes;
    return { shape: cursorStyle, isBlinking: cursorBlink };
  }

  get mouse(): { readonly protocol: string; readonly encoding: string } {
    if (!this.#has('mouse')) return { protocol: 'NONE', encoding: 'DEFAULT' };
    const { activeProtocol, activeEncoding } = this.#core.coreMouseService;
    return { protocol: activeProtocol, encoding: activeEncoding };
  }

  get charsets(): Charsets {
    if (!this.#has('charsets'))
      return { designated: Array(4).fill(DEFAULT_CHARSET), level: 0, current: DEFAULT_CHARSET };
    const { _charsets, glevel, charset } = this.#core._charsetService;
    return {
      designated: [0, 1, 2, 3].map((index) => this.#charset(_charsets[index])),
      level: glevel,
      current: this.#charset(charset),
    };
  }

  /** Whether the charset of this level (G0 to G3) prints something else for the character. */
  isTranslated(character: string, level: number): boolean {
    return this.#has('charsets') && this.#core._charsetService._charsets[level]?.[character] !== undefined;
  }

  /** The character that this level prints as the given one; the given one itself if there is none. */
  untranslated(character: string, level: number): string {
    const charset = this.#has('charsets') ? this.#core._charsetService._charsets[level] : undefined;
    return Object.entries(charset ?? {}).find(([, printed]) => printed === character)?.[0] ?? character;
  }

  /** What the next character may join, or be repeated from. 0: nothing. */
  get joinState(): number {
    return this.#has('join state') ? this.#core._inputHandler._parser.precedingJoinState : 0;
  }

  /** Whether the parser is between sequences. */
  get isGround(): boolean {
    return !this.#has('parser state') || this.#core._inputHandler._parser.currentState === 0;
  }

  #buffer(buffer: RawBuffer): BufferState {
    const { cols, rows } = this.#core;
    const saved = this.#has('saved cursor') ? buffer : undefined;
    return {
      x: buffer.x,
      y: buffer.y,
      ybase: buffer.ybase,
      lines: buffer.lines,
      region: this.#has('region') ? [buffer.scrollTop, buffer.scrollBottom] : [0, rows - 1],
      tabs: this.#has('tabs')
        ? Object.keys(buffer.tabs)
            .map(Number)
            .filter((column) => buffer.tabs[column] && column < cols)
        : defaultTabs(cols),
      saved: {
        x: Math.min(saved?.savedX ?? 0, cols - 1),
        y: Math.min(Math.max((saved?.savedY ?? 0) - buffer.ybase, 0), rows - 1),
        foreground: saved?.savedCurAttrData.fg ?? 0,
        background: saved?.savedCurAttrData.bg ?? 0,
        hasExtended: ((saved?.savedCurAttrData.bg ?? 0) & HAS_EXTENDED) !== 0,
        charset: this.#charset(saved?.savedCharset),
      },
    };
  }

  #charset(charset: Charset): string {
    return (charset && this.#shared.charsets.get(charset)) ?? DEFAULT_CHARSET;
  }

  #has(field: Field): boolean {
    return !this.#shared.missing.has(field);
  }
}

export function defaultTabs(cols: number): number[] {
  return Array.from({ length: Math.ceil(cols / 8) }, (_, index) => index * 8);
}

/** What is true of all emulators of this version of xterm.js. */
export interface Shared {
  readonly missing: ReadonlySet<Field>;
  readonly charsets: ReadonlyMap<object, string>;
  readonly quickLines: QuickLines;
}

/** Looks whether each field has the value that it must have after what is written. Throws if there is no screen to be read at all. */
export function probe(open: (cols: number, rows: number) => Terminal): Shared {
  const quickLines = new QuickLines();
  const without: Shared = { missing: new Set(), charsets: new Map(), quickLines };
  const { missing: needed } = tryAll(NEEDED);
  if (needed.length > 0) throw new Error(`this version of xterm.js can't be read: ${needed.join(', ')}`);
  const charsets = new Map<object, string>();
  const missing = new Set(tryAll(PROBES).missing);
  if (!missing.has('charsets')) nameCharsets();
  return { missing, charsets, quickLines };

  function tryAll<Name extends string>(probes: readonly Probe<Name>[]): { missing: Name[] } {
    const failed = probes.filter(({ write, holds }) => {
      const terminal = open(20, 5);
      try {
        const internals = new Internals(terminal, without);
        internals.parse(Buffer.from(write));
        return !holds(internals, coreOf(terminal));
      } catch (error) {
        if (error instanceof TypeError) return true; // a field of what is not there
        throw error;
      } finally {
        terminal.dispose();
      }
    });
    return { missing: [...new Set(failed.map(({ name }) => name))] };
  }

  function nameCharsets(): void {
    const terminal = open(20, 5);
    const core = coreOf(terminal);
    for (const final of CHARSET_FINALS) {
      core._inputHandler.parse(Buffer.from(`\x1b(${final}`));
      const charset = core._charsetService._charsets[0];
      if (charset && !charsets.has(charset)) charsets.set(charset, final);
    }
    terminal.dispose();
  }
}

interface Probe<Name extends string> {
  readonly name: Name;
  readonly write: string;
  readonly holds: (internals: Internals, core: Core) => boolean;
}

const NEEDED: readonly Probe<string>[] = [
  {
    name: 'cells',
    write: '\x1b[1;35mA\u4e16e\u0301\x1b[m\r\n',
    holds: (_, { buffers }) => {
      const line = buffers.normal.lines.get(0);
      return (
        line !== undefined &&
        !line.isWrapped &&
        line._data.length === 60 &&
        line._data[0] === ((1 << 22) | 0x41) &&
        line._data[1] === (0x8000000 | 0x1000000 | 5) &&
        (line._data[3] ?? 0) >>> 22 === 2 &&
        line._data[6] === 0 &&
        line._combined[3] === 'e\u0301'
      );
    },
  },
  {
    name: 'buffers',
    write: 'x\r\n\n\n\n\n\ny\x1b[?47h',
    holds: ({ isAlternate }, { buffers: { normal, alt } }) =>
      normal.ybase === 2 && isAlternate && alt.x === 1 && alt.y === 4,
  },
];

const PROBES: readonly Probe<Field>[] = [
  {
    name: 'region',
    write: '\x1b[2;4r',
    holds: (_, { buffers }) => buffers.normal.scrollTop === 1 && buffers.normal.scrollBottom === 3,
  },
  {
    name: 'tabs',
    write: '\x1b[3g\x1b[4G\x1bH',
    holds: (_, { buffers }) => Object.keys(buffers.normal.tabs).join(',') === '3',
  },
  {
    name: 'saved cursor',
    write: '\x1b[31;42m\x1b[3;5H\x1b7\x1b[m\x1b[H',
    holds: (_, { buffers: { normal } }) =>
      normal.savedX === 4 &&
      normal.savedY === 2 &&
      normal.savedCurAttrData.fg === (0x1000000 | 1) &&
      normal.savedCurAttrData.bg === (0x1000000 | 2),
  },
  {
    name: 'charsets',
    write: '\x1b)0\x0e',
    holds: (_, { _charsetService: service }) =>
      service.glevel === 1 && service._charsets[1] !== undefined && service._charsets[1] === service.charset,
  },
  {
    name: 'pen',
    write: '\x1b[4:3;58;5;9;31m',
    holds: (_, { _inputHandler: { _curAttrData: pen } }) =>
      (pen.fg & 0xff) === 1 && (pen.bg & HAS_EXTENDED) !== 0 && pen.extended._ext === ((3 << 26) | 0x2000009),
  },
  {
    name: 'links',
    write: '\x1b]8;id=a;https://b\x1b\\',
    holds: (internals, { _inputHandler: { _curAttrData: pen } }) => {
      const link = internals.link(pen.extended._urlId);
      return link?.id === 'a' && link.uri === 'https://b';
    },
  },
  {
    name: 'mouse',
    write: '\x1b[?1003;1016h',
    holds: ({ mouse }) => mouse.protocol === 'ANY' && mouse.encoding === 'SGR_PIXELS',
  },
  { name: 'cursor hidden', write: '\x1b[?25l', holds: (_, { coreService }) => coreService.isCursorHidden },
  {
    name: 'cursor style',
    write: '\x1b[5 q',
    holds: ({ cursorStyle }) => cursorStyle.shape === 'bar' && cursorStyle.isBlinking === true,
  },
  {
    name: 'join state',
    write: '\u4e16',
    holds: ({ joinState }) => joinState !== 0,
  },
  {
    name: 'join state',
    write: 'a\x1b[m',
    holds: (_, core) => core._inputHandler._parser.precedingJoinState === 0,
  },
  { name: 'parser state', write: '\x1b[1', holds: ({ isGround }) => !isGround },
  { name: 'parser state', write: '\x1b[1m', holds: ({ isGround }) => isGround },
];

function coreOf(terminal: Terminal): Core {
  return (terminal as unknown as { _core: Core })._core;
}
