const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;
/** No terminal takes longer ones for queries: what is longer is not waited for. */
const MAX_CONTROL = 64;
const MAX_STRING = 4096;
/** How far the keys of a graphics command may reach; its picture comes behind them. */
const MAX_GRAPHICS_KEYS = 256;

/** Instead of where a query ends. */
const NONE = 0;
const INCOMPLETE = -1;

/** Final bytes of control sequences that may ask. Of `m` only `CSI ? m` does, and it is the most frequent of all. */
const ASKING = new Uint8Array(256);
for (const final of Buffer.from('cnpqutSxwym')) ASKING[final] = 1;
const PRIVATE = 0x3f;
const SGR = 0x6d;

/**
 * DA1 to DA3, DSR, DECRQM, XTVERSION, kitty keyboard, XTQMODKEYS, window reports, XTSMGRAPHICS, DECREQTPARM, DECRQPSR, DECRQUPSS, DECRQCRA.
 */
const CONTROL_QUERY =
  /^\[(?:[>=]?0*c|[56]n|\?[\d;]+n|\??\d+\$p|>0*q|\?u|\?\d+m|(?:1[13-689]|2[01])(?:;\d*)?t|\?\d+;[14](?:;\d*)?S|[01]?x|[12]\$w|&u|[\d;]*\*y)$/;
/** Colours, and the clipboard; 21 is kitty's way to ask for colours by name. */
const ASKING_STRINGS = new Set([4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 52]);
const STRING_QUERY = /;(?:[^;]*=)?\?(?:;|$)/;
const GRAPHICS_QUERY = /^_G(?:[^;]*,)?a=q[,;]/;

/**
 * Calls back for each query of a program to its terminal in these bytes, in order. Returns how far it has come: to the end, or to where a
 * sequence begins that is not complete yet, or, behind `most` sequences, to the next one.
 */
export function findQueries(
  bytes: Buffer,
  visit: (from: number, to: number) => void,
  most = Number.POSITIVE_INFINITY,
): number {
  let left = most;
  for (let at = bytes.indexOf(ESC); at >= 0; ) {
    if (left === 0) return at;
    left -= 1;
    const end = queryEnd(bytes, at);
    if (end === INCOMPLETE) return at;
    if (end !== NONE) visit(at, end);
    at = bytes.indexOf(ESC, end === NONE ? at + 1 : end);
  }
  return bytes.length;
}

/** Whatever is inside of a string, ESC ends it and begins another sequence; so nothing before the ESC at `at` counts. */
function queryEnd(bytes: Buffer, at: number): number {
  switch (bytes[at + 1]) {
    case undefined:
      return INCOMPLETE;
    case 0x5b: // [
      return controlEnd(bytes, at);
    case 0x5d: // ]
      return oscEnd(bytes, at);
    case 0x50: // P
      return dcsEnd(bytes, at);
    case 0x5f: // _
      return graphicsEnd(bytes, at);
    default:
      return NONE;
  }
}

function controlEnd(bytes: Buffer, at: number): number {
  const limit = Math.min(bytes.length, at + MAX_CONTROL);
  for (let index = at + 2; index < limit; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte >= 0x20 && byte < 0x40) continue;
    if (ASKING[byte] === 0 || (byte === SGR && bytes[at + 2] !== PRIVATE)) return NONE;
    return CONTROL_QUERY.test(bytes.toString('latin1', at + 1, index + 1)) ? index + 1 : NONE;
  }
  return bytes.length < at + MAX_CONTROL ? INCOMPLETE : NONE;
}

function oscEnd(bytes: Buffer, at: number): number {
  let code = 0;
  let index = at + 2;
  for (; index < at + 5; index += 1) {
    const digit = (bytes[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    code = 10 * code + digit;
  }
  if (index >= bytes.length) return INCOMPLETE;
  if (bytes[index] !== SEMICOLON || !ASKING_STRINGS.has(code)) return NONE;
  const end = stringEnd(bytes, { at, from: index, endsWithBell: true });
  if (end <= 0) return end;
  const { body } = partsOf(bytes.toString('latin1', at, end));
  return STRING_QUERY.test(body) ? end : NONE;
}

/** DECRQSS and XTGETTCAP. */
function dcsEnd(bytes: Buffer, at: number): number {
  const kind = bytes[at + 2];
  if (kind === undefined) return INCOMPLETE;
  if (kind !== 0x24 && kind !== 0x2b) return NONE;
  const what = bytes[at + 3];
  if (what === undefined) return INCOMPLETE;
  return what === 0x71 ? stringEnd(bytes, { at, from: at + 4, endsWithBell: false }) : NONE;
}

/** Whether kitty's graphics are there. */
function graphicsEnd(bytes: Buffer, at: number): number {
  if (bytes[at + 2] === undefined) return INCOMPLETE;
  if (bytes[at + 2] !== 0x47) return NONE;
  const keys = bytes.toString('latin1', at + 1, Math.min(bytes.length, at + MAX_GRAPHICS_KEYS));
  // oxlint-disable-next-line no-control-regex -- ESC ends it
  if (!/[;\x1b]/.test(keys)) return keys.length < MAX_GRAPHICS_KEYS - 1 ? INCOMPLETE : NONE;
  // oxlint-disable-next-line no-control-regex -- ESC ends it
  const isQuery = GRAPHICS_QUERY.test(`${keys.split(/[;\x1b]/, 1)[0]};`);
  return isQuery ? stringEnd(bytes, { at, from: at + 3, endsWithBell: false }) : NONE;
}

/** Behind what ends the string. */
function stringEnd(
  bytes: Buffer,
  { at, from, endsWithBell }: { at: number; from: number; endsWithBell: boolean },
): number {
  const limit = Math.min(bytes.length, at + MAX_STRING);
  for (let index = from; index < limit; index += 1) {
    const byte = bytes[index];
    if (byte === BEL && endsWithBell) return index + 1;
    if (byte === CAN || byte === SUB) return NONE;
    if (byte !== ESC) continue;
    if (index + 1 >= bytes.length) return INCOMPLETE;
    return bytes[index + 1] === BACKSLASH ? index + 2 : index;
  }
  return bytes.length < at + MAX_STRING ? INCOMPLETE : NONE;
}

/** A sequence without its ESC and what ends it, if it is a string; and that end, which an answer has as well. */
export function partsOf(sequence: string): { readonly body: string; readonly end: string } {
  const body = sequence.slice(1);
  if (body.endsWith('\x07')) return { body: body.slice(0, -1), end: '\x07' };
  return { body: body.endsWith('\x1b\\') ? body.slice(0, -2) : body, end: '\x1b\\' };
}
