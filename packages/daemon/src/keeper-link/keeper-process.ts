import fs from 'node:fs';
import {
  close,
  hasEnded,
  openPidfd,
  peerCredentials,
  READABLE,
  type Reactor,
  sendSignal,
  signalNumber,
  startTimeOf,
  waitReadable,
} from '@holdfast/posix';

/** Where nothing tells that it has ended. */
const LOOK_EVERY_MS = 20;

/**
 * A keeper from outside. It has ended when this process has, whatever becomes of a channel: as long as it lives it holds the lock of
 * the home, and starts a daemon when it believes that there is none.
 */
export class KeeperProcess {
  readonly #pid: number;
  readonly #startTime: number;
  readonly #pidfd: number | undefined;

  /** The process must not have been waited for. */
  constructor(pid: number, usePidfd: boolean) {
    this.#pid = pid;
    this.#startTime = startTimeOf(pid);
    this.#pidfd = usePidfd ? openPidfd(pid) : undefined;
  }

  /** Who has made a channel; undefined if that is no keeper of this home, or the system can't tell. */
  static atOtherEnd(
    channelFd: number,
    { runtimeDir, usePidfd }: { runtimeDir: string; usePidfd: boolean },
  ): KeeperProcess | undefined {
    const { pid } = peerCredentials(channelFd);
    if (pid === null || pid === process.pid) return undefined;
    const process_ = new KeeperProcess(pid, usePidfd);
    if (namesHome(pid, runtimeDir) && !process_.#hasEnded) return process_;
    process_.#dispose();
    return undefined;
  }

  /** Kills it if it lives, and calls when it has ended. */
  end(reactor: Reactor, whenEnded: () => void): void {
    if (!this.#hasEnded) sendSignal(this.#pid, signalNumber('SIGKILL') ?? 9);
    const look = () => {
      if (!this.#hasEnded) return false;
      this.#dispose();
      whenEnded();
      return true;
    };
    if (this.#pidfd === undefined) {
      const lookAgain = () => look() || reactor.after(LOOK_EVERY_MS, lookAgain);
      lookAgain();
      return;
    }
    const watch = reactor.watch(this.#pidfd, READABLE, () => {
      watch.close();
      look();
    });
  }

  get #hasEnded(): boolean {
    return this.#pidfd === undefined ? hasEnded(this.#pid, this.#startTime) : waitReadable(this.#pidfd, 0);
  }

  #dispose(): void {
    if (this.#pidfd !== undefined) close(this.#pidfd);
  }
}

/** Whether a process was started for this home. */
function namesHome(pid: number, runtimeDir: string): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(runtimeDir);
  } catch {
    return false; // It has ended.
  }
}
