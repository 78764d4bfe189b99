import {
  close,
  DescriptorsLostError,
  type Reactor,
  READABLE,
  sendingFails,
  type Timer,
  type Watch,
  WRITABLE,
} from '@holdfast/posix';
import { type Exit, HoldfastError } from '@holdfast/protocol';
import { type DaemonStart, type FromKeeper, parseFromKeeper, type ToKeeper } from '@holdfast/protocol/keeper';
import type { Log } from '../log.ts';
import type { SessionKeeper } from '../session/session-keeper.ts';
import { type FromKeeperMessage, KeeperChannel } from './keeper-channel.ts';
import { KeeperProcess } from './keeper-process.ts';
import { heldName, TakenBack } from './taken-back.ts';

/** While too many descriptors are under way for this user, or memory is short. */
const RETRY_MS = 100;
/** Before what the keeper has refused to hold is offered again; twice as long each time in a row. */
const HOLD_RETRY_MS = 250;
const HOLD_RETRY_MAX_MS = 4_000;

export interface KeeperLinkSurroundings {
  readonly reactor: Reactor;
  readonly log: Log;
  readonly runtimeDir: string;
  readonly usePidfd: boolean;
  /** It has reaped a program. */
  exited(pid: number, exit: Exit): void;
  /** Its process has ended. */
  lost(): void;
}

interface Outgoing {
  readonly message: ToKeeper;
  /** Stays ours. */
  readonly fd?: number;
}

interface Answer {
  readonly type: Asked['type'];
  readonly question?: number | undefined;
}

/** A question about a successor, and who waits for the answer: a descriptor for `channel`, a pid for `spawn`. */
interface Asked {
  readonly type: 'channel' | 'spawn';
  readonly question: number;
  resolve(answer: number): void;
  reject(error: HoldfastError): void;
}

/**
 * A daemon's end of its keeper. Nothing here waits for the keeper while clients are served: what it does not take now waits
 * in order, at most one `hold` for each session and what has become of it.
 */
export class KeeperLink implements SessionKeeper {
  readonly #surroundings: KeeperLinkSurroundings;
  /** undefined while there is no keeper. */
  #channel: KeeperChannel | undefined;
  /** undefined if the end of the channel is all that can be known. */
  #process: KeeperProcess | undefined;
  /** What it does not listen to any more must end before there can be another. */
  #isEnding = false;
  /** Whether there has been one: else there is nothing that it should have. */
  #hasBeen: boolean;
  /** Whether it has started this process, or one that this one comes from: it learns of the ends of orphans then. */
  #isAncestor = true;
  #queue: Outgoing[] = [];
  /** What it is to hold and has not said that it does, by name. */
  readonly #notHeld = new Map<string, Outgoing>();
  #holdRetry: Timer | undefined;
  #holdRetryMs = HOLD_RETRY_MS;
  /** Programs that it has not heard of, and whose sessions are over. */
  readonly #neverTold = new Set<number>();
  /** Came while only one answer was waited for. */
  readonly #early: FromKeeperMessage[] = [];
  #watch: Watch | undefined;
  #asked: Asked | undefined;
  #questions = 0;

  /** `fd` undefined: what the daemon holds ends with it, until a keeper is brought along. */
  constructor(fd: number | undefined, surroundings: KeeperLinkSurroundings) {
    this.#surroundings = surroundings;
    this.#hasBeen = fd !== undefined;
    if (fd === undefined) return;
    this.#channel = new KeeperChannel(fd, surroundings.log);
    this.#process = KeeperProcess.atOtherEnd(fd, surroundings);
  }

  get isThere(): boolean {
    return this.#channel !== undefined;
  }

  /** Whether another may be started. */
  get mayBeReplaced(): boolean {
    return !this.isThere && !this.#isEnding;
  }

  // While nobody is served yet: these block

  /** Everything that it holds. Waits for as long as it takes: the keeper is the parent. Throws Error if it is gone. */
  takeBack(): TakenBack {
    const taken = new TakenBack();
    this.#living.send({ type: 'giveBack' });
    while (!taken.take(this.#await(Number.MAX_SAFE_INTEGER))) continue;
    return taken;
  }

  /** A successor has taken over everything. Throws Error if it does not take that, or is gone. */
  adopted(): void {
    this.#living.send({ type: 'adopted', pid: process.pid });
  }

  /** Asks to be current. Throws Error with the reason if it may not be, or hears nothing in time. */
  askCurrent(start: DaemonStart, timeoutMs: number): void {
    this.#living.send({ type: 'current', pid: process.pid, ...start });
    this.awaitGrant(timeoutMs);
  }

  /** Throws as `askCurrent` does. */
  awaitGrant(timeoutMs: number): void {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const received = this.#await(Math.max(0, until - performance.now()));
      const { message } = received;
      if (message.type === 'granted') return;
      if (message.type === 'refused') throw new Error(`the keeper refuses: ${message.reason}`);
      this.#early.push(received);
    }
  }

  #await(timeoutMs: number): FromKeeperMessage {
    const received = this.#living.receiveWithin(timeoutMs);
    if (received === 'none') throw new Error('the keeper does not answer');
    if (received === 'end') throw new Error('the keeper is gone');
    return received;
  }

  get #living(): KeeperChannel {
    if (!this.#channel) throw new Error('there is no keeper');
    return this.#channel;
  }

  // While clients are served

  /** A keeper is there that this daemon has started: the one before was lost, or there was none. It holds nothing yet. */
  replace({ fd, pid }: { fd: number; pid: number }): void {
    const { log, usePidfd } = this.#surroundings;
    this.#channel = new KeeperChannel(fd, log);
    this.#process = new KeeperProcess(pid, usePidfd);
    this.#hasBeen = true;
    this.#isAncestor = false;
    this.serve();
  }

  /** Begins to listen to it. */
  serve(): void {
    if (!this.#channel) return;
    this.#watch = this.#surroundings.reactor.watch(this.#channel.fd, READABLE, (ready) => {
      if (ready & WRITABLE) this.#flush();
      if (ready & READABLE) this.#receive();
    });
    for (const received of this.#early.splice(0)) this.#take(received);
    this.#flush();
  }

  hold(sessionId: string, { pid, master }: { pid: number; master: number }): void {
    this.#hold({ message: { type: 'hold', name: heldName(sessionId), pid }, fd: master });
  }

  /** The lock or the listener of the home. */
  holdHome(name: 'lock' | 'listener', fd: number): void {
    this.#hold({ message: { type: 'hold', name }, fd });
  }

  #hold(outgoing: Outgoing & { message: { type: 'hold' } }): void {
    if (!this.isThere) return;
    this.#notHeld.set(outgoing.message.name, outgoing);
    this.#send(outgoing);
  }

  isHeld(sessionId: string): boolean {
    return this.isThere ? !this.#notHeld.has(heldName(sessionId)) : !this.#hasBeen;
  }

  /** Names of what it has not said to hold, for a successor, which offers that again. */
  get notHeld(): string[] {
    return [...this.#notHeld.keys()];
  }

  get tellsExits(): boolean {
    return this.isThere;
  }

  /** Whether it would start the successor of this daemon, so that it is an ancestor again. */
  get mustSpawn(): boolean {
    return !this.#isAncestor;
  }

  drop(sessionId: string): void {
    const name = heldName(sessionId);
    const waiting = this.#waitingHold(name);
    this.#notHeld.delete(name);
    // Its descriptor is about to be closed, so it must not be sent any more; and there is nothing to drop then.
    if (waiting?.message.type === 'hold') {
      this.#queue = this.#queue.filter((outgoing) => outgoing !== waiting);
      if (waiting.message.pid !== undefined) this.#neverTold.add(waiting.message.pid);
    } else this.#send({ message: { type: 'drop', name } });
  }

  exitNotSaved(sessionId: string, { pid, exit }: { pid: number; exit: Exit }): void {
    if ('lost' in exit) return;
    this.#neverTold.delete(pid);
    this.#send({ message: { type: 'ended', name: heldName(sessionId), pid, status: exit } });
  }

  exitSaved(pid: number): void {
    if (!this.#neverTold.delete(pid)) this.#send({ message: { type: 'taken', pid } });
  }

  /** Clients are served from now on. `start` = how to start a daemon after this one. */
  ready(): void {
    this.#send({ message: { type: 'ready' } });
  }

  /** Tells how to start this daemon again: one that was made current without having asked. */
  current(start: DaemonStart): void {
    this.#send({ message: { type: 'current', pid: process.pid, ...start } });
  }

  /** All has ended, and this daemon ends next. */
  stop(): void {
    this.#send({ message: { type: 'stop' } });
  }

  /** Whether something waits that it has not taken. */
  get isBehind(): boolean {
    return this.#queue.length > 0;
  }

  /** The end of a channel for a successor, ours to close; undefined if that has no keeper either. Rejects with HoldfastError(E_UPGRADE_REFUSED). */
  async channelForSuccessor(): Promise<number | undefined> {
    if (!this.#hasBeen) return undefined;
    return this.#ask((question) => ({ message: { type: 'channel', question } }));
  }

  /** Has the keeper start a successor; `handoffFd` = its channel to this daemon. Resolves with its pid, or rejects as above. */
  spawnSuccessor(start: DaemonStart, handoffFd: number): Promise<number> {
    return this.#ask((question) => ({ message: { type: 'spawn', ...start, question }, fd: handoffFd }));
  }

  #ask(numbered: (question: number) => Outgoing & { message: { type: Asked['type'] } }): Promise<number> {
    if (!this.isThere) return Promise.reject(refused('the keeper has died, and another is being started'));
    return new Promise((resolve, reject) => {
      // An earlier upgrade may have been given up before the answer came.
      this.#asked?.reject(refused('it was asked again'));
      this.#questions += 1;
      const outgoing = numbered(this.#questions);
      this.#asked = { type: outgoing.message.type, question: this.#questions, resolve, reject };
      this.#send(outgoing);
    });
  }

  /** False if nobody waits for it any more. A keeper of an earlier build gives no number. */
  #answered({ type, question }: Answer, answer: number | HoldfastError): boolean {
    if (this.#asked?.type !== type || (question ?? this.#asked.question) !== this.#asked.question)
      return false;
    if (typeof answer === 'number') this.#asked.resolve(answer);
    else this.#asked.reject(answer);
    this.#asked = undefined;
    return true;
  }

  #waitingHold(name: string): Outgoing | undefined {
    return this.#queue.find(({ message }) => message.type === 'hold' && message.name === name);
  }

  #send(outgoing: Outgoing): void {
    if (!this.isThere) return;
    this.#queue.push(outgoing);
    this.#flush();
  }

  #flush(): void {
    // Before it is listened to, its end could not be told.
    if (!this.#watch || !this.#channel) return;
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      try {
        if (!this.#channel.trySend(next.message, next.fd === undefined ? [] : [next.fd])) break;
      } catch (error) {
        this.#surroundings.log('keeper.send-failed', { type: next.message.type, error: String(error) });
        const fails = sendingFails(error);
        if (fails !== 'never') {
          // Its end is told by reading. What comes back by itself is not told.
          this.#watch.interest = READABLE;
          if (fails === 'later') this.#surroundings.reactor.after(RETRY_MS, () => this.#flush());
          return;
        }
        this.#neverSent(next.message, String(error));
      }
      this.#queue.shift();
    }
    this.#watch.interest = this.#queue.length > 0 ? READABLE | WRITABLE : READABLE;
  }

  #neverSent(message: ToKeeper, why: string): void {
    if (message.type === 'channel' || message.type === 'spawn')
      this.#answered(message, refused(`the keeper can't be asked for a successor: ${why}`));
  }

  #receive(): void {
    for (;;) {
      try {
        const received = this.#channel?.receive() ?? 'none';
        if (received === 'none') return;
        if (received === 'end') return this.#end('it has ended');
        this.#take(received);
      } catch (error) {
        if (!(error instanceof DescriptorsLostError)) return this.#end(String(error));
        this.#takeMutilated(error);
      }
    }
  }

  /** A message for whose descriptor there is no room here. */
  #takeMutilated({ bytes, message: why }: DescriptorsLostError): void {
    this.#surroundings.log('keeper.descriptor-lost', { error: why });
    const message = parseFromKeeper(bytes.toString('utf8'));
    if (message.type === 'channel')
      this.#answered(message, refused(`the successor's channel could not be taken: ${why}`));
  }

  #takeRefusal({ to, reason, question }: FromKeeper & { type: 'refused' }): void {
    this.#surroundings.log('keeper.refused', { to, reason });
    if (to === 'channel' || to === 'spawn')
      this.#answered({ type: to, question }, refused(`the keeper refuses a successor: ${reason}`));
    if (to === 'hold') this.#holdAgainLater();
  }

  /** It does not say which one it has refused; to hold the same thing twice is to hold it once. */
  #holdAgainLater(): void {
    this.#holdRetry ??= this.#surroundings.reactor.after(this.#holdRetryMs, () => {
      this.#holdRetry = undefined;
      this.#holdRetryMs = Math.min(2 * this.#holdRetryMs, HOLD_RETRY_MAX_MS);
      for (const [name, outgoing] of this.#notHeld) if (!this.#waitingHold(name)) this.#send(outgoing);
    });
  }

  #take({ message, fds }: FromKeeperMessage): void {
    const [fd] = fds;
    switch (message.type) {
      case 'exited':
        this.#surroundings.exited(message.pid, message.status);
        return;
      case 'channel':
        if (fd !== undefined && !this.#answered(message, fd)) close(fd);
        return;
      case 'spawned':
        this.#answered({ type: 'spawn', question: message.question }, message.pid);
        return;
      case 'refused':
        return this.#takeRefusal(message);
      case 'held':
        this.#holdRetryMs = HOLD_RETRY_MS;
        this.#notHeld.delete(message.name);
        return;
      case 'currentAgain':
        this.#surroundings.log('keeper.current-again');
        return;
      default:
        // Nothing is asked that the others would answer.
        if (fd !== undefined) close(fd);
    }
  }

  /** There is no speaking with it any more. If it lives, it is ended: it has only copies. */
  #end(why: string): void {
    const channel = this.#channel;
    if (!channel) return;
    this.#queue = [];
    this.#notHeld.clear();
    this.#holdRetry?.cancel();
    this.#holdRetry = undefined;
    this.#watch?.close();
    this.#watch = undefined;
    this.#channel = undefined;
    this.#surroundings.log('keeper.lost', { why });
    this.#asked?.reject(refused('the keeper has died'));
    this.#asked = undefined;
    this.#isEnding = true;
    const ended = () => {
      this.#isEnding = false;
      channel.close();
      this.#surroundings.lost();
    };
    // Its channel stays open so long: without pidfds it takes the end of that for the end of this daemon, and starts another.
    if (this.#process) this.#process.end(this.#surroundings.reactor, ended);
    else ended();
    this.#process = undefined;
  }
}

function refused(why: string): HoldfastError {
  return new HoldfastError('E_UPGRADE_REFUSED', why);
}
