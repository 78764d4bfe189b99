/** xterm's first 16 colours. */
const FIRST = [
  [0x00, 0x00, 0x00],
  [0xcd, 0x00, 0x00],
  [0x00, 0xcd, 0x00],
  [0xcd, 0xcd, 0x00],
  [0x00, 0x00, 0xee],
  [0xcd, 0x00, 0xcd],
  [0x00, 0xcd, 0xcd],
  [0xe5, 0xe5, 0xe5],
  [0x7f, 0x7f, 0x7f],
  [0xff, 0x00, 0x00],
  [0x00, 0xff, 0x00],
  [0xff, 0xff, 0x00],
  [0x5c, 0x5c, 0xff],
  [0xff, 0x00, 0xff],
  [0x00, 0xff, 0xff],
  [0xff, 0xff, 0xff],
] as const;
const LEVELS = [0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff] as const;
const FOREGROUND = 7;
const BACKGROUND = 0;

/** A colour of a terminal that nobody has set, as terminals report it: light on dark. */
export function paletteColour(index: number): string {
  return rgb(channels(index));
}

/** That of OSC 10, 11 or 12. */
export function defaultColour(code: number): string {
  return paletteColour(code === 11 ? BACKGROUND : FOREGROUND);
}

/** As terminals report it what a program has set; undefined for a name, or what is no colour. */
export function reported(colour: string): string | undefined {
  const [, hex] = /^#((?:[\da-f]{3}){1,4})$/i.exec(colour) ?? [];
  if (hex !== undefined) {
    const digits = hex.length / 3;
    return rgbOf([0, 1, 2].map((at) => hex.slice(at * digits, (at + 1) * digits)));
  }
  const [, ...parts] = /^rgb:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})$/i.exec(colour) ?? [];
  return parts.length === 3 ? rgbOf(parts) : undefined;
}

function channels(index: number): readonly number[] {
  if (index < FIRST.length) return FIRST[index] ?? FIRST[0];
  if (index >= 232) return Array<number>(3).fill(8 + 10 * (index - 232));
  const cube = index - FIRST.length;
  return [cube / 36, (cube / 6) % 6, cube % 6].map((level) => LEVELS[Math.floor(level)] ?? 0);
}

function rgb(channels: readonly number[]): string {
  return rgbOf(channels.map((channel) => channel.toString(16).padStart(2, '0')));
}

/** Each with four digits. */
function rgbOf(channels: readonly string[]): string {
  const scaled = channels.map((digits) =>
    Math.round((Number.parseInt(digits, 16) * 0xffff) / (16 ** digits.length - 1)),
  );
  return `rgb:${scaled.map((channel) => channel.toString(16).padStart(4, '0')).join('/')}`;
}
