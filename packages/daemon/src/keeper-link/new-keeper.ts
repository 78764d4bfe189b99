import fs from 'node:fs';
import path from 'node:path';
import { close, socketPair, spawnOwnKind, takeExitStatus } from '@holdfast/posix';
import type { DaemonStart } from '@holdfast/protocol/keeper';

/** Descriptor of the channel in the keeper. */
const CHANNEL_FD = 3;
const STDERR = 2;

/** The file that runs a keeper, and the Node for it. */
export interface KeeperProgram {
  readonly node: string;
  readonly entry: string;
}

/** A keeper that was started in place of one that died. It is a child of this process until a successor has taken over. */
export class NewKeeper {
  readonly pid: number;

  private constructor(pid: number) {
    this.pid = pid;
  }

  /**
   * Starts a keeper, by default the one that lies beside the daemon's own program, with this daemon as the one that it keeps.
   * `options` = the daemon's own arguments. `fd` is our end of its channel, ours to close. Throws PosixError or Node's error.
   */
  static start(
    daemon: DaemonStart,
    options: readonly string[],
    other?: KeeperProgram,
  ): { keeper: NewKeeper; fd: number } {
    const { node, entry } = other ?? {
      node: daemon.node,
      entry: path.resolve(path.dirname(daemon.entry), '..', 'keeper', 'main.js'),
    };
    fs.accessSync(node, fs.constants.X_OK);
    fs.accessSync(entry, fs.constants.R_OK);
    const [ours, theirs] = socketPair('messages');
    const isDaemon = ['--daemon-pid', String(process.pid), '--channel-fd', String(CHANNEL_FD)];
    const start = [daemon.node, ...daemon.nodeArguments, daemon.entry];
    try {
      const argv = [node, entry, ...options, ...isDaemon, '--', ...start] as const;
      const pid = spawnOwnKind(argv, { stderr: STDERR, descriptors: [theirs] });
      return { keeper: new NewKeeper(pid), fd: ours };
    } catch (error) {
      close(ours);
      throw error;
    } finally {
      close(theirs);
    }
  }

  /** Some child of this process has ended. False if it was this one, whose pid may be another's from now on. */
  isLeftWhenChildEnded(): boolean {
    return takeExitStatus(this.pid) === 'running';
  }
}
