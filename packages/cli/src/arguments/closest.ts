/** Letters for each edit that is still a typing error, and not another word. */
const LETTERS_PER_EDIT = 3;

/** The candidate that was probably meant, if one is close enough. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const mostEdits = Math.max(1, Math.floor(word.length / LETTERS_PER_EDIT));
  let best: { candidate: string; edits: number } | undefined;
  for (const candidate of candidates) {
    const isBeginning = word.length >= 2 && candidate.startsWith(word);
    const edits = isBeginning ? 1 : editDistance(word, candidate);
    if (edits <= mostEdits && edits < candidate.length && (!best || edits < best.edits))
      best = { candidate, edits };
  }
  return best?.candidate;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) least = Math.min(least, at(beforeLast, j - 2) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
