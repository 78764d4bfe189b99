import { readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { promisify } from 'node:util';
import { isErrno } from './errors.ts';
import { isMacOS } from './platform.ts';
import { STAT, statFields } from './process-stat.ts';
import { sendSignal } from './signals.ts';

/** One process as the kernel lists it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Device number of its controlling terminal; 0 if it has none. */
  readonly terminal: number;
  readonly command: string;
  readonly isZombie: boolean;
  /** Together with the pid this names a process for good: clock ticks since boot on Linux, 0 where unknown. */
  readonly startTime: number;
}

/** Enough to keep libuv's threads busy, few enough to need few descriptors. */
const READS_AT_ONCE = 16;

/** All processes that can be seen. Those that end while we look are left out. Rejects if descriptors have run out. */
export async function listProcesses(): Promise<ProcessEntry[]> {
  if (isMacOS) return listByPs();
  const pids = (await fs.readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const entries: ProcessEntry[] = [];
  for (let at = 0; at < pids.length; at += READS_AT_ONCE) {
    const batch = await Promise.all(pids.slice(at, at + READS_AT_ONCE).map(processEntry));
    for (const entry of batch) if (entry) entries.push(entry);
  }
  return entries;
}

/** One process; undefined if it is gone. Linux only. */
export async function processEntry(pid: number): Promise<ProcessEntry | undefined> {
  try {
    return parseStat(await fs.readFile(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    // It has ended (ESRCH if that was between open and read), or /proc is mounted so that it can't be seen.
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}

/** What `/proc/PID/stat` tells of a process. */
export function parseStat(stat: string): ProcessEntry | undefined {
  const open = stat.indexOf('(');
  const shut = stat.lastIndexOf(')');
  if (open < 0 || shut < open) return undefined;
  const fields = statFields(stat);
  const number = (index: number) => Number(fields[index] ?? Number.NaN);
  const state = fields[STAT.state];
  return {
    pid: Number(stat.slice(0, open)),
    command: Buffer.from(stat.slice(open + 1, shut), 'latin1').toString('utf8'),
    isZombie: state === 'Z' || state === 'X',
    parent: number(STAT.parent),
    group: number(STAT.group),
    session: number(STAT.session),
    terminal: number(STAT.terminal),
    startTime: number(STAT.startTime),
  };
}

/** The device number that processes of this terminal show. */
export async function terminalDevice(path: string): Promise<number> {
  return (await fs.stat(path)).rdev;
}

async function listByPs(): Promise<ProcessEntry[]> {
  // Only here: it takes 400 KB, in every daemon, and Linux never comes here.
  const run = promisify(process.getBuiltinModule('node:child_process').execFile);
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,pgid=,sess=,stat=,comm='], { timeout: 5_000 });
  const entries: ProcessEntry[] = [];
  for (const line of stdout.split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(.*)$/.exec(line);
    if (!match) continue;
    const [, pid, parent, group, session, stat, command] = match;
    entries.push({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: Number.parseInt(session ?? '0', 16),
      terminal: 0,
      command: command ?? '',
      isZombie: stat?.startsWith('Z') ?? false,
      startTime: 0,
    });
  }
  return entries;
}

/** Whether it stands still by a signal, or has ended; undefined elsewhere than on Linux. */
export function isStandingStill(pid: number): boolean | undefined {
  if (isMacOS) return undefined;
  try {
    const fields = statFields(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return /^[TZX]/.test(fields[STAT.state] ?? '');
  } catch {
    // It has ended and was waited for.
    return true;
  }
}

/**
 * Whether the process that had this pid and was started then has ended, waited for or not; where that can't be known, whether it
 * was waited for.
 */
export function hasEnded(pid: number, startTime: number): boolean {
  if (isMacOS) return !sendSignal(pid, 0);
  try {
    const entry = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return !entry || entry.isZombie || entry.startTime !== startTime;
  } catch (error) {
    return isErrno(error, 'ENOENT', 'ESRCH');
  }
}

/** When a process of ours was started, for telling it from a later one with its pid: clock ticks since boot; 0 where unknown. */
export function startTimeOf(pid: number): number {
  if (isMacOS) return 0;
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.startTime ?? 0;
  } catch {
    // It has ended and was waited for.
    return 0;
  }
}
