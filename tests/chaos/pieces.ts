/**
 * How many bytes are missing at each of these marks, in an output that is otherwise to be `expected`. Throws Error where it is
 * anything else.
 */
export function missingAtMarks(expected: Buffer, got: Buffer, marks: readonly number[]): number[] {
  const missing: number[] = [];
  let end = 0;
  for (const [index, from] of [0, ...marks].entries()) {
    const to = marks[index] ?? got.length;
    const piece = got.subarray(from, to);
    const at = placeOf(piece, { expected, end, isFirst: index === 0, isLast: to === got.length });
    if (at < end || !expected.subarray(at, at + piece.length).equals(piece))
      throw new Error(`not what was written, from byte ${from} to ${to}`);
    if (index > 0) missing.push(at - end);
    end = at + piece.length;
  }
  if (end !== expected.length) throw new Error(`${expected.length - end} bytes are missing at the end`);
  return missing;
}

/** Enough to tell a place from all others, in what is numbered. */
const TELLING_BYTES = 32;

function placeOf(
  piece: Buffer,
  { expected, end, isFirst, isLast }: { expected: Buffer; end: number; isFirst: boolean; isLast: boolean },
): number {
  if (isFirst) return 0;
  if (isLast) return expected.length - piece.length;
  return expected.indexOf(piece.subarray(0, TELLING_BYTES), end);
}
