const NAMED: Readonly<Record<string, string>> = {
  enter: '\r',
  tab: '\t',
  'shift-tab': '\x1b[Z',
  escape: '\x1b',
  backspace: '\x7f',
  space: ' ',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  insert: '\x1b[2~',
  delete: '\x1b[3~',
  pageup: '\x1b[5~',
  pagedown: '\x1b[6~',
};
/** ctrl-a is 1, ctrl-b 2; the others stand behind Z in the same order. */
const CONTROLS = 'abcdefghijklmnopqrstuvwxyz[\\]^_';

const BYTES: ReadonlyMap<string, string> = new Map([
  ...Object.entries(NAMED),
  ...CONTROLS.split('').map((key, index) => [`ctrl-${key}`, String.fromCharCode(index + 1)] as const),
]);

export const KEY_NAMES: readonly string[] = [...BYTES.keys()];

/** What a terminal sends for a key. */
export function bytesOfKey(key: string): string {
  return BYTES.get(key) ?? '';
}
