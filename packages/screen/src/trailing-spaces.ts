const SPACE = 0x20;

/** From the end, as a regular expression looks behind each space for the end of the line: too long for a row that has many. */
export function withoutTrailingSpaces(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === SPACE) end -= 1;
  return text.slice(0, end);
}
