/** A text as one word of a POSIX shell, or of fish if it has no backslash. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A text as people would type it as one word of a shell: in quotes only where it needs some. */
export function shellWord(text: string): string {
  return /^[\p{L}\p{N}_./:@%+,-]+$/u.test(text) ? text : quoted(text);
}
