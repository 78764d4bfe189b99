/** Text that stands for itself in a manual page: nothing in it is an escape or a request, and its dashes can be copied. */
export function troff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replaceAll('…', '...')
    .replaceAll(/^\./gm, '\\&.');
}

/** Text in which no line is broken. */
export function unbroken(text: string): string {
  return troff(text).replaceAll(' ', '\\ ');
}
