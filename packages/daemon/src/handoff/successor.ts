import {
  close,
  collectGarbage,
  exitNow,
  isErrno,
  openPidfd,
  peerCredentials,
  READABLE,
  type Reactor,
} from '@holdfast/posix';
import { BUILD, PROTOCOLS, VERSION } from '@holdfast/protocol';
import { HandoffChannel, type Received } from './channel.ts';
import { type Preview, receivePreview } from './preview.ts';
import type { SuspendedSession } from '../session/suspended-session.ts';
import { type HandedOver, receiveSnapshot, SNAPSHOT_SCHEMAS } from './snapshot.ts';
import { nextSuccessor, type SuccessorEvent, type SuccessorState } from './table.ts';
import { testPoint } from '../test-points.ts';
import { warmUp } from './warm-up.ts';

/** For what follows a first message. */
const PROMPTLY_MS = 5_000;
/** For the keeper's word. The predecessor, if it lives, waits longer, and takes silence for a failure. */
const GRANT_MS = 1_500;
/** For the keeper to notice that the predecessor has died: it may be stopped, and nobody else could go on. */
const ORPHANED_MS = 30_000;

/** Who decides which daemon is current. Each throws Error if that is not said in time, or is denied. */
export interface Grants {
  /** Says that everything has been taken over. */
  adopted(): void;
  /** Asks to be current. */
  ask(timeoutMs: number): void;
  /** Waits to be made current without having asked, since the predecessor has died. */
  await(timeoutMs: number): void;
}

export interface Adopted {
  readonly sessions: number;
  readonly clients: number;
}

/** What a successor does with what it is given. */
export interface Heir {
  /** Gets ready what can be, while the predecessor serves; returns ids of sessions whose history files are gone. */
  prepare(preview: Preview): readonly string[];
  /**
   * Takes up the snapshot without reading from anything that is shared; it may throw, and the predecessor then goes on.
   */
  adopt(handedOver: HandedOver): Adopted;
  /** It is about to be ours: a signal from now on is one to the daemon that serves, and must not end it before it does. */
  beforeServing(): void;
}

/**
 * The side that takes over. Until the commit it takes up everything and reads nothing; if the predecessor's channel ends
 * before, it ends too, since then the predecessor serves on or all is lost.
 */
export class Successor {
  readonly #channel: HandoffChannel;
  /** Of the predecessor. */
  readonly #pidfd: number | undefined;
  readonly #grants: Grants | undefined;
  #state: SuccessorState = 'loading';

  /** Without `grants` it is the predecessor alone that decides. */
  constructor(channelFd: number, grants: Grants | undefined) {
    this.#channel = new HandoffChannel(channelFd);
    // It has made the channel; the parent of this process may be the keeper.
    const { pid } = peerCredentials(channelFd);
    this.#pidfd = pid === null ? undefined : openPidfd(pid);
    this.#grants = grants;
  }

  /** Says that it is ready, takes what comes, and serves when it is told to. Ends the process if there is no commit. */
  takeOver(heir: Heir): HandedOver {
    const { pid } = process;
    testPoint('successor.loaded');
    warmUp();
    this.#channel.send({
      type: 'ready',
      pid,
      version: VERSION,
      build: BUILD,
      schemas: [...SNAPSHOT_SCHEMAS],
      protocols: [...PROTOCOLS],
      takesPreview: true,
    });
    this.#step('loaded');
    let first = this.#await();
    let previewed: readonly SuspendedSession[] = [];
    if (first.message.type === 'preview') {
      previewed = this.#prepare(first, heir);
      first = this.#await();
    }
    testPoint('successor.received');
    const handedOver = this.#adopt({ first, previewed }, heir);
    this.#awaitCurrent(heir);
    this.#sayServing();
    testPoint('successor.serving');
    return handedOver;
  }

  /** Calls back when the predecessor has ended. The reactor must be running. */
  onPredecessorGone(reactor: Reactor, callback: () => void): void {
    // Without pidfds, the end of its channel comes a moment before its own.
    const watch = reactor.watch(this.#pidfd ?? this.#channel.fd, READABLE, () => {
      watch.close();
      this.#channel.close();
      if (this.#pidfd !== undefined) close(this.#pidfd);
      this.#step('predecessorGone');
      callback();
    });
  }

  /** Returns the sessions that the snapshot may name. */
  #prepare(received: Received, heir: Heir): readonly SuspendedSession[] {
    this.#step('preview');
    return this.#orRefuse(() => {
      const preview = receivePreview(received);
      const missing = heir.prepare(preview);
      // Later it would be collected while everybody waits.
      collectGarbage();
      testPoint('successor.prepared');
      this.#channel.send({ type: 'prepared', missing: [...missing] });
      this.#step('prepared');
      return preview.sessions;
    });
  }

  #adopt(
    incoming: { readonly first: Received; readonly previewed: readonly SuspendedSession[] },
    heir: Heir,
  ): HandedOver {
    this.#step('snapshot');
    return this.#orRefuse(() => {
      const handedOver = receiveSnapshot(this.#channel, incoming, PROMPTLY_MS);
      const adopted = heir.adopt(handedOver);
      testPoint('successor.adopted');
      // Before the predecessor knows: whoever commits must be sure that the keeper does.
      this.#grants?.adopted();
      this.#channel.send({ type: 'adopted', ...adopted });
      this.#step('adopted');
      return handedOver;
    });
  }

  /** What can't be done is the predecessor's to know: it goes on. */
  #orRefuse<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#channel.send({ type: 'refused', reason });
      return this.#end('failed');
    }
  }

  /** Waits for the commit, and asks the keeper. If the predecessor dies before, the keeper says who goes on. */
  #awaitCurrent(heir: Heir): void {
    const received = this.#channel.receiveWithin(Number.MAX_SAFE_INTEGER);
    const isOrphaned = received === 'end' || received === 'none';
    if (isOrphaned && !this.#grants) this.#end('predecessorGone');
    if (!isOrphaned && received.message.type !== 'commit') this.#end('failed');
    this.#step(isOrphaned ? 'orphaned' : 'commit');
    heir.beforeServing();
    if (!isOrphaned) testPoint('successor.committed');
    try {
      if (isOrphaned) this.#grants?.await(ORPHANED_MS);
      else this.#grants?.ask(GRANT_MS);
    } catch (error) {
      // Last words: the predecessor quotes them.
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      this.#end('failed');
    }
    this.#step('granted');
  }

  #sayServing(): void {
    try {
      this.#channel.send({ type: 'serving' });
    } catch (error) {
      // It has died since its commit, so there is nobody else to serve: whoever takes back a commit kills us first.
      if (!isErrno(error, 'EPIPE', 'ECONNRESET')) throw error;
    }
  }

  /** Waits as long as it takes: the predecessor knows when to give up, and kills us then. */
  #await(): Received {
    const received = this.#channel.receiveWithin(Number.MAX_SAFE_INTEGER);
    if (received === 'end' || received === 'none') return this.#end('predecessorGone');
    return received;
  }

  #end(event: SuccessorEvent): never {
    this.#step(event);
    return exitNow(1);
  }

  #step(event: SuccessorEvent): void {
    this.#state = nextSuccessor(this.#state, event);
  }
}
