import { existsSync } from 'node:fs';
import type { Client } from '@holdfast/client';
import {
  type ErrorCode,
  HoldfastError,
  type RequestParameters,
  type RequestResult,
  type RunningBuild,
} from '@holdfast/protocol';
import { askKeeper } from './keeper.ts';
import { keeperReport } from './keeper-report.ts';
import { correctManifest } from './manifest.ts';
import { resume } from './resume.ts';
import { reach, type Surroundings } from './surroundings.ts';
import { readUpdateRecord, writeUpdateRecord } from './update-record.ts';
import { UpgradeProgress } from './upgrade-progress.ts';
import { withoutDisk } from './write-whole.ts';

const TIMEOUT_MS = 15_000;
/** Kept of the time for the hand-over itself, which is not broken off once it has begun; at most a fifth of all. */
const HAND_OVER_MS = 3_000;
/** For hello, and for an answer, however little time there is for the upgrade. */
const HELLO_MS = 5_000;
const ANSWER_MS = 3_000;
/** For the keeper to try whether a new one can start, and to become it. */
const KEEPER_MS = 10_000;
/** At least, for a further hand-over that brings a keeper: what was asked for is done by then. */
const BRING_MS = 10_000;
/** For the count of sessions after a failure. */
const STATUS_MS = 1_000;

/** To what a daemon is upgraded, and for how long that is tried. */
export interface UpgradeOptions {
  /** Give up after so many ms; by default 15,000. A hand-over that has begun is not broken off. */
  readonly timeoutMs?: number;
  /** Another daemon than that of the installation, by absolute paths; `build` null: whatever it is. */
  readonly target?: {
    readonly node: string;
    readonly entry: string;
    readonly build: { readonly version: string; readonly build: string } | null;
  };
}

type HandedOver = RequestResult<'upgrade'>;
type KeeperProgram = NonNullable<RequestParameters<'upgrade'>['keeper']>;

/** What became of an upgrade. That it failed is a value: nothing has changed then. */
export type UpgradeOutcome =
  | ({
      readonly ok: true /** Why the keeper goes on as another build, or why there is none; null: neither. */;
      readonly keeper: string | null;
    } & (
      | HandedOver
      /** No daemon was there to hand over: the keeper has started this one with all that it holds. */
      | { readonly from: null; readonly to: RunningBuild; readonly sessions: number }
    ))
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly reason: string;
      /** Sessions that run on; null if nobody could be asked. */
      readonly sessions: number | null;
    };

/**
 * Replaces the daemon by the build of this installation, keeping every session and connection. It takes no lock: the daemon
 * joins requests for the same target and refuses another. Ok only if the process that serves says that it is the build that was
 * asked for, after the one before has ended. `E_TIMEOUT`: the daemon does not answer, and no upgrade begins after it; `E_NO_DAEMON`: none runs.
 */
export async function upgrade(
  surroundings: Surroundings,
  options: UpgradeOptions = {},
): Promise<UpgradeOutcome> {
  const began = performance.now();
  const { timeoutMs = TIMEOUT_MS } = options;
  const leftMs = () => Math.max(1, Math.ceil(began + timeoutMs - performance.now()));
  const { installation } = surroundings;
  const target = options.target ?? {
    node: installation.node,
    entry: installation.daemonEntry,
    build: installation.build,
  };
  let client: Client | undefined;
  try {
    client = await reachUnlessHeld(surroundings, Math.max(ANSWER_MS, Math.min(HELLO_MS, leftMs())));
    surroundings.emit({
      type: 'update_attempt',
      running: client ? client.daemon.build : null,
      available: target.build?.build ?? null,
    });
    using _noted = client && new UpgradeProgress(surroundings, client, target.build?.build ?? null);
    const done = client
      ? await handOver(client, target, { leftMs: leftMs(), keeper: ofLostKeeper(surroundings) })
      : await startHeld(surroundings, target, leftMs());
    const brought = await bringKeeper(surroundings, target, { client, done, leftMs: leftMs() });
    await succeeded(surroundings, brought.done);
    const replaced = target.build ? await replaceKeeper(surroundings, target.build.build) : null;
    return { ok: true, ...brought.done, keeper: brought.why ?? replaced };
  } catch (error) {
    const { code, message } = asHoldfastError(error);
    const step = client ? 'hand-over' : 'connect';
    surroundings.emit({ type: 'update_failed', code, reason: message, step });
    if (client) correctManifest(surroundings.home, client, null);
    // One that somebody has asked for by name is told to him, and is over; where another one goes on, that one counts.
    const isOver = options.target || code === 'E_NO_DAEMON' || code === 'E_UPGRADE_BUSY';
    if (!isOver) keepFailure(surroundings, code, message);
    return { ok: false, code, reason: message, sessions: await runningSessions(client) };
  } finally {
    client?.close();
  }
}

type Target = NonNullable<UpgradeOptions['target']>;
type Done = HandedOver | { from: null; to: RunningBuild; sessions: number };

/** undefined if the keeper starts no daemon any more. Throws E_NO_DAEMON if none runs. */
async function reachUnlessHeld(
  surroundings: Surroundings,
  helloTimeoutMs: number,
): Promise<Client | undefined> {
  try {
    const client = await reach(surroundings, helloTimeoutMs);
    if (client) return client;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'E_HELD') return undefined;
    throw error;
  }
  throw new HoldfastError('E_NO_DAEMON', 'no daemon is running');
}

async function handOver(
  client: Client,
  target: Target,
  { leftMs, keeper }: { leftMs: number; keeper: KeeperProgram | undefined },
): Promise<HandedOver> {
  const { node, entry, build } = target;
  // The daemon itself says that the time is over, and that nothing has changed.
  const readyMs = leftMs - Math.min(HAND_OVER_MS, Math.floor(leftMs / 5));
  const parameters: RequestParameters<'upgrade'> = {
    node,
    entry,
    execArgv: [],
    ...(build ? { expect: build } : {}),
    ...(keeper ? { keeper } : {}),
    deadline: String(process.hrtime.bigint() + BigInt(readyMs) * 1_000_000n),
  };
  const done = await client.request('upgrade', parameters, { timeoutMs: Math.max(leftMs, ANSWER_MS) });
  // Told by the successor itself, when the one before it had ended.
  refuseOther(done.to, build);
  const serving = await whoServes(client);
  if (serving) refuseOther(serving, build);
  return done;
}

/** Undefined if it is busy, or gone again: that undoes nothing. */
async function whoServes(client: Client): Promise<RunningBuild | undefined> {
  try {
    return (await client.request('status', {}, { timeoutMs: ANSWER_MS })).daemon;
  } catch (error) {
    if (error instanceof HoldfastError && (error.code === 'E_TIMEOUT' || error.code === 'E_DISCONNECTED'))
      return undefined;
    throw error;
  }
}

/** The keeper of this installation, where the home's own was killed and nobody has started another: the daemon can't. */
function ofLostKeeper({ home, installation }: Surroundings): KeeperProgram | undefined {
  if (!existsSync(home.keeperReportPath) || keeperReport(home)) return undefined;
  return keeperOf(installation);
}

function keeperOf({ node, keeperEntry }: Surroundings['installation']): KeeperProgram | undefined {
  return keeperEntry === null ? undefined : { node, entry: keeperEntry };
}

/**
 * A daemon that began without a keeper, as those before there was one, hands over once more: to one that a keeper starts. Resolves
 * with what was done in all, and why there is no keeper; null: there is.
 */
async function bringKeeper(
  { home, installation }: Surroundings,
  target: Target,
  { client, done, leftMs }: { client: Client | undefined; done: Done; leftMs: number },
): Promise<{ done: Done; why: string | null }> {
  const keeper = keeperOf(installation);
  if (!client || done.from === null || !keeper || keeperReport(home)) return { done, why: null };
  const without = 'the daemon has no keeper, and programs end with it';
  try {
    const again = await handOver(client, target, { leftMs: Math.max(leftMs, BRING_MS), keeper });
    const all = { ...again, from: done.from, pauseMs: Math.max(done.pauseMs, again.pauseMs) };
    return { done: all, why: keeperReport(home) ? null : `${without}: its build starts none` };
  } catch (error) {
    return { done, why: `${without}: ${asHoldfastError(error).message}` };
  }
}

/** With no daemon to hand over, the keeper starts this one with all that it holds. */
async function startHeld(surroundings: Surroundings, target: Target, timeoutMs: number): Promise<Done> {
  const { daemon, sessions } = await resume(surroundings, { start: target, timeoutMs });
  refuseOther(daemon, target.build);
  return { from: null, to: daemon, sessions };
}

function refuseOther(serving: { version: string; build: string }, expected: Target['build']): void {
  if (!expected || (serving.version === expected.version && serving.build === expected.build)) return;
  const why = `${serving.version}+${serving.build} serves, not ${expected.version}+${expected.build}`;
  throw new HoldfastError('E_UPGRADE_UNEXPECTED', why);
}

/** Forgets the failures before it, and tells of it. Nothing that goes wrong here undoes it. */
async function succeeded(surroundings: Surroundings, done: Done): Promise<void> {
  const { home, emit } = surroundings;
  const { to, sessions } = done;
  const handedOver = done.from === null ? undefined : done;
  withoutDisk(() => writeUpdateRecord(home, { failure: null, attempts: null }));
  emit({
    type: 'update_ok',
    from: handedOver?.from.build ?? null,
    to: to.build,
    pid: to.pid,
    sessions,
    clients: handedOver?.clients.kept ?? 0,
    bytes: await bytesKept(surroundings),
    pauseMs: handedOver?.pauseMs ?? null,
  });
}

/** Asks the daemon that serves now, which also goes into the manifest; null if it can't be asked. */
async function bytesKept(surroundings: Surroundings): Promise<number | null> {
  let client: Client | undefined;
  try {
    client = await reach(surroundings, ANSWER_MS);
    if (!client) return null;
    correctManifest(surroundings.home, client, null);
    const { sessions } = await client.request('list', {}, { timeoutMs: ANSWER_MS });
    return sessions.reduce((sum, { offset, historyStart }) => sum + offset - historyStart, 0);
  } catch {
    // Busy, or gone again; the upgrade is done all the same.
    return null;
  } finally {
    client?.close();
  }
}

function keepFailure({ home }: Surroundings, code: ErrorCode, reason: string): void {
  const failure = { code, reason, at: new Date().toISOString() };
  withoutDisk(() => writeUpdateRecord(home, { ...readUpdateRecord(home), failure }));
}

/** The keeper goes on as this build; if it can't, as it was, which is no failure of the upgrade. Resolves with why not. */
async function replaceKeeper(surroundings: Surroundings, build: string): Promise<string | null> {
  const { home, installation, emit } = surroundings;
  const keeper = keeperReport(home);
  if (!keeper || keeper.build === build || installation.keeperEntry === null) return null;
  const parameters = { node: installation.node, nodeArguments: [], entry: installation.keeperEntry };
  try {
    const replaced = await askKeeper(home, { type: 'replace', parameters }, KEEPER_MS);
    emit({ type: 'keeper_replaced', pid: replaced.pid, from: keeper.build, to: replaced.build });
    return null;
  } catch (error) {
    return `the keeper goes on as build ${keeper.build}: ${asHoldfastError(error).message}`;
  }
}

/** null if there is no daemon, or it can't be reached any more. */
async function runningSessions(client: Client | undefined): Promise<number | null> {
  try {
    const status = await client?.request('status', {}, { timeoutMs: STATUS_MS });
    return status?.sessions.running ?? null;
  } catch {
    // What failed is said already.
    return null;
  }
}

function asHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  return new HoldfastError('E_INTERNAL', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
