import type { Client } from '@holdfast/client';
import {
  BUILD,
  type ErrorCode,
  HoldfastError,
  type RequestParameters,
  type RequestResult,
  VERSION,
} from '@holdfast/protocol';
import { askKeeper } from '@holdfast/supervisor/keeper';
import { keeperReport } from '@holdfast/supervisor/keeper-report';
import { chosenStart, START_OPTIONS } from '../arguments/daemon-start.ts';
import { parseMilliseconds } from '../arguments/numbers.ts';
import { defineCommand } from '../command.ts';
import { connectIfRunning } from '../connection/connect.ts';
import { keeperEntry } from '../connection/daemon-entry.ts';
import { resumeDaemon } from '../connection/resume-daemon.ts';
import type { Context } from '../context.ts';
import { countSessions } from '../output/count-sessions.ts';
import { describeFailure, type Failure } from '../output/errors.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';
import { printable } from '../output/printable.ts';

const TIMEOUT_MS = 15_000;
/** Kept of the time for the hand-over itself, which is not broken off once it has begun; at most a fifth of all. */
const HAND_OVER_MS = 3_000;
/** For an answer, however little time there is for the upgrade. */
const ANSWER_MS = 3_000;
/** For the keeper to try whether a new one can start, and to become it. */
const KEEPER_MS = 10_000;
/** For the words after a failure. */
const STATUS_MS = 1_000;

type Target = RequestParameters<'upgrade'>;
type Upgraded = RequestResult<'upgrade'>;
/** No daemon was there to hand over. */
interface Resumed extends Pick<Upgraded, 'to' | 'sessions'> {
  readonly from: null;
}

export const upgradeCommand = defineCommand({
  name: 'upgrade',
  summary: 'replace the daemon by this build, keeping every session',
  cannot: "can't upgrade",
  operands: {},
  options: {
    ...START_OPTIONS,
    timeout: { kind: 'value', value: 'MS', summary: 'give up after so long; default 15000' },
    json: { kind: 'flag', summary: 'print a JSON object' },
  },
  failureDocument: (failure) => failedDocument(failure),
  async run({ options }, context) {
    const timeoutMs =
      options.timeout === undefined ? TIMEOUT_MS : parseMilliseconds('--timeout', options.timeout);
    const began = performance.now();
    const leftMs = () => Math.max(1, Math.ceil(began + timeoutMs - performance.now()));
    let client: Client | undefined;
    try {
      client = await connectUnlessHeld(context);
      const target = targetOf(options, context, leftMs());
      const upgraded = client
        ? // The daemon itself says that the time is over, and that nothing has changed.
          await client.request('upgrade', target, { timeoutMs: Math.max(leftMs(), ANSWER_MS) })
        : await resume(context, target, leftMs());
      if (target.expect) await replaceKeeper(context, target.node);
      context.print(options.json ? jsonLine({ ok: true, ...upgraded }) : `${describe(upgraded)}\n`);
      return EXIT.done;
    } catch (error) {
      const { code, message } = describeFailure("can't upgrade", error);
      const sessions = await runningSessions(client);
      context.note(`holdfast: ${message}${aftermath(code, sessions)}`);
      if (options.json) context.print(jsonLine(failedDocument({ code, message }, sessions)));
      return EXIT.failed;
    } finally {
      client?.close();
    }
  },
});

/** undefined if the keeper starts no daemon any more. Throws E_NO_DAEMON if none runs. */
async function connectUnlessHeld(context: Context): Promise<Client | undefined> {
  try {
    const client = await connectIfRunning(context);
    if (client) return client;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'E_HELD') return undefined;
    throw error;
  }
  throw new HoldfastError('E_NO_DAEMON', 'no daemon is running');
}

/** With no daemon to hand over, the keeper starts this one with all that it holds. */
async function resume(context: Context, target: Target, timeoutMs: number): Promise<Resumed> {
  const { node, execArgv: nodeArguments, entry, expect } = target;
  const client = await resumeDaemon(context, { node, nodeArguments, entry }, timeoutMs);
  try {
    const { pid, version, build } = client.daemon;
    if (expect && (version !== expect.version || build !== expect.build)) {
      const why = `${version}+${build} was started, not ${expect.version}+${expect.build}`;
      throw new HoldfastError('E_UPGRADE_UNEXPECTED', why);
    }
    const { sessions } = await client.request('status', {});
    return { from: null, to: { pid, version, build }, sessions: sessions.running };
  } finally {
    client.close();
  }
}

/** The keeper goes on as this build; if it can't, as it was, which is no failure of the upgrade. */
async function replaceKeeper(context: Context, node: string): Promise<void> {
  const { home } = context;
  const keeper = keeperReport(home);
  if (!keeper || keeper.build === BUILD) return;
  const parameters = { node, nodeArguments: [], entry: keeperEntry() };
  try {
    await askKeeper(home, { type: 'replace', parameters }, KEEPER_MS);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.note(`holdfast: the keeper goes on as build ${keeper.build}: ${printable(why)}`);
  }
}

function targetOf(
  options: { entry: string | undefined; node: string | undefined },
  { env }: Context,
  leftMs: number,
): Target {
  const readyMs = leftMs - Math.min(HAND_OVER_MS, Math.floor(leftMs / 5));
  const deadline = process.hrtime.bigint() + BigInt(readyMs) * 1_000_000n;
  return {
    ...chosenStart(options, env),
    execArgv: [],
    // Of a file that somebody names only the file itself knows what it is.
    ...(options.entry === undefined && !env['HOLDFAST_DAEMON_ENTRY']
      ? { expect: { version: VERSION, build: BUILD } }
      : {}),
    deadline: String(deadline),
  };
}

/** The reply's own form of a failure. */
function failedDocument({ code, message }: Pick<Failure, 'code' | 'message'>, sessions = 0) {
  return { ok: false, code, reason: message, sessions };
}

function describe(upgraded: Upgraded | Resumed): string {
  const { from, to, sessions } = upgraded;
  if (from === null) return `Started ${to.version} (build ${to.build}): ${countSessions(sessions)} kept`;
  const builds = from.build === to.build ? `build ${to.build} again` : `build ${from.build} → ${to.build}`;
  const change =
    from.version === to.version ? `${from.version} (${builds})` : `${from.version} → ${to.version}`;
  return `Upgraded ${change}: ${countSessions(sessions)} kept, pause ${Math.max(1, Math.round(upgraded.pauseMs))} ms`;
}

/** What a failed upgrade has cost: nothing, if a daemon says that it failed. */
function aftermath(code: ErrorCode, sessions: number | undefined): string {
  if (code === 'E_TIMEOUT' || code === 'E_DISCONNECTED') return '; holdfast status tells which daemon runs';
  if (sessions === undefined) return '';
  if (sessions === 0) return '; nothing has changed';
  return `; nothing has changed, and ${countSessions(sessions)} run${sessions === 1 ? 's' : ''} on`;
}

/** Undefined if there is no daemon, or it can't be reached any more. */
async function runningSessions(client: Client | undefined): Promise<number | undefined> {
  try {
    return (await client?.request('status', {}, { timeoutMs: STATUS_MS }))?.sessions.running;
  } catch {
    // What failed is said already.
    return undefined;
  }
}
