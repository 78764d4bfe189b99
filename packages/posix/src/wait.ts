import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import koffi from 'koffi';
import { lastError } from './errors.ts';
import { libc } from './libc.ts';
import { isMacOS, platform } from './platform.ts';
import { STAT, statFields } from './process-stat.ts';
import { parseStat } from './processes.ts';
import { signalName } from './signals.ts';

/** How a process ended. */
export type ExitStatus = { readonly code: number } | { readonly signal: string };

const NO_HANG = 1;

/**
 * Takes the exit status of a child that has ended. `running` if it has not; `unknown` if it is no child of ours, or its
 * status has been taken already.
 */
export function takeExitStatus(pid: number): ExitStatus | 'running' | 'unknown' {
  const status = Buffer.alloc(4);
  const result = libc.waitpid(pid, status, NO_HANG);
  if (result === 0) return 'running';
  if (result < 0) {
    const errno = koffi.errno();
    if (errno === os.constants.errno.ECHILD) return 'unknown';
    if (errno === os.constants.errno.EINTR) return 'running';
    throw lastError('waitpid', `of ${pid}`);
  }
  return decodeStatus(status.readInt32LE(0));
}

/** Of `waitid`: the process of that pid. */
const P_PID = 1;
const SIGINFO_BYTES = 128;
const SIGINFO_CODE_AT = 8;
/** CLD_EXITED; the other ends, CLD_KILLED and CLD_DUMPED, are by a signal. */
const HAS_EXITED = 1;

/**
 * As `takeExitStatus`, but the child stays a zombie, and its pid its own. If this process is killed meanwhile, whoever inherits the
 * child takes the same status.
 */
export function exitStatusOfChild(pid: number): ExitStatus | 'running' | 'unknown' {
  const { exited, noWait, statusAt } = platform.wait;
  const info = Buffer.alloc(SIGINFO_BYTES);
  if (libc.waitid(P_PID, pid, info, exited | noWait | NO_HANG) < 0) {
    const errno = koffi.errno();
    if (errno === os.constants.errno.ECHILD) return 'unknown';
    if (errno === os.constants.errno.EINTR) return 'running';
    throw lastError('waitid', `of ${pid}`);
  }
  const code = info.readInt32LE(SIGINFO_CODE_AT);
  // Nothing is filled in as long as it runs.
  if (code === 0) return 'running';
  const status = info.readInt32LE(statusAt);
  return code === HAS_EXITED ? { code: status & 0xff } : { signal: signalName(status) };
}

/** Takes the exit statuses of all children that have ended, by pid. */
export function takeExitStatuses(): Map<number, ExitStatus> {
  const ended = new Map<number, ExitStatus>();
  const status = Buffer.alloc(4);
  for (;;) {
    const pid = libc.waitpid(-1, status, NO_HANG);
    const errno = koffi.errno();
    if (pid > 0) ended.set(pid, decodeStatus(status.readInt32LE(0)));
    else if (pid === 0 || errno === os.constants.errno.ECHILD) return ended;
    else if (errno !== os.constants.errno.EINTR) throw lastError('waitpid', 'of any child');
  }
}

/** The layout of a wait status is the same on Linux and macOS. */
export function decodeStatus(status: number): ExitStatus {
  const signal = status & 0x7f;
  return signal === 0 ? { code: (status >> 8) & 0xff } : { signal: signalName(signal) };
}

/** Same number on x64 and arm64 (Linux ≥ 5.3). */
const SYS_PIDFD_OPEN = 434;

/**
 * A descriptor that becomes readable when the process has ended, and stays this process's whatever becomes of its pid.
 * undefined where the system has none (macOS, Linux before 5.3).
 */
export function openPidfd(pid: number): number | undefined {
  if (isMacOS) return undefined;
  const fd = libc.syscall(SYS_PIDFD_OPEN, 'int', pid, 'unsigned int', 0);
  return fd < 0 ? undefined : fd;
}

/** Same number on x64 and arm64. */
const SYS_PIDFD_SEND_SIGNAL = 424;
/** Linux 6.9: to all of the process group that has the number of this very process. */
const PIDFD_SIGNAL_PROCESS_GROUP = 4;

/**
 * Sends a signal to the process group that the process of a pidfd has led, whether or not that process is left: the number
 * can't have gone to another group meanwhile, as it can for `sendSignal`. False if nobody is in the group any more,
 * undefined if the kernel has no such call (before Linux 6.9). Throws PosixError(EPERM).
 */
export function sendSignalToGroupOf(pidfd: number, signal: number): boolean | undefined {
  const call = ['int', pidfd, 'int', signal, 'void *', null, 'unsigned int', PIDFD_SIGNAL_PROCESS_GROUP];
  if (libc.syscall(SYS_PIDFD_SEND_SIGNAL, ...call) === 0) return true;
  const { EPERM, ESRCH } = os.constants.errno;
  const errno = koffi.errno();
  if (errno === EPERM) throw lastError('pidfd_send_signal');
  return errno === ESRCH ? false : undefined;
}

/** `_IOWR(0xFF, 11, struct pidfd_info)` with the struct's first version of 64 bytes (Linux 6.13). */
const PIDFD_GET_INFO = 0xc040ff0b;
const PIDFD_INFO_BYTES = 64;
/** Linux 6.15: the exit status of a process that somebody else has waited for. */
const PIDFD_INFO_EXIT = 8;
const EXIT_STATUS_AT = 60;

/** Bit of the mask, and where the pid is then. */
const PIDFD_INFO_PID = 1;
const PID_AT = 16;

const pidInfo = Buffer.alloc(PIDFD_INFO_BYTES);

/** The pid of a pidfd's process; undefined if it has ended and was waited for, or this can't be known. */
export function processOf(pidfd: number): number | undefined {
  pidInfo.fill(0);
  pidInfo.writeUInt32LE(PIDFD_INFO_PID, 0);
  if (libc.ioctl(pidfd, PIDFD_GET_INFO, 'void *', pidInfo) === 0) {
    return (pidInfo.readUInt32LE(0) & PIDFD_INFO_PID) === 0 ? undefined : pidInfo.readUInt32LE(PID_AT);
  }
  if (koffi.errno() === os.constants.errno.ESRCH) return undefined;
  // Before Linux 6.13. What is no pidfd has no such line.
  const pid = Number(/^Pid:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'latin1'))?.[1] ?? 0);
  return pid > 0 ? pid : undefined;
}

/**
 * The exit status of a process that need not be a child of ours, by its pidfd. `running` until its parent has waited for it:
 * on a zombie the kernel tells nothing yet, and reports a hang-up when it does. `unknown` on kernels before 6.15.
 */
export function exitStatusByPidfd(pidfd: number): ExitStatus | 'running' | 'unknown' {
  const info = Buffer.alloc(PIDFD_INFO_BYTES);
  info.writeBigUInt64LE(BigInt(PIDFD_INFO_EXIT), 0);
  if (libc.ioctl(pidfd, PIDFD_GET_INFO, 'void *', info) < 0) {
    // ESRCH: it is gone and the kernel keeps no exit information; ENOTTY, EINVAL: the kernel knows no such call.
    return 'unknown';
  }
  const hasExit = (info.readBigUInt64LE(0) & BigInt(PIDFD_INFO_EXIT)) !== 0n;
  return hasExit ? decodeStatus(info.readInt32LE(EXIT_STATUS_AT)) : 'running';
}

/**
 * The exit status of a process that has ended, all its threads too, and that nobody has waited for: for one that is no child
 * of ours, whose parent may never do it, as the first process of many a container. The start time, as `startTimeOf` has it,
 * tells it from another with its pid. undefined if it is no such process, or can't be looked into.
 */
export function exitStatusOfZombie(pid: number, startTime: number): ExitStatus | undefined {
  if (isMacOS) return undefined;
  try {
    // Takes the same permission as the status does, which reads 0 without it.
    readlinkSync(`/proc/${pid}/ns/user`);
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const entry = parseStat(stat);
    if (!entry?.isZombie || entry.startTime !== startTime) return undefined;
    // Since Linux 3.5.
    const status = Number(statFields(stat)[STAT.exitCode] ?? Number.NaN);
    return Number.isInteger(status) ? decodeStatus(status) : undefined;
  } catch {
    return undefined;
  }
}
