import { readdirSync, readFileSync } from 'node:fs';
import { STAT, statFields } from '@holdfast/posix/process-stat';
import { eventually } from './eventually.ts';

/** Counters of processes, from /proc. Each throws ENOENT for a process that is gone, unless it says otherwise. */

/** Clock ticks of /proc/PID/stat a second: USER_HZ, the same on all Linux platforms. */
const MS_PER_TICK = 10;

/** Numbers of read(2) in /proc/PID/syscall. */
const READ_CALLS: Readonly<Record<string, string>> = { x64: '0', arm64: '63' };

/** Open descriptors. */
export function fdCount(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Open descriptors when nothing is opened or closed for the moment. */
export async function settledFdCount(pid: number): Promise<number> {
  const SAME_TIMES = 10;
  let count = fdCount(pid);
  let same = 0;
  return eventually(`a settled number of descriptors of process ${pid}`, () => {
    const now = fdCount(pid);
    same = now === count ? same + 1 : 0;
    count = now;
    return same >= SAME_TIMES ? { count } : undefined;
  }).then((settled) => settled.count);
}

/** Descriptors that it waits for by epoll: its listeners, whatever they are. */
export function watchCount(pid: number): number {
  const folder = `/proc/${pid}/fdinfo`;
  return readdirSync(folder).reduce((count, fd) => {
    try {
      return count + (readFileSync(`${folder}/${fd}`, 'latin1').match(/^tfd:/gm)?.length ?? 0);
    } catch {
      return count; // closed meanwhile
    }
  }, 0);
}

/** Processor time used so far, user and system. */
export function cpuMs(pid: number): number {
  const fields = fieldsOf(pid);
  return (Number(fields[STAT.userTime]) + Number(fields[STAT.systemTime])) * MS_PER_TICK;
}

/** Memory of its own: private pages, not counting files that are mapped shared, such as histories. */
export function privateBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const kib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? Number.NaN);
  return kib('Pss_Anon') * 1024;
}

/** `R`unning, `S`leeping, s`T`opped, `Z`ombie…; undefined if it is gone. */
export function processState(pid: number): string | undefined {
  try {
    return fieldsOf(pid)[STAT.state];
  } catch {
    return undefined; // ENOENT, ESRCH
  }
}

/** Whether it runs: zombies don't. */
export function isAlive(pid: number): boolean {
  const state = processState(pid);
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Its children, zombies included. */
export function childrenOf(pid: number): number[] {
  return everyPid().filter((other) => {
    try {
      return Number(fieldsOf(other)[STAT.parent]) === pid;
    } catch {
      return false; // gone meanwhile
    }
  });
}

export function zombiesOf(pid: number): number[] {
  return childrenOf(pid).filter((child) => processState(child) === 'Z');
}

/** Processes, zombies not included, that were started with NAME=VALUE in their environment. */
export function processesWith(name: string, value: string): number[] {
  return everyPid().filter((pid) => isAlive(pid) && startEnvironment(pid)?.includes(`${name}=${value}`));
}

/**
 * Which of its waits it is, by number, if a process stands in a read of its standard input: with the same number it has not gone on in
 * between. Undefined if it does not, or is gone. Throws where that may not be seen: it takes the right to trace the process.
 */
export function inputWait(pid: number): number | undefined {
  try {
    const [call, fd] = readFileSync(`/proc/${pid}/syscall`, 'latin1').split(' ');
    if (call !== READ_CALLS[process.arch] || fd !== '0x0') return undefined;
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)?.[1]);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw new Error(`what process ${pid} waits for may not be seen: /proc/${pid}/syscall`, { cause: error });
  }
}

/** Command line, for messages. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '(gone)';
  }
}

/** Resolves when the process has ended, whether or not it has been reaped. */
export async function untilEnded(pid: number, withinMs?: number): Promise<void> {
  await eventually(`the end of process ${pid} (${commandLine(pid)})`, () => !isAlive(pid), withinMs);
}

/** Stops a process and resolves when it stands. */
export async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await eventually(`process ${pid} stopped`, () => processState(pid) === 'T');
}

function everyPid(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function startEnvironment(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return undefined; // gone, or another user's
  }
}

function fieldsOf(pid: number): string[] {
  return statFields(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}
