import fs from 'node:fs';
import path from 'node:path';
import { close, duplicate, duplicateTo, socketPair, spawnOwnKind } from '@holdfast/posix';
import type { DaemonStart } from '@holdfast/protocol/keeper';
import { writeLog } from './log.ts';
import { commandOf, homeArguments, type KeeperOptions } from './options.ts';

/** Where a daemon finds them. */
const EXTRA_FD = 3;
const KEEPER_FD = 4;
const STDERR = 2;
/** The log is a few lines for each daemon that dies; beyond this it is begun anew, and the last one kept. */
const LOG_BYTES = 1024 * 1024;

/** Whoever started the keeper, and waits for the first daemon: it reads that one's standard error, and one line when it is ready. */
export class Starter {
  readonly readyFd: number;
  readonly stderr = duplicate(STDERR);

  constructor(readyFd: number) {
    this.readyFd = readyFd;
  }

  /** In the words of a daemon: no daemon will say anything. */
  fail(message: string): void {
    try {
      fs.writeSync(this.readyFd, `${JSON.stringify({ ready: false, code: 'E_DAEMON_START', message })}\n`);
    } catch {
      // EPIPE: it does not wait any more.
    }
  }

  close(): void {
    [this.readyFd, this.stderr].forEach(close);
  }
}

export interface Launched {
  readonly pid: number;
  /** Our end of its channel. */
  readonly channelFd: number;
}

/** Starts a daemon that takes back what is held. Throws PosixError. */
export function launchDaemon(start: DaemonStart, options: KeeperOptions, starter?: Starter): Launched {
  const ready = starter ? ['--ready-fd', String(EXTRA_FD)] : [];
  const args = ['serve', ...homeArguments(options), ...ready];
  return launch(start, args, { extra: starter?.readyFd, stderr: starter?.stderr });
}

/** Starts a successor that is at the other end of a predecessor's channel. Throws PosixError. */
export function launchSuccessor(start: DaemonStart, options: KeeperOptions, handoffFd: number): Launched {
  const args = ['adopt', ...homeArguments(options), '--channel-fd', String(EXTRA_FD)];
  return launch(start, args, { extra: handoffFd });
}

/** What is said on standard error from now on, here and by whatever is started, goes to the log in this folder. */
export function openLog(stateDir: string): void {
  writeLog();
  const file = path.join(stateDir, 'keeper.log');
  try {
    if ((fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES)
      fs.renameSync(file, `${file}.1`);
    const fd = fs.openSync(file, 'a', 0o600);
    duplicateTo(fd, STDERR);
    fs.closeSync(fd);
  } catch {
    // ENOSPC, EROFS, EMFILE: nothing may depend on a log.
  }
}

function launch(
  start: DaemonStart,
  args: readonly string[],
  { extra, stderr = STDERR }: { extra?: number | undefined; stderr?: number | undefined },
): Launched {
  const [ours, theirs] = socketPair('messages');
  try {
    const argv = [...commandOf(start), ...args, '--keeper-fd', String(KEEPER_FD)] as const;
    return { pid: spawnOwnKind(argv, { stderr, descriptors: [extra ?? null, theirs] }), channelFd: ours };
  } catch (error) {
    close(ours);
    throw error;
  } finally {
    close(theirs);
  }
}
