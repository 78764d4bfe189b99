import { Store } from './store.ts';

const KEY = 'holdfast.preferences';
const FONT_SIZES = { min: 8, max: 28, usual: 14 } as const;

/** What this browser shall do for its user. */
export interface Preferences {
  /** Of terminals, in CSS pixels. */
  readonly fontSize: number;
  /** The terminal's text is put where a screen reader finds it, at some cost. */
  readonly screenReader: boolean;
}

const USUAL: Preferences = { fontSize: FONT_SIZES.usual, screenReader: false };

export const preferences = new Store<Preferences>(read());

export function prefer(change: Partial<Preferences>): void {
  preferences.update((known) => ({ ...known, ...change }));
  localStorage.setItem(KEY, JSON.stringify(preferences.get()));
}

/** 0: the usual size. */
export function zoom(by: -1 | 0 | 1): void {
  const { fontSize } = preferences.get();
  const next = by === 0 ? FONT_SIZES.usual : fontSize + by;
  prefer({ fontSize: Math.min(FONT_SIZES.max, Math.max(FONT_SIZES.min, next)) });
}

function read(): Preferences {
  try {
    return { ...USUAL, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>) };
  } catch {
    // SyntaxError: not ours.
    return USUAL;
  }
}
