import { exitNow, type Reactor, sendSignal, signalNumber } from '@holdfast/posix';
import { HoldfastError, type RequestParameters, type UpgradeUnderWay } from '@holdfast/protocol';
import type { Log } from '../log.ts';
import type { HandoffChannel, Received } from './channel.ts';
import type { OutgoingLuggage } from './luggage.ts';
import type { HandoffMessage } from './messages.ts';
import { type OutgoingPreview, sendPreview } from './preview.ts';
import type { PreviewedSessions } from './previewed-sessions.ts';
import { type Requester, Requesters } from './requesters.ts';
import {
  commonSchema,
  sendSnapshot,
  type Snapshot,
  SNAPSHOT_SCHEMAS,
  type SnapshotSchema,
} from './snapshot.ts';
import type { SuccessorProcess, UpgradeTarget } from './successor-process.ts';
import { nextPredecessor, type PredecessorEvent, type PredecessorState } from './table.ts';
import { testPoint } from '../test-points.ts';

/** An upgrade that is not ready by then fails, unless the request says otherwise. */
const DEADLINE_MS = 15_000;
/** For requests that are being carried out; they take milliseconds. */
const SETTLE_MS = 2_000;
/** From FREEZE until everything is adopted, sending it included; 1,000 sessions take a tenth of it. */
const ADOPT_MS = 1_000;
const SERVE_MS = 2_000;
/** In the second one libuv looks, wherever it was when the first began. */
const LIBUV_TURNS = 2;
/** More than the kernel queues on the channel. */
const MESSAGES_MAX = 1_000;

/** Everything that is handed over. */
export interface Suspended {
  readonly snapshot: Snapshot;
  readonly luggage: OutgoingLuggage;
}

export interface PredecessorSurroundings {
  readonly reactor: Reactor;
  readonly log: Log;
  /** Protocol versions that connected clients speak. */
  readonly protocolsInUse: () => readonly number[];
  /** Rejects with HoldfastError. */
  startSuccessor(target: UpgradeTarget): Promise<SuccessorProcess>;
  /** Whether the keeper has not taken something yet. */
  readonly isKeeperBehind: () => boolean;
  /** Whether clients are read. */
  pauseClients(isPaused: boolean): void;
  /** Resolves when no request is half done. */
  untilIdle(): Promise<void>;
  /** What a successor that reads that schema can get ready. Others get their turn meanwhile. */
  preview(schema: SnapshotSchema): Promise<OutgoingPreview>;
  /** Sees to it that these sessions' histories can be handed over, although their files are gone. Throws Error. */
  leaveFiles(sessions: readonly string[]): void;
  /** Everything that is handed over, for a successor that reads that schema. It changes nothing. */
  suspend(frozenAtNs: bigint, schema: SnapshotSchema): Suspended;
  /** Resolves when this process may end. */
  beforeLeaving(): Promise<void>;
  /** Nothing has happened here for so long, in milliseconds, and nobody is to suffer from it. */
  wasFrozen(ms: number): void;
}

/** How the snapshot is written. */
interface Agreed {
  readonly schema: SnapshotSchema;
  /** What the successor has of the preview. */
  readonly previewed: PreviewedSessions | undefined;
}

interface Upgrade {
  readonly target: string;
  readonly expect: UpgradeUnderWay['expect'];
  readonly since: string;
  readonly requesters: Requesters;
  readonly promise: Promise<never>;
  /** Gives up, unless it is too late. */
  readonly cancel: (reason: HoldfastError) => void;
}

/**
 * The side that hands over. Until the successor says that it serves, everything is as it was, here: from the snapshot on
 * this process does nothing but wait for it, so a failure means to go on as if nothing had been tried.
 */
export class Predecessor {
  readonly #surroundings: PredecessorSurroundings;
  #state: PredecessorState = 'idle';
  #upgrade: Upgrade | undefined;
  #isCancelled = false;
  /** When everything stopped here; 0 = it has not. */
  #frozenAtNs = 0n;
  /** Pid of the one that was started. */
  #successor: number | undefined;

  constructor(surroundings: PredecessorSurroundings) {
    this.#surroundings = surroundings;
  }

  /**
   * Hands over; the same target asked for meanwhile is the same upgrade. Never resolves: the successor answers. Rejects with
   * HoldfastError if it failed, and nothing has changed then.
   */
  upgrade(requester: Requester, parameters: RequestParameters<'upgrade'>): Promise<never> {
    const { node, execArgv, entry, expect, deadline } = parameters;
    const target = JSON.stringify({ node, execArgv, entry, expect });
    const deadlineNs = deadline === undefined ? nowNs() + BigInt(DEADLINE_MS) * 1_000_000n : BigInt(deadline);
    if (deadlineNs <= nowNs()) {
      return Promise.reject(
        new HoldfastError('E_UPGRADE_TIMEOUT', 'its time was over before it could begin'),
      );
    }
    this.#upgrade ??= this.#begin(target, parameters);
    if (this.#upgrade.target !== target) {
      return Promise.reject(new HoldfastError('E_UPGRADE_BUSY', 'an upgrade to another build is under way'));
    }
    return this.#upgrade.requesters.add(requester, deadlineNs, this.#upgrade.promise);
  }

  /** A connection was closed: an upgrade that nobody waits for any more is given up. */
  connectionClosed(): void {
    this.#upgrade?.requesters.check();
  }

  /** What is known of the upgrade that is under way, if one is. */
  get underWay(): UpgradeUnderWay | undefined {
    if (!this.#upgrade) return undefined;
    const { expect, since } = this.#upgrade;
    return { phase: this.#state, since, successor: this.#successor ?? null, expect };
  }

  /** Whether the successor serves by now: nothing here is to be touched any more. */
  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** Passes a signal on to the successor if that serves by now; false if this process does. */
  passOn(signal: NodeJS.Signals): boolean {
    if (!this.isOver || this.#successor === undefined) return false;
    sendSignal(this.#successor, signalNumber(signal) ?? 0);
    return true;
  }

  /** Gives up an upgrade that is under way. */
  cancel(reason: HoldfastError): void {
    this.#upgrade?.cancel(reason);
  }

  #begin(target: string, parameters: RequestParameters<'upgrade'>): Upgrade {
    const { reactor, log } = this.#surroundings;
    this.#step('requested');
    log('upgrade.begun', { node: parameters.node, entry: parameters.entry });
    const { promise: cancelled, reject } = withReject();
    this.#isCancelled = false;
    const cancel = (reason: HoldfastError) => {
      this.#isCancelled = true;
      reject(reason);
    };
    const requesters = new Requesters(reactor, cancel);
    const promise = this.#run(parameters, cancelled, requesters).finally(() => {
      requesters.dispose();
      this.#upgrade = undefined;
      this.#successor = undefined;
    });
    const { expect = null } = parameters;
    return { target, expect, since: new Date().toISOString(), requesters, promise, cancel };
  }

  async #run(
    parameters: RequestParameters<'upgrade'>,
    cancelled: Promise<never>,
    requesters: Requesters,
  ): Promise<never> {
    const { log } = this.#surroundings;
    let successor: SuccessorProcess | undefined;
    try {
      const starting = this.#surroundings.startSuccessor(parameters);
      // One that is started after all, when nobody waits for it any more, is none.
      starting.then(
        (late) => this.#isCancelled && late.dispose(),
        () => undefined,
      );
      successor = await Promise.race([starting, cancelled]);
      this.#successor = successor.pid;
      const ready = await Promise.race([this.#ready(successor), cancelled]);
      const schema = this.#check(ready, parameters);
      this.#step('ready');
      let previewed: PreviewedSessions | undefined;
      if (ready.takesPreview) {
        const preview = await Promise.race([this.#surroundings.preview(schema), cancelled]);
        await Promise.race([this.#preview(successor, preview), cancelled]);
        previewed = preview.sessions;
      }
      this.#step('prepared');
      this.#surroundings.pauseClients(true);
      await this.#settle(cancelled);
      // Clients are not read any more: who has left shows only when it is looked for.
      requesters.check();
      if (this.#isCancelled) await cancelled;
      // Its successor would not know what is left to be told.
      if (this.#surroundings.isKeeperBehind())
        throw new HoldfastError('E_UPGRADE_REFUSED', 'the keeper does not take what it is told');
      return await this.#handOver(successor, { schema, previewed });
    } catch (error) {
      if (successor && this.#isServedBy(successor)) return await this.#leave();
      const failure = asFailure(error);
      log('upgrade.failed', { code: failure.code, reason: failure.message, words: successor?.words });
      if (this.#state !== 'idle') this.#step(this.#state === 'committed' ? 'confirmedDead' : 'failed');
      this.#goOn();
      throw failure;
    } finally {
      successor?.dispose();
      this.#surroundings.pauseClients(false);
    }
  }

  async #ready(successor: SuccessorProcess): Promise<Extract<HandoffMessage, { type: 'ready' }>> {
    const message = await this.#next(successor, 'ready');
    if (message.type === 'ready') return message;
    throw new HoldfastError('E_UPGRADE_START', `the successor said "${message.type}" before it was ready`);
  }

  async #preview(successor: SuccessorProcess, preview: OutgoingPreview): Promise<void> {
    sendPreview(successor.channel, preview);
    const message = await this.#next(successor, 'prepared');
    if (message.type === 'refused') throw new HoldfastError('E_UPGRADE_REFUSED', message.reason);
    if (message.type !== 'prepared') {
      throw new HoldfastError(
        'E_UPGRADE_START',
        `the successor said "${message.type}" before it was prepared`,
      );
    }
    this.#surroundings.leaveFiles(message.missing ?? []);
  }

  async #next(successor: SuccessorProcess, wanted: 'ready' | 'prepared'): Promise<HandoffMessage> {
    const received = await successor.next().catch((cause: unknown) => {
      throw new HoldfastError('E_UPGRADE_START', `the successor said what is no message: ${String(cause)}`);
    });
    if (received === 'end') {
      const { ending, lastWords } = successor;
      throw new HoldfastError('E_UPGRADE_START', `the successor was not ${wanted}: ${ending}: ${lastWords}`);
    }
    return received.message;
  }

  /** Whether it may take over; returns the schema of the snapshot for it. Throws HoldfastError. */
  #check(
    ready: Extract<HandoffMessage, { type: 'ready' }>,
    { expect }: RequestParameters<'upgrade'>,
  ): SnapshotSchema {
    if (expect && (ready.version !== expect.version || ready.build !== expect.build)) {
      const found = `${ready.version}+${ready.build}`;
      throw new HoldfastError(
        'E_UPGRADE_UNEXPECTED',
        `${found} was started, not ${expect.version}+${expect.build}`,
      );
    }
    const schema = commonSchema(ready.schemas);
    if (schema === undefined) {
      const why = `it reads snapshots of schema ${ready.schemas.join(', ')}, this daemon writes ${SNAPSHOT_SCHEMAS.join(', ')}`;
      throw new HoldfastError('E_UPGRADE_UNREADABLE', why);
    }
    const unknown = this.#surroundings
      .protocolsInUse()
      .find((protocol) => !ready.protocols.includes(protocol));
    if (unknown !== undefined) {
      throw new HoldfastError(
        'E_UPGRADE_UNREADABLE',
        `a client speaks protocol ${unknown}, which it does not`,
      );
    }
    return schema;
  }

  /** Resolves when no request is half done. */
  async #settle(cancelled: Promise<never>): Promise<void> {
    const { promise: tooLong, reject } = withReject();
    const timer = this.#surroundings.reactor.after(SETTLE_MS, () => {
      reject(new HoldfastError('E_UPGRADE_TIMEOUT', `a request was not done within ${SETTLE_MS} ms`));
    });
    try {
      await Promise.race([this.#surroundings.untilIdle(), tooLong, cancelled]);
    } finally {
      timer.cancel();
    }
  }

  /** From here on nothing else happens in this process until it ends, or the successor is known to be dead. */
  async #handOver(successor: SuccessorProcess, agreed: Agreed): Promise<never> {
    const { channel } = successor;
    this.#frozenAtNs = nowNs();
    const untilMs = performance.now() + ADOPT_MS;
    this.#step('frozen');
    const isTaken = this.#send(channel, agreed, untilMs);
    testPoint('predecessor.sent');
    const answer = isTaken ? channel.receiveWithin(untilMs - performance.now()) : 'none';
    this.#expect('adopted', answer, successor);
    testPoint('predecessor.commit');
    channel.send({ type: 'commit' });
    this.#step('adopted');
    testPoint('predecessor.committed');
    if (saysServing(successor, SERVE_MS)) return this.#leave();
    const why = `the successor did not serve within ${SERVE_MS} ms: ${successor.lastWords}`;
    throw new HoldfastError('E_UPGRADE_TIMEOUT', why);
  }

  /** False if it was not taken in time. */
  #send(channel: HandoffChannel, { schema, previewed }: Agreed, untilMs: number): boolean {
    const suspended = this.#surroundings.suspend(this.#frozenAtNs, schema);
    using luggage = suspended.luggage;
    testPoint('predecessor.snapshot');
    return sendSnapshot(channel, { snapshot: suspended.snapshot, fds: luggage.fds, previewed }, untilMs);
  }

  /**
   * Whether it is too late to go on here. A successor that was told to may be reading, whatever has gone wrong since: only
   * its death, and its silence until then, say that it has not. It is stopped first: one that serves by now is let live.
   */
  #isServedBy(successor: SuccessorProcess): boolean {
    if (this.#state !== 'committed') return false;
    testPoint('predecessor.late');
    successor.stop();
    if (saysServing(successor, 0)) {
      successor.goOn();
      return true;
    }
    successor.end();
    return saysServing(successor, 0);
  }

  /** Closes nothing that is shared and removes nothing: it is the successor's now. */
  async #leave(): Promise<never> {
    this.#step('serving');
    this.#surroundings.reactor.stop();
    // A signal that has come meanwhile is told when libuv has looked: it is for the successor.
    for (let turns = 0; turns < LIBUV_TURNS; turns += 1)
      await new Promise((resolve) => setImmediate(resolve));
    await this.#surroundings.beforeLeaving();
    return exitNow(0);
  }

  /** Nothing has changed, but for the time. */
  #goOn(): void {
    if (this.#frozenAtNs === 0n) return;
    this.#surroundings.wasFrozen(Number(nowNs() - this.#frozenAtNs) / 1e6);
    this.#frozenAtNs = 0n;
  }

  #expect(type: 'adopted', received: Received | 'none' | 'end', successor: SuccessorProcess): void {
    if (received === 'none') {
      throw new HoldfastError(
        'E_UPGRADE_TIMEOUT',
        `the successor did not adopt the sessions within ${ADOPT_MS} ms`,
      );
    }
    if (received === 'end') {
      const { ending, lastWords } = successor;
      throw new HoldfastError(
        'E_UPGRADE_REFUSED',
        `the successor did not adopt the sessions: ${ending}: ${lastWords}`,
      );
    }
    const { message } = received;
    if (message.type === 'refused') throw new HoldfastError('E_UPGRADE_REFUSED', message.reason);
    if (message.type !== type) {
      throw new HoldfastError(
        'E_UPGRADE_REFUSED',
        `the successor said "${message.type}" instead of "${type}"`,
      );
    }
  }

  #step(event: PredecessorEvent): void {
    this.#state = nextPredecessor(this.#state, event);
  }
}

/** Looks for `serving` until the channel ends or the time is over. Whatever else it says, even garbage, is passed over. */
function saysServing(successor: SuccessorProcess, timeoutMs: number): boolean {
  const until = performance.now() + timeoutMs;
  for (let messages = 0; messages < MESSAGES_MAX; messages += 1) {
    try {
      const received = successor.channel.receiveWithin(Math.max(0, until - performance.now()));
      if (received === 'none' || received === 'end') return false;
      if (received.message.type === 'serving') return true;
    } catch {
      // No message of ours.
    }
  }
  return false;
}

function asFailure(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new HoldfastError('E_UPGRADE_REFUSED', `the sessions could not be handed over: ${why}`, {
    cause: error,
  });
}

function withReject(): { promise: Promise<never>; reject: (reason: HoldfastError) => void } {
  let reject: (reason: HoldfastError) => void = () => undefined;
  const promise = new Promise<never>((_resolve, rejectIt) => {
    reject = rejectIt;
  });
  // Whoever races it hears of it; if nobody does, it is no fault.
  promise.catch(() => undefined);
  return { promise, reject };
}

function nowNs(): bigint {
  return process.hrtime.bigint();
}
