/** Room for a terminal's own name behind it. */
const CHARACTERS_MAX = 32;
/** What stands between a label and a terminal's own name. */
export const LABEL_END = '/';

/** Why a text can't be a label; undefined if it can. */
export function whyNoLabel(text: string): string | undefined {
  if (/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u.test(text) && text.length <= CHARACTERS_MAX) return undefined;
  return `a label is 1 to ${CHARACTERS_MAX} letters, digits and . _ -, and begins with one of the first two`;
}

/** The label of a client that was given none, after what it calls itself. */
export function labelOf(clientName = ''): string {
  const label = clientName
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[._-]+|-+$/g, '')
    .slice(0, CHARACTERS_MAX);
  return whyNoLabel(label) ? 'agent' : label;
}
