import { close } from '@holdfast/posix';
import type { Exit } from '@holdfast/protocol';
import type { Inheritance, InheritedMaster } from '../session/inheritance.ts';
import type { FromKeeperMessage } from './keeper-channel.ts';

const SESSION = 'session/';

/** The name under which the master of a session is held. */
export function heldName(sessionId: string): string {
  return `${SESSION}${sessionId}`;
}

/** What a keeper gives back to a daemon that starts. All descriptors are ours to close. */
export class TakenBack implements Inheritance {
  readonly masters = new Map<string, InheritedMaster>();
  readonly exits = new Map<number, Exit>();
  lock: number | undefined;
  listener: number | undefined;

  /** A keeper has the lock of a home from the first daemon on. */
  get isRecent(): boolean {
    return this.lock !== undefined;
  }

  /** Takes a message of the answer; true for the last one. Throws Error for what does not belong to it. */
  take({ message, fds: [fd] }: FromKeeperMessage): boolean {
    switch (message.type) {
      case 'give':
        if (fd === undefined) throw new Error(`the keeper gave ${message.name} without a descriptor`);
        this.#give(message.name, { fd, pid: message.pid });
        return false;
      case 'exited':
        this.exits.set(message.pid, message.status);
        return false;
      case 'given':
        return true;
      default:
        if (fd !== undefined) close(fd);
        throw new Error(`the keeper said "${message.type}" while it gave everything back`);
    }
  }

  #give(name: string, given: InheritedMaster): void {
    if (name === 'lock') this.lock = given.fd;
    else if (name === 'listener') this.listener = given.fd;
    else if (name.startsWith(SESSION)) this.masters.set(name.slice(SESSION.length), given);
    else close(given.fd);
  }
}
