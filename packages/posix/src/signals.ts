import os from 'node:os';
import koffi from 'koffi';
import { lastError } from './errors.ts';
import { libc } from './libc.ts';

const NUMBERS: ReadonlyMap<string, number> = new Map(Object.entries(os.constants.signals));
const NAMES: ReadonlyMap<number, string> = firstNames();

/** Some numbers have two names (SIGABRT and SIGIOT, SIGIO and SIGPOLL): the one that Node lists first is the usual one. */
function firstNames(): Map<number, string> {
  const names = new Map<number, string>();
  for (const [name, number] of NUMBERS) if (!names.has(number)) names.set(number, name);
  return names;
}

/** `SIGTERM` for 15; `SIG42` for one without a name, as real-time signals are. */
export function signalName(number: number): string {
  return NAMES.get(number) ?? `SIG${number}`;
}

/** 15 for `SIGTERM`, `TERM`, `sigterm` or `15`; undefined for what is no signal. */
export function signalNumber(name: string): number | undefined {
  if (/^\d{1,2}$/.test(name)) return isSignal(Number(name)) ? Number(name) : undefined;
  const upper = name.toUpperCase();
  const unnamed = /^SIG(\d{1,2})$/.exec(upper);
  if (unnamed) return isSignal(Number(unnamed[1])) ? Number(unnamed[1]) : undefined;
  return NUMBERS.get(upper.startsWith('SIG') ? upper : `SIG${upper}`);
}

function isSignal(number: number): boolean {
  return number >= 1 && number <= 64;
}

/** Sends a signal; a negative pid means a process group. False if no such process is left. Throws PosixError(EPERM). */
export function sendSignal(pid: number, signal: number): boolean {
  if (libc.kill(pid, signal) === 0) return true;
  if (koffi.errno() === os.constants.errno.ESRCH) return false;
  throw lastError('kill', `of ${pid}`);
}

const SIG_IGN = 1;
const SIG_ERR = -1;

/**
 * Has the kernel drop a signal to this process. Node is not asked and does not know. Programs that are started get the default
 * again; one that replaces this process does not.
 */
export function ignoreSignal(signal: number): void {
  if (libc.signal(signal, SIG_IGN) === SIG_ERR) throw lastError('signal', `${signal}`);
}
