import { exitNow, type Reactor } from '@holdfast/posix';
import { HoldfastError, type RequestParameters } from '@holdfast/protocol';
import type { Log } from '../log.ts';
import type { Received } from './channel.ts';
import type { HandoffMessage } from './messages.ts';
import { sendSnapshot, type Snapshot, SNAPSHOT_SCHEMA } from './snapshot.ts';
import type { SuccessorProcess, UpgradeTarget } from './successor-process.ts';
import { nextPredecessor, type PredecessorEvent, type PredecessorState } from './table.ts';
import { testPoint } from '../test-points.ts';

/** An upgrade that is not ready by then fails, unless the request says otherwise. */
const DEADLINE_MS = 15_000;
/** For requests that are being carried out; they take milliseconds. */
const SETTLE_MS = 2_000;
/** From the snapshot until everything is adopted; 1,000 sessions take a tenth of it. */
const ADOPT_MS = 1_000;
const SERVE_MS = 2_000;
/** More than the kernel queues on the channel. */
const MESSAGES_MAX = 1_000;

/** One of those who asked for the upgrade. */
export interface Requester {
  readonly isClosed: boolean;
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
  /** Everything that is handed over, and its descriptors. It changes nothing. */
  suspend(frozenAtNs: bigint): { snapshot: Snapshot; fds: readonly number[] };
}

interface Upgrade {
  readonly target: string;
  readonly requesters: Set<Requester>;
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
    if (this.#upgrade) {
      if (this.#upgrade.target !== target) {
        return Promise.reject(
          new HoldfastError('E_UPGRADE_BUSY', 'an upgrade to another build is under way'),
        );
      }
      this.#upgrade.requesters.add(requester);
      return this.#upgrade.promise;
    }
    const deadlineNs = deadline === undefined ? nowNs() + BigInt(DEADLINE_MS) * 1_000_000n : BigInt(deadline);
    if (deadlineNs <= nowNs()) {
      return Promise.reject(
        new HoldfastError('E_UPGRADE_TIMEOUT', 'the request came after its own deadline'),
      );
    }
    return this.#begin({ target, requester, parameters, deadlineNs });
  }

  /** A requester has gone: an upgrade that nobody waits for any more is given up. */
  requesterClosed(): void {
    const upgrade = this.#upgrade;
    if (upgrade && [...upgrade.requesters].every((requester) => requester.isClosed)) {
      upgrade.cancel(new HoldfastError('E_DISCONNECTED', 'whoever asked for the upgrade has gone'));
    }
  }

  /** Gives up an upgrade that is under way. */
  cancel(reason: HoldfastError): void {
    this.#upgrade?.cancel(reason);
  }

  #begin(asked: {
    target: string;
    requester: Requester;
    parameters: RequestParameters<'upgrade'>;
    deadlineNs: bigint;
  }): Promise<never> {
    const { target, requester, parameters, deadlineNs } = asked;
    const { reactor, log } = this.#surroundings;
    this.#step('requested');
    log('upgrade.begun', { node: parameters.node, entry: parameters.entry });
    const { promise: cancelled, reject } = withReject();
    this.#isCancelled = false;
    const cancel = (reason: HoldfastError) => {
      this.#isCancelled = true;
      reject(reason);
    };
    const leftMs = Number((deadlineNs - nowNs()) / 1_000_000n);
    const timer = reactor.after(leftMs, () => {
      cancel(new HoldfastError('E_UPGRADE_TIMEOUT', `the successor was not ready within ${leftMs} ms`));
    });
    const promise = this.#run(parameters, cancelled, deadlineNs).finally(() => {
      timer.cancel();
      this.#upgrade = undefined;
    });
    this.#upgrade = { target, requesters: new Set([requester]), promise, cancel };
    return promise;
  }

  async #run(
    parameters: RequestParameters<'upgrade'>,
    cancelled: Promise<never>,
    deadlineNs: bigint,
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
      const ready = await Promise.race([this.#ready(successor), cancelled]);
      this.#check(ready, parameters);
      this.#step('ready');
      this.#surroundings.pauseClients(true);
      await this.#settle(cancelled);
      if (this.#isCancelled) await cancelled;
      // Its successor would not know what is left to be told.
      if (this.#surroundings.isKeeperBehind())
        throw new HoldfastError('E_UPGRADE_REFUSED', 'the keeper does not take what it is told');
      if (nowNs() >= deadlineNs) throw new HoldfastError('E_UPGRADE_TIMEOUT', 'the deadline has passed');
      return this.#handOver(successor);
    } catch (error) {
      const failure = asFailure(error);
      log('upgrade.failed', { code: failure.code, reason: failure.message });
      if (this.#state !== 'idle') this.#step(this.#state === 'committed' ? 'confirmedDead' : 'failed');
      throw failure;
    } finally {
      successor?.dispose();
      this.#surroundings.pauseClients(false);
    }
  }

  async #ready(successor: SuccessorProcess): Promise<Extract<HandoffMessage, { type: 'ready' }>> {
    const received = await successor.next().catch((cause: unknown) => {
      throw new HoldfastError('E_UPGRADE_START', `the successor said what is no message: ${String(cause)}`);
    });
    if (received === 'end') {
      const { ending, lastWords } = successor;
      throw new HoldfastError('E_UPGRADE_START', `the successor was not ready: ${ending}: ${lastWords}`);
    }
    const { message } = received;
    if (message.type === 'ready') return message;
    throw new HoldfastError('E_UPGRADE_START', `the successor said "${message.type}" before it was ready`);
  }

  #check(ready: Extract<HandoffMessage, { type: 'ready' }>, { expect }: RequestParameters<'upgrade'>): void {
    if (expect && (ready.version !== expect.version || ready.build !== expect.build)) {
      const found = `${ready.version}+${ready.build}`;
      throw new HoldfastError(
        'E_UPGRADE_UNEXPECTED',
        `${found} was started, not ${expect.version}+${expect.build}`,
      );
    }
    if (!ready.schemas.includes(SNAPSHOT_SCHEMA)) {
      const schemas = ready.schemas.join(', ');
      const why = `it reads snapshots of schema ${schemas}, this daemon writes ${SNAPSHOT_SCHEMA}`;
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
  #handOver(successor: SuccessorProcess): never {
    const { channel } = successor;
    const frozenAtNs = nowNs();
    this.#step('frozen');
    const { snapshot, fds } = this.#surroundings.suspend(frozenAtNs);
    testPoint('predecessor.snapshot');
    sendSnapshot(channel, snapshot, fds);
    testPoint('predecessor.sent');
    this.#expect('adopted', channel.receiveWithin(ADOPT_MS), successor);
    testPoint('predecessor.commit');
    channel.send({ type: 'commit' });
    this.#step('adopted');
    testPoint('predecessor.committed');
    if (saysServing(successor, SERVE_MS)) this.#leave();
    // It may have begun to read all the same. Only its death, and its silence until then, say that it has not.
    successor.end();
    if (saysServing(successor, 0)) this.#leave();
    const why = `the successor did not serve within ${SERVE_MS} ms: ${successor.lastWords}`;
    throw new HoldfastError('E_UPGRADE_TIMEOUT', why);
  }

  /** Closes nothing that is shared and removes nothing: it is the successor's now. */
  #leave(): never {
    this.#step('serving');
    return exitNow(0);
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
