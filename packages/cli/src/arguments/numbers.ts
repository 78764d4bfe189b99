import { LIMITS } from '@holdfast/protocol';
import { usageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** A whole number without sign, fraction or exponent, within bounds. `what` begins the message: "--idle"; `words` could stand there instead. */
export function parseCount(
  what: string,
  text: string,
  {
    min = 0,
    max = Number.MAX_SAFE_INTEGER,
    words = [],
  }: { min?: number; max?: number; words?: readonly string[] } = {},
): number {
  if (!/^[0-9]+$/.test(text)) {
    throw usageError(`${what} must be ${[...words, 'a whole number'].join(' or ')}, not "${text}"`);
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw usageError(`${what} is too large: ${text}`);
  if (value < min) throw usageError(`${what} must be at least ${min}, not ${text}`);
  if (value > max) throw usageError(`${what} must be at most ${max}, not ${text}`);
  return value;
}

/** A number of bytes: `65536`, `64K`, `1M`, `1G`; the units are powers of 1024. */
export function parseBytes(what: string, text: string, bounds: { min: number; max: number }): number {
  const [, digits, unit] = /^([0-9]+)([KMG]?)$/.exec(text) ?? [];
  const factor = UNITS[unit ?? ''];
  if (digits === undefined || factor === undefined) {
    throw usageError(`${what} must be a number of bytes like 65536, 64K or 1M, not "${text}"`);
  }
  const bytes = Number(digits) * factor;
  if (bytes < bounds.min) throw usageError(`${what} must be at least ${bounds.min} bytes, not ${text}`);
  if (bytes > bounds.max) throw usageError(`${what} must be at most ${bounds.max} bytes, not ${text}`);
  return bytes;
}

/** A number above 0 with or without a fraction: `2`, `0.5`. */
export function parseFactor(what: string, text: string): number {
  const value = /^[0-9]{1,9}(?:\.[0-9]{1,9})?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw usageError(`${what} must be a number above 0, like 2 or 0.5, not "${text}"`);
}

/** A terminal's size: `80x24`. */
export function parseSize(what: string, text: string): { cols: number; rows: number } {
  const [, cols, rows] = /^([0-9]+)x([0-9]+)$/.exec(text) ?? [];
  if (cols === undefined || rows === undefined) {
    throw usageError(`${what} must be columns x rows, like 80x24, not "${text}"`);
  }
  const bounds = { min: 1, max: LIMITS.columnsOrRows };
  return {
    cols: parseCount(`${what}: columns`, cols, bounds),
    rows: parseCount(`${what}: rows`, rows, bounds),
  };
}

/** Timers hold 31 bits of milliseconds; a longer wait would end at once. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

const TIME_UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Ten years: what lasts longer is not meant to end. */
const DURATION_MS_MAX = 3_650 * 86_400_000;

/** A time like `90s`, `30m`, `12h` or `7d`, in milliseconds; at least a second, at most ten years. */
export function parseDuration(what: string, text: string): number {
  const [, digits, unit = ''] = /^([0-9]{1,9})([smhd])$/.exec(text) ?? [];
  const ms = Number(digits) * (TIME_UNITS_MS[unit] ?? 0);
  if (digits !== undefined && ms > 0 && ms <= DURATION_MS_MAX) return ms;
  throw usageError(`${what} must be a time like 90s, 30m, 12h or 7d, not "${text}"`);
}

/** A time in milliseconds that a timer can wait. */
export function parseMilliseconds(what: string, text: string): number {
  return parseCount(what, text, { max: TIMER_MS_MAX });
}
