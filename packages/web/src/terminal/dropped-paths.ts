export interface Dropped {
  /** To be typed. */
  readonly text: string;
  /** Whether only names are known, as browsers tell of files. */
  readonly areNames: boolean;
}

/** What a drop means for a shell: paths, quoted where they need it. Undefined if there is nothing in it. */
export function droppedPaths(data: DataTransfer): Dropped | undefined {
  const uris = data
    .getData('text/uri-list')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('file://'));
  if (uris.length > 0)
    return { text: typed(uris.map((uri) => decodeURIComponent(new URL(uri).pathname))), areNames: false };
  const names = [...data.files].map(({ name }) => name);
  if (names.length > 0) return { text: typed(names), areNames: true };
  const text = data.getData('text/plain');
  return text === '' ? undefined : { text, areNames: false };
}

function typed(paths: readonly string[]): string {
  return `${paths.map(quote).join(' ')} `;
}

function quote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
