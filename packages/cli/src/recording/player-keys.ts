const ESC = '\x1b';
const CTRL_C = '\x03';

export type PlayerKey = 'quit' | 'pause' | 'step';

/**
 * What was typed while a recording is shown. Arrows and the like, and what a terminal tells by itself, are sequences that begin with ESC:
 * those are no keys, and come in one piece.
 */
export function playerKeys(typed: string): PlayerKey[] {
  if (typed.includes(CTRL_C)) return ['quit'];
  const [keys = ''] = typed.split(ESC, 1);
  return Array.from(keys.matchAll(/[ .]/g), ([key]) => (key === ' ' ? 'pause' : 'step'));
}
