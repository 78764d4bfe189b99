/** A reply that is longer is not looked at: a clipboard, or what somebody pastes. */
const MAX_BYTES = 16 * 1024;
const ESC = 0x1b;
/** Nothing in it that a program would take for a key. */
const STRING = '[\\x20-\\x7e\\x80-\\xff]*';
const BELL_OR_ST = '(?:\\x07|\\x1b\\\\)';
const ST = '\\x1b\\\\';

/**
 * What terminals answer, each in the form in which no key is reported: CPR not in the first row, columns 2 to 16, which is F3 with modifiers.
 */
const REPLY = new RegExp(
  [
    '\\x1b(?:',
    [
      '\\[[?>][\\d;]*c', // DA1, DA2
      '\\[(?!1;(?:[2-9]|1[0-6])R)\\??\\d+;\\d+(?:;\\d+)?R', // CPR, DECXCPR
      '\\[(?:0|3|\\?[\\d;]+)n', // DSR
      '\\[\\??\\d+;\\d\\$y', // DECRPM
      '\\[\\?\\d+u', // kitty keyboard
      '\\[>\\d+(?:;\\d*)?m', // XTQMODKEYS
      '\\[(?:[12]|3;[-\\d;]*|[4-689];\\d+;\\d+)t', // window reports
      '\\[\\?[\\d;]+S', // XTSMGRAPHICS
      `\\](?:4;\\d+|5;\\d+|1\\d|21|52);${STRING}${BELL_OR_ST}`,
      `\\][lL]${STRING}${BELL_OR_ST}`, // titles
      `P[01][$+]r${STRING}${ST}`, // DECRQSS, XTGETTCAP
      `P[>!]\\|${STRING}${ST}`, // XTVERSION, DA3
      `_G${STRING}${ST}`, // kitty graphics
    ].join('|'),
    ')',
  ].join(''),
  'y',
);

/** The replies of a terminal that these bytes consist of; undefined if there is anything else among them. */
export function repliesIn(bytes: Uint8Array): string[] | undefined {
  if (bytes[0] !== ESC || bytes.length < 3 || bytes.length > MAX_BYTES) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const replies: string[] = [];
  for (let at = 0; at < text.length; ) {
    REPLY.lastIndex = at;
    const [reply] = REPLY.exec(text) ?? [];
    if (reply === undefined) return undefined;
    replies.push(reply);
    at += reply.length;
  }
  return replies;
}
