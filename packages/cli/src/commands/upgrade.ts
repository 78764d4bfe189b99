import path from 'node:path';
import { type Client, netConnector } from '@holdfast/client';
import { BUILD, type RequestParameters, type RequestResult, VERSION } from '@holdfast/protocol';
import { parseMilliseconds } from '../arguments/numbers.ts';
import { defineCommand } from '../command.ts';
import { connectIfRunning } from '../connection/connect.ts';
import { daemonEntry } from '../connection/daemon-entry.ts';
import { countSessions } from '../connection/end-sessions.ts';
import type { Context } from '../context.ts';
import { describeFailure, type Failure } from '../output/errors.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';

/** What a failed upgrade has cost: nothing. */
const NOTHING_LOST = 'nothing has changed, and every session runs on';
const TIMEOUT_MS = 15_000;
/** Beyond the deadline the hand-over itself, once begun, may take this long. */
const HAND_OVER_MS = 5_000;

type Upgraded = RequestResult<'upgrade'>;

export const upgradeCommand = defineCommand({
  name: 'upgrade',
  summary: 'replace the daemon by this build, keeping every session',
  cannot: "can't upgrade",
  operands: {},
  options: {
    entry: {
      kind: 'value',
      value: 'FILE',
      summary: 'run this daemon instead of the one beside this program',
    },
    node: { kind: 'value', value: 'PATH', summary: 'the Node to run it by; default: the one that runs this' },
    timeout: { kind: 'value', value: 'MS', summary: 'give up if it is not ready by then; default 15000' },
    json: { kind: 'flag', summary: 'print a JSON object' },
  },
  async run({ options }, context) {
    const timeoutMs =
      options.timeout === undefined ? TIMEOUT_MS : parseMilliseconds('--timeout', options.timeout);
    const client = await connectIfRunning(context, { connector: netConnector(context.home.socketPath) });
    try {
      if (!client) return fail(context, options.json, noDaemon(), 0);
      const target = targetOf(options, context, timeoutMs);
      const upgraded = await client.request('upgrade', target, { timeoutMs: timeoutMs + HAND_OVER_MS });
      context.print(options.json ? jsonLine({ ok: true, ...upgraded }) : `${describe(upgraded)}\n`);
      return EXIT.done;
    } catch (error) {
      const failure = describeFailure("can't upgrade", error);
      return fail(context, options.json, failure, await runningSessions(client));
    } finally {
      client?.close();
    }
  },
});

function targetOf(
  options: { entry: string | undefined; node: string | undefined },
  { env }: Context,
  timeoutMs: number,
): RequestParameters<'upgrade'> {
  const deadline = process.hrtime.bigint() + BigInt(timeoutMs) * 1_000_000n;
  return {
    node: options.node === undefined ? process.execPath : path.resolve(options.node),
    execArgv: [],
    entry: options.entry === undefined ? daemonEntry(env) : path.resolve(options.entry),
    // Of a file that somebody names only the file itself knows what it is.
    ...(options.entry === undefined && !env['HOLDFAST_DAEMON_ENTRY']
      ? { expect: { version: VERSION, build: BUILD } }
      : {}),
    deadline: String(deadline),
  };
}

function describe({ from, to, sessions, pauseMs }: Upgraded): string {
  const change =
    from.version === to.version
      ? `${from.version} (build ${from.build} → ${to.build})`
      : `${from.version} → ${to.version}`;
  return `Upgraded ${change}: ${countSessions(sessions)} kept, pause ${Math.max(1, Math.round(pauseMs))} ms`;
}

function fail(context: Context, isJson: boolean, { code, message }: Failure, sessions: number): number {
  context.note(`holdfast: ${message}`);
  if (code !== 'E_NO_DAEMON')
    context.note(`${NOTHING_LOST}: ${countSessions(sessions)}. Try again, or see holdfast logs.`);
  if (isJson) context.print(jsonLine({ ok: false, code, reason: message, sessions }));
  return EXIT.failed;
}

function noDaemon(): Failure {
  return { code: 'E_NO_DAEMON', exitCode: EXIT.failed, message: "can't upgrade: no daemon is running" };
}

async function runningSessions(client: Client | undefined): Promise<number> {
  try {
    return (await client?.request('status', {}))?.sessions.running ?? 0;
  } catch {
    // It can't be reached any more: what failed is said already.
    return 0;
  }
}
