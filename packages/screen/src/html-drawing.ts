import type { Emulator } from './emulator.ts';
import { type Colour, type Look, lookOf } from './pen.ts';
import { type Run, type ShownOptions, shownRows } from './shown-rows.ts';

const FOREGROUND = '#e5e5e5';
const BACKGROUND = '#000000';
/** The first 16 colours, as xterm.js has them. */
const PALETTE =
  '#2e3436 #cc0000 #4e9a06 #c4a000 #3465a4 #75507b #06989a #d3d7cf #555753 #ef2929 #8ae234 #fce94f #729fcf #ad7fa8 #34e2e2 #eeeeec'.split(
    ' ',
  );
/** Levels of the colours 16 to 231, a cube of six each way. */
const CUBE = [0, 95, 135, 175, 215, 255];
const UNDERLINES = ['none', 'solid', 'double', 'wavy', 'dotted', 'dashed'];

/**
 * What a terminal shows as one `<pre>` element that needs nothing else: every colour is in it, and no text of the screen is markup.
 * Colours that the program has set for its terminal hold here too.
 */
export function drawHtml(emulator: Emulator, options: ShownOptions): string {
  const theme = new Theme(emulator);
  const rows = shownRows(emulator, options).map((runs) => htmlOf(runs, theme));
  // A newline behind the tag would not count.
  return `<pre style="${theme.style}">${rows.map((row) => `${row}\n`).join('')}</pre>\n`;
}

export function htmlOf(runs: readonly Run[], theme: Theme): string {
  return runs.map((run) => span(run, theme)).join('');
}

/** The colours that hold for one terminal. */
export class Theme {
  readonly foreground: string;
  readonly background: string;
  readonly #emulator: Emulator;

  constructor(emulator: Emulator) {
    this.#emulator = emulator;
    const { specialColours } = emulator.tracked;
    this.foreground = cssColour(specialColours.get('foreground')) ?? FOREGROUND;
    this.background = cssColour(specialColours.get('background')) ?? BACKGROUND;
  }

  get style(): string {
    return `color:${this.foreground};background:${this.background};font-family:monospace;line-height:1.2`;
  }

  css(colour: Colour): string {
    if ('rgb' in colour) return hex(colour.rgb);
    const { index } = colour;
    const set = cssColour(this.#emulator.tracked.palette.get(index));
    if (set !== undefined) return set;
    if (index >= 232) return hex([8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10]);
    if (index < PALETTE.length) return PALETTE[index] ?? this.foreground;
    const place = index - 16;
    const levels = [Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6];
    return hex(levels.map((level) => CUBE[level] ?? 0));
  }
}

function styleOf(look: Look, theme: Theme): string {
  const foreground = look.foreground && theme.css(look.foreground);
  const background = look.background && theme.css(look.background);
  const [front, behind] = look.isInverse
    ? [background ?? theme.background, foreground ?? theme.foreground]
    : [foreground, background];
  const lines = [
    look.underlineStyle > 0 && 'underline',
    look.isOverlined && 'overline',
    look.isStruck && 'line-through',
  ].filter((line) => line !== false);
  const parts = [
    look.isInvisible ? 'color:transparent' : front !== undefined && `color:${front}`,
    behind !== undefined && `background:${behind}`,
    look.isBold && 'font-weight:bold',
    look.isItalic && 'font-style:italic',
    look.isDim && 'opacity:0.5',
    lines.length > 0 && `text-decoration-line:${lines.join(' ')}`,
    look.underlineStyle > 1 && `text-decoration-style:${UNDERLINES[look.underlineStyle] ?? 'solid'}`,
    look.underlineColour && `text-decoration-color:${theme.css(look.underlineColour)}`,
  ];
  return parts.filter((part) => typeof part === 'string').join(';');
}

function span({ text, pen, isWide }: Run, theme: Theme): string {
  const style = styleOf(lookOf(pen), theme);
  // Fonts disagree about how wide these are; the columns behind them must not move.
  if (isWide) return element(text, `${style}${style === '' ? '' : ';'}display:inline-block;width:2ch`);
  return style === '' ? escapeMarkup(text) : element(text, style);
}

function element(text: string, style: string): string {
  return `<span style="${style}">${escapeMarkup(text)}</span>`;
}

export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A colour as programs name it to their terminal: `#rrggbb`, `#rgb`, `rgb:rr/gg/bb` with 1 to 4 digits each. */
function cssColour(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (/^#(?:[\da-f]{3}|[\da-f]{6})$/i.test(name)) return name;
  const channels = /^rgb:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})$/i.exec(name)?.slice(1);
  return channels && hex(channels.map((digits) => (parseInt(digits, 16) / (16 ** digits.length - 1)) * 255));
}

function hex(channels: readonly number[]): string {
  return `#${channels.map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('')}`;
}
