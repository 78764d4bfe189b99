import { HAS_EXTENDED } from './cell-words.ts';
import type { ExtendedAttributes } from './internals.ts';

/** How a cell is drawn, in a form in which what looks the same is the same. Colours are as xterm.js packs them. */
export interface Pen {
  readonly foreground: number;
  readonly background: number;
  /** Inverse, bold, underline, blink, invisible, strike-through. */
  readonly foregroundFlags: number;
  /** Italic, dim, protected, overline. */
  readonly backgroundFlags: number;
  readonly underlineStyle: number;
  readonly underlineColour: number;
}

export const DEFAULT_PEN: Pen = {
  foreground: 0,
  background: 0,
  foregroundFlags: 0,
  backgroundFlags: 0,
  underlineStyle: 0,
  underlineColour: 0,
};

// The bits of a cell's two attribute words, see xterm.js src/common/buffer/Constants.ts.
const COLOUR_MODE = 0x3000000;
const MODE_PALETTE = 0x2000000;
const MODE_RGB = 0x3000000;
const COLOUR = 0x3ffffff;
const FOREGROUND_FLAGS = 0xfc000000 | 0;
const INVERSE = 0x4000000;
const BOLD = 0x8000000;
const UNDERLINE = 0x10000000;
const BLINK = 0x20000000;
const INVISIBLE = 0x40000000;
const STRIKE = 0x80000000 | 0;
const BACKGROUND_FLAGS = 0x6c000000;
const ITALIC = 0x4000000;
const DIM = 0x8000000;
export const PROTECTED = 0x20000000;
const OVERLINE = 0x40000000;
const UNDERLINE_STYLE = 0x1c000000;
const UNDERLINE_STYLE_SHIFT = 26;

/** The pen of a cell. `extended` counts only if the background word says that the cell has it. */
export function penOf(foreground: number, background: number, extended: ExtendedAttributes | undefined): Pen {
  const more = (background & HAS_EXTENDED) !== 0 ? extended : undefined;
  const style = isUnderlined(foreground)
    ? ((more?._ext ?? 0) & UNDERLINE_STYLE) >>> UNDERLINE_STYLE_SHIFT || 1
    : 0;
  return {
    foreground: sameColour(foreground),
    background: sameColour(background),
    foregroundFlags: foreground & FOREGROUND_FLAGS,
    backgroundFlags: background & BACKGROUND_FLAGS,
    underlineStyle: style,
    underlineColour: more && (style !== 0 || more._urlId !== 0) ? sameColour(more._ext) : 0,
  };
}

/** The pen that writes next. It keeps the colour of an underline while nothing is underlined. */
export function currentPenOf(foreground: number, background: number, extended: ExtendedAttributes): Pen {
  return { ...penOf(foreground, background, extended), underlineColour: sameColour(extended._ext) };
}

/** A colour of the palette, by its index, or one of its own. */
export type Colour = { readonly index: number } | { readonly rgb: readonly number[] };

/** What a pen looks like, for who draws it otherwise than a terminal. A colour that is not given is the default one. */
export interface Look {
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isItalic: boolean;
  readonly isInverse: boolean;
  readonly isInvisible: boolean;
  readonly isStruck: boolean;
  readonly isOverlined: boolean;
  /** 0: none; 1 single, 2 double, 3 curly, 4 dotted, 5 dashed. */
  readonly underlineStyle: number;
  readonly foreground: Colour | undefined;
  readonly background: Colour | undefined;
  readonly underlineColour: Colour | undefined;
}

export function lookOf(pen: Pen): Look {
  const { foregroundFlags, backgroundFlags } = pen;
  return {
    isBold: (foregroundFlags & BOLD) !== 0,
    isDim: (backgroundFlags & DIM) !== 0,
    isItalic: (backgroundFlags & ITALIC) !== 0,
    isInverse: (foregroundFlags & INVERSE) !== 0,
    isInvisible: (foregroundFlags & INVISIBLE) !== 0,
    isStruck: (foregroundFlags & STRIKE) !== 0,
    isOverlined: (backgroundFlags & OVERLINE) !== 0,
    underlineStyle: pen.underlineStyle,
    foreground: colourOf(pen.foreground),
    background: colourOf(pen.background),
    underlineColour: colourOf(pen.underlineColour),
  };
}

function colourOf(word: number): Colour | undefined {
  const mode = word & COLOUR_MODE;
  if (mode === 0) return undefined;
  return mode === MODE_RGB ? { rgb: channels(word) } : { index: word & 0xff };
}

/** The pen without what can't be seen. */
export function visiblePen(pen: Pen): Pen {
  if ((pen.backgroundFlags & PROTECTED) === 0) return pen;
  return { ...pen, backgroundFlags: pen.backgroundFlags & ~PROTECTED };
}

/** Whether a space that is drawn with it can be seen. */
export function marksSpaces({ background, foregroundFlags, backgroundFlags, underlineStyle }: Pen): boolean {
  return (
    background !== 0 ||
    underlineStyle !== 0 ||
    (foregroundFlags & (INVERSE | STRIKE)) !== 0 ||
    (backgroundFlags & OVERLINE) !== 0
  );
}

/** What erasing leaves behind: its background, and nothing else. */
export function erasedPen(background: number): Pen {
  return background === 0 ? DEFAULT_PEN : { ...DEFAULT_PEN, background };
}

/** The saved cursor has a pen without what is extended, and a link is none of it. */
export function savedPenOf(foreground: number, background: number): Pen {
  return penOf(foreground, background & ~HAS_EXTENDED, undefined);
}

/** Whether an empty cell has more than a background colour, which erasing alone can't give it. */
export function isAdorned(foreground: number, background: number): boolean {
  return (
    (foreground & FOREGROUND_FLAGS) !== 0 ||
    (background & BACKGROUND_FLAGS) !== 0 ||
    sameColour(foreground) !== 0
  );
}

export function isSamePen(a: Pen, b: Pen): boolean {
  return (
    a.foreground === b.foreground &&
    a.background === b.background &&
    a.foregroundFlags === b.foregroundFlags &&
    a.backgroundFlags === b.backgroundFlags &&
    a.underlineStyle === b.underlineStyle &&
    a.underlineColour === b.underlineColour
  );
}

export function isUnderlined(foreground: number): boolean {
  return (foreground & UNDERLINE) !== 0;
}

/** A colour without the bits that its mode leaves unused. */
export function sameColour(word: number): number {
  const mode = word & COLOUR_MODE;
  if (mode === 0) return 0;
  return mode === MODE_RGB ? word & COLOUR : mode | (word & 0xff);
}

/** The sequence after which a terminal draws with this pen, whatever its pen was before; but for `PROTECTED` ending. */
export function selectPen(pen: Pen): string {
  const { foregroundFlags, backgroundFlags, underlineColour, underlineStyle } = pen;
  let parameters = '';
  if (foregroundFlags & BOLD) parameters += ';1';
  if (backgroundFlags & DIM) parameters += ';2';
  if (backgroundFlags & ITALIC) parameters += ';3';
  if (foregroundFlags & BLINK) parameters += ';5';
  if (foregroundFlags & INVERSE) parameters += ';7';
  if (foregroundFlags & INVISIBLE) parameters += ';8';
  if (foregroundFlags & STRIKE) parameters += ';9';
  if (backgroundFlags & OVERLINE) parameters += ';53';
  parameters += colour(pen.foreground, 3) + colour(pen.background, 4);
  if (underlineColour !== 0)
    parameters +=
      (underlineColour & COLOUR_MODE) === MODE_RGB
        ? `;58:2::${channels(underlineColour).join(':')}`
        : `;58:5:${underlineColour & 0xff}`;
  if (underlineStyle !== 0) parameters += underlineStyle === 1 ? ';4' : `;4:${underlineStyle}`;
  const sequence = `\x1b[${parameters === '' ? '' : `0${parameters}`}m`;
  return backgroundFlags & PROTECTED ? `${sequence}\x1b[1"q` : sequence;
}

/** Foreground (3) or background (4). */
function colour(word: number, kind: 3 | 4): string {
  const mode = word & COLOUR_MODE;
  if (mode === 0) return '';
  if (mode === MODE_RGB) return `;${kind}8;2;${channels(word).join(';')}`;
  if (mode === MODE_PALETTE) return `;${kind}8;5;${word & 0xff}`;
  const index = word & 15;
  return `;${index < 8 ? kind * 10 + index : (kind + 6) * 10 + index - 8}`;
}

function channels(rgb: number): number[] {
  return [(rgb >>> 16) & 0xff, (rgb >>> 8) & 0xff, rgb & 0xff];
}
