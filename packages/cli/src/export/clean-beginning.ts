/** How far a line or a sequence is looked for. */
const MIDST_BYTES = 4096;
const LINE_FEED = 0x0a;
const ESC = 0x1b;

/**
 * Where output can be shown from whose beginning is missing: behind what may be the end of a sequence, a character or a line, if it
 * seems to end.
 */
export function cleanBeginning(bytes: Uint8Array): number {
  const midst = bytes.subarray(0, MIDST_BYTES);
  const line = midst.indexOf(LINE_FEED) + 1;
  if (line > 0) return line;
  const sequence = midst.indexOf(ESC);
  if (sequence >= 0) return sequence;
  const character = midst.findIndex((byte) => (byte & 0xc0) !== 0x80);
  return Math.max(0, character);
}
