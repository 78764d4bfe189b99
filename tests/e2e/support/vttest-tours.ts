import type { Tour, TourOptions } from './vttest-tour.ts';

interface Row extends Pick<TourOptions, 'elsewhere' | 'choices' | 'fewestPages' | 'hasNoMenu'> {
  readonly what: string;
  readonly path: string;
}

/** All of vttest, in parts that can be gone through side by side: those first that take longest. */
export const VTTEST_TOURS: readonly Row[] = [
  { path: '11.3.7.3', what: 'device status of the VT420', fewestPages: 200, elsewhere: /^VT320 / },
  { path: '11.8', what: 'xterm', fewestPages: 67, elsewhere: /^VT520 |^XTERM mouse/ },
  { path: '11.4', what: 'VT520', fewestPages: 80, elsewhere: /^VT[234]20 / },
  { path: '11.8.5', what: 'mouse of xterm', fewestPages: 140 },
  { path: '11.2', what: 'VT320', fewestPages: 95, elsewhere: /^VT220 / },
  { path: '11.3', what: 'VT420', fewestPages: 79, elsewhere: /^VT[23]20 |^VT420 (?:Reports|Cursor)/ },
  { path: '11.3.7', what: 'other reports of the VT420', fewestPages: 25, elsewhere: /^VT320 |^VT420 Device/ },
  { path: '10', what: 'reset and self-test', fewestPages: 10 },
  { path: '5', what: 'keyboard', fewestPages: 110 },
  // Each time all is done, there are other margins, and origin mode or none.
  {
    path: '11.3.2',
    what: 'movements of the VT420',
    fewestPages: 36,
    elsewhere: /^VT320 /,
    choices: ['7', '8', '9', '10', '*', '*', '*', '*'],
  },
  { path: '11.1', what: 'VT220', fewestPages: 51 },
  { path: '11.5', what: 'cursor movements of ISO 6429', fewestPages: 14 },
  { path: '11.6', what: 'colours of ISO 6429', fewestPages: 62 },
  { path: '11.7', what: 'other features of ISO 6429', fewestPages: 13 },
  { path: '1', what: 'movements of the cursor', fewestPages: 8, hasNoMenu: true },
  { path: '2', what: 'screen features', fewestPages: 16, hasNoMenu: true },
  { path: '3', what: 'character sets', fewestPages: 4, hasNoMenu: true },
  { path: '4', what: 'double-sized characters', fewestPages: 8, hasNoMenu: true },
  { path: '6', what: 'terminal reports', fewestPages: 16 },
  { path: '7', what: 'VT52 mode', fewestPages: 6, hasNoMenu: true },
  { path: '8', what: 'VT102 features', fewestPages: 15, hasNoMenu: true },
  { path: '9', what: 'known bugs', fewestPages: 31 },
  { path: '12', what: 'its own parameters', fewestPages: 8 },
];

/** Entries of the menus on the way to which no tour goes, and those of menus that none has gone through. */
export function leftOut(tours: readonly Tour[]): string[] {
  const menus = tours.flatMap((tour) => tour.menus);
  const done = new Set(menus.filter(({ isDone }) => isDone).map(({ title }) => title));
  const left = menus.flatMap(({ path, title, last, isDone }) => {
    if (isDone || done.has(title)) return [];
    const entries = Array.from({ length: last }, (_, index) => `${path}.${index + 1}`.replace(/^\./, ''));
    return entries.filter((entry) => !VTTEST_TOURS.some((tour) => `${tour.path}.`.startsWith(`${entry}.`)));
  });
  return [...new Set(left)];
}
