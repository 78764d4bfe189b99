/** The output of tests/programs/flood.py: lines of one length that are numbered from 0. */
export const LINE_BYTES = 16;

/** Lines `from` to `to`, the last not included. */
export function numberedLines(from: number, to: number): Buffer {
  const bytes = Buffer.alloc((to - from) * LINE_BYTES, '0');
  for (let line = from; line < to; line += 1) {
    const digits = String(line);
    const end = (line - from + 1) * LINE_BYTES - 1;
    bytes.write(digits, end - digits.length, 'latin1');
    bytes[end] = 0x0a;
  }
  return bytes;
}

/** What stands at `offset` of the endless output: for comparing a part that begins anywhere. */
export function floodBytes(offset: number, byteCount: number): Buffer {
  const firstLine = Math.floor(offset / LINE_BYTES);
  const lastLine = Math.ceil((offset + byteCount) / LINE_BYTES);
  const skip = offset - firstLine * LINE_BYTES;
  return numberedLines(firstLine, lastLine).subarray(skip, skip + byteCount);
}

/** Where bytes that are said to begin at `offset` of the flood first differ from it; -1 if nowhere. */
export function firstDifference(bytes: Uint8Array, offset: number): number {
  const expected = floodBytes(offset, bytes.length);
  if (expected.equals(bytes)) return -1;
  return bytes.findIndex((byte, index) => byte !== expected[index]);
}

/**
 * How many bytes of the flood are missing at each crash, in a recording from its beginning that was told of crashes at these
 * offsets. All between them must be the flood. Throws Error where it is not, or bytes come twice.
 */
export function missingAtCrashes(bytes: Uint8Array, crashes: readonly number[]): number[] {
  let shift = 0;
  const missing: number[] = [];
  for (const [index, from] of [0, ...crashes].entries()) {
    const segment = bytes.subarray(from, crashes[index]);
    const resumed = index === 0 ? 0 : floodOffsetOf(segment) - from;
    const difference = firstDifference(segment, from + resumed);
    if (difference !== -1) throw new Error(`not the flood at byte ${from + difference}`);
    if (index > 0) missing.push(resumed - shift);
    shift = resumed;
  }
  return missing;
}

/** Where in the flood bytes stand that have a whole line in them, such as any two lines' worth. Throws Error if they don't. */
export function floodOffsetOf(bytes: Uint8Array): number {
  const lineAt = bytes.indexOf(0x0a) + 1;
  const line = Buffer.from(bytes.subarray(lineAt, lineAt + LINE_BYTES)).toString('latin1');
  if (lineAt === 0 || !/^\d+\n$/.test(line)) throw new Error(`no whole line: ${JSON.stringify(line)}`);
  return Number(line) * LINE_BYTES - lineAt;
}
