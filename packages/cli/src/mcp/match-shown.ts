import { incompleteTail, type OutputMatch } from '@holdfast/client/waiting';

/** A match as an answer may hold it: so many bytes of its text, and as many of its groups taken together. */
export function matchShown({ text, groups, from, to }: OutputMatch, maxBytes: number) {
  let leftBytes = maxBytes;
  const shownText = beginning(text, maxBytes);
  const shownGroups = groups.map((group) => {
    if (group === undefined) return null;
    const shown = beginning(group, leftBytes);
    leftBytes -= Buffer.byteLength(shown);
    return shown;
  });
  const cutBytes = bytesOf([text, ...groups]) - bytesOf([shownText, ...shownGroups]);
  return { text: shownText, groups: shownGroups, from, to, ...(cutBytes > 0 ? { cutBytes } : {}) };
}

function beginning(text: string, maxBytes: number): string {
  // Of no character more than its bytes are needed.
  const bytes = Buffer.from(text.slice(0, maxBytes));
  if (bytes.length <= maxBytes) return text.slice(0, maxBytes);
  const cut = bytes.subarray(0, maxBytes);
  return cut.toString('utf8', 0, cut.length - incompleteTail(cut));
}

function bytesOf(texts: readonly (string | null | undefined)[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
}
