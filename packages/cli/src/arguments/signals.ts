import { constants } from 'node:os';
import { closest } from './closest.ts';
import { usageError } from './usage-error.ts';

const NUMBERS: Readonly<Record<string, number>> = constants.signals;
/** Two names of one signal: the one that people know. */
const PREFERRED: Readonly<Record<string, string>> = {
  SIGIOT: 'SIGABRT',
  SIGPOLL: 'SIGIO',
  SIGUNUSED: 'SIGSYS',
};
const LARGEST = 64;

/** The name of a signal that is given as `SIGINT`, `int` or `2`; real-time signals are `SIG34` and so on. */
export function parseSignal(what: string, text: string): string {
  const [, digits] = /^(?:SIG)?([0-9]+)$/i.exec(text) ?? [];
  if (digits !== undefined) {
    const number = Number(digits);
    if (number < 1 || number > LARGEST) throw usageError(`${what}: there is no signal ${text}`);
    const name = Object.keys(NUMBERS).find(
      (each) => NUMBERS[each] === number && !Object.hasOwn(PREFERRED, each),
    );
    return name ?? `SIG${number}`;
  }
  const upper = text.toUpperCase();
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  if (Object.hasOwn(NUMBERS, name)) return PREFERRED[name] ?? name;
  const meant = closest(
    name.slice(3),
    Object.keys(NUMBERS).map((each) => each.slice(3)),
  );
  throw usageError(`${what}: there is no signal "${text}"${meant ? `; did you mean SIG${meant}?` : ''}`);
}

/** The number of a signal on this system; undefined for one that it doesn't have. */
export function signalNumber(name: string): number | undefined {
  if (Object.hasOwn(NUMBERS, name)) return NUMBERS[name];
  const [, digits] = /^SIG([0-9]{1,2})$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
