import fs from 'node:fs';
import {
  close,
  isErrno,
  isStandingStill,
  openPidfd,
  pipe,
  READABLE,
  type Reactor,
  read,
  sendSignal,
  signalNumber,
  socketPair,
  spawnOwnKind,
  takeExitStatus,
  waitReadable,
  type Watch,
  WOULD_BLOCK,
} from '@holdfast/posix';
import { HoldfastError } from '@holdfast/protocol';
import type { KeeperProgram } from '../keeper-link/new-keeper.ts';
import { HandoffChannel, type Received } from './channel.ts';
import { tellingLine } from './telling-line.ts';

/** What to start: given by the request, never taken from what runs now, which may be gone from the disk. */
export interface UpgradeTarget {
  readonly node: string;
  readonly execArgv: readonly string[];
  readonly entry: string;
  /** A keeper that is started first if there is none. */
  readonly keeper?: KeeperProgram | undefined;
}

/** Descriptors in the successor: of the channel to its predecessor, and of the one to the keeper. */
const CHANNEL_FD = 3;
const KEEPER_FD = 4;
/** How much of a successor's last words is kept: a stack trace. */
const STDERR_BYTES = 16 * 1024;
/** A process that can't be stopped for so long hangs in the kernel. */
const STOPPING_MS = 200;
/** Between the end of a process's descriptors and its own. */
const ENDING_MS = 50;

export interface SuccessorSurroundings {
  readonly reactor: Reactor;
  /** The daemon's own arguments. */
  readonly options: readonly string[];
  /** The successor's channel to the keeper, if there is one. It stays open here. */
  readonly keeperFd: number | undefined;
}

/** A successor from outside: a process, its channel, and what it says on stderr before it is ready. */
export class SuccessorProcess {
  readonly pid: number;
  readonly channel: HandoffChannel;
  readonly #reactor: Reactor;
  readonly #pidfd: number | undefined;
  /** undefined if somebody else has started it, and reads that. */
  readonly #stderr: { readonly fd: number; readonly watch: Watch } | undefined;
  #words = '';
  #isGone = false;

  private constructor(started: { pid: number; channelFd: number; stderrFd?: number }, reactor: Reactor) {
    const { pid, channelFd, stderrFd } = started;
    this.pid = pid;
    this.#reactor = reactor;
    this.channel = new HandoffChannel(channelFd);
    this.#pidfd = openPidfd(pid);
    if (stderrFd === undefined) return;
    const watch = reactor.watch(stderrFd, READABLE, () => this.#listen());
    this.#stderr = { fd: stderrFd, watch };
  }

  /** Has somebody else start it, by a function that is given its end of the channel. Rejects with HoldfastError. */
  static async startedBy(
    spawn: (channelFd: number) => Promise<number>,
    target: UpgradeTarget,
    reactor: Reactor,
  ): Promise<SuccessorProcess> {
    checkFiles(target);
    const [ours, theirs] = socketPair('messages');
    try {
      return new SuccessorProcess({ pid: await spawn(theirs), channelFd: ours }, reactor);
    } catch (error) {
      close(ours);
      throw error;
    } finally {
      close(theirs);
    }
  }

  /** Starts it. Throws HoldfastError(E_UPGRADE_START). */
  static start(target: UpgradeTarget, surroundings: SuccessorSurroundings): SuccessorProcess {
    const { reactor, options, keeperFd } = surroundings;
    checkFiles(target);
    const { ours, theirs, stderr } = openEnds();
    try {
      const keeper = keeperFd === undefined ? [] : ['--keeper-fd', String(KEEPER_FD)];
      const channels = ['--channel-fd', String(CHANNEL_FD), ...keeper];
      const argv = [target.node, ...target.execArgv, target.entry, 'adopt', ...options, ...channels] as const;
      const descriptors = keeperFd === undefined ? [theirs] : [theirs, keeperFd];
      const pid = spawnOwnKind(argv, { stderr: stderr.write, descriptors });
      return new SuccessorProcess({ pid, channelFd: ours, stderrFd: stderr.read }, reactor);
    } catch (cause) {
      close(ours);
      close(stderr.read);
      throw new HoldfastError('E_UPGRADE_START', `${target.node} could not be started: ${String(cause)}`, {
        cause,
      });
    } finally {
      close(theirs);
      close(stderr.write);
    }
  }

  /** Resolves with its next message, or `end`. Rejects for garbage. */
  next(): Promise<Received | 'end'> {
    return new Promise((resolve, reject) => {
      const watch = this.#reactor.watch(this.channel.fd, READABLE, () => {
        try {
          const received = this.channel.receive();
          if (received === 'none') return;
          watch.close();
          resolve(received);
        } catch (error) {
          watch.close();
          reject(error);
        }
      });
      this.#stopWaiting = () => watch.close();
    });
  }
  #stopWaiting: () => void = () => undefined;

  /** What it said on stderr. */
  get words(): string {
    this.#listen();
    return this.#words.trim();
  }

  /** The line of it that tells most, for a reason. */
  get lastWords(): string {
    return tellingLine(this.words);
  }

  /** How it ended, if it has. */
  get ending(): string {
    // Its descriptors are closed an instant before its status is there.
    if (this.#pidfd !== undefined) waitReadable(this.#pidfd, ENDING_MS);
    const status = takeExitStatus(this.pid);
    if (status === 'running') return 'it closed the channel';
    this.#isGone = true;
    if (status === 'unknown') return 'it ended';
    return 'code' in status ? `it ended with code ${status.code}` : `it was ended by ${status.signal}`;
  }

  /** Stops it, and blocks until it stands still and can say nothing more; where that can't be known, for no time at all. */
  stop(): void {
    this.#signal('SIGSTOP');
    const until = performance.now() + STOPPING_MS;
    while (isStandingStill(this.pid) === false && performance.now() < until)
      waitReadable(this.#pidfd ?? -1, 1);
  }

  goOn(): void {
    this.#signal('SIGCONT');
  }

  #signal(name: NodeJS.Signals): void {
    // Until its status is taken the pid is its own; where that is for the keeper to do, only as long as it has not ended.
    if (this.#isGone || (this.#pidfd !== undefined && waitReadable(this.#pidfd, 0))) return;
    sendSignal(this.pid, signalNumber(name) ?? 0);
  }

  /** Kills it and blocks until it is dead: a killed process needs no more than a moment. */
  end(): void {
    if (!this.#isGone) {
      this.#signal('SIGKILL');
      while (this.#isRunning()) waitReadable(this.#pidfd ?? -1, 10);
      this.#isGone = true;
    }
  }

  #isRunning(): boolean {
    const status = takeExitStatus(this.pid);
    if (status !== 'unknown') return status === 'running';
    // No child of this process.
    return this.#pidfd === undefined ? sendSignal(this.pid, 0) : !waitReadable(this.#pidfd, 0);
  }

  /** Closes what belongs to it here. */
  dispose(): void {
    this.end();
    this.#stopWaiting();
    this.#stderr?.watch.close();
    if (this.#stderr) close(this.#stderr.fd);
    this.channel.close();
    if (this.#pidfd !== undefined) close(this.#pidfd);
  }

  #listen(): void {
    if (!this.#stderr) return;
    const chunk = Buffer.alloc(4096);
    for (;;) {
      let count: number;
      try {
        count = read(this.#stderr.fd, chunk, 0, chunk.length);
      } catch (error) {
        if (isErrno(error, 'EBADF')) return;
        throw error;
      }
      if (count === WOULD_BLOCK) return;
      if (count === 0) {
        this.#stderr.watch.interest = 0;
        return;
      }
      if (this.#words.length < STDERR_BYTES) this.#words += chunk.toString('utf8', 0, count);
    }
  }
}

/** Throws HoldfastError(E_UPGRADE_START); nothing stays open then. */
function openEnds() {
  const opened: number[] = [];
  try {
    const [ours, theirs] = socketPair('messages');
    opened.push(ours, theirs);
    const stderr = pipe();
    opened.push(stderr.read, stderr.write);
    return { ours, theirs, stderr };
  } catch (cause) {
    opened.forEach(close);
    throw new HoldfastError(
      'E_UPGRADE_START',
      `no channel to a successor could be opened: ${String(cause)}`,
      {
        cause,
      },
    );
  }
}

function checkFiles({ node, entry }: UpgradeTarget): void {
  for (const [what, file, mode] of [
    ['the Node to run', node, fs.constants.X_OK],
    ["the daemon's file", entry, fs.constants.R_OK],
  ] as const) {
    try {
      if (!fs.statSync(file).isFile())
        throw new HoldfastError('E_UPGRADE_START', `${what} is no file: ${file}`);
      fs.accessSync(file, mode);
    } catch (cause) {
      if (cause instanceof HoldfastError) throw cause;
      const why = isErrno(cause, 'ENOENT', 'ENOTDIR')
        ? 'there is no such file'
        : isErrno(cause, 'EACCES')
          ? 'no permission'
          : String(cause);
      throw new HoldfastError('E_UPGRADE_START', `${what} can't be used: ${file}: ${why}`, { cause });
    }
  }
}
