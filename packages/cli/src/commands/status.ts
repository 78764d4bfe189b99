import { BUILD, HoldfastError, type RequestResult, VERSION } from '@holdfast/protocol';
import type { KeeperReport } from '@holdfast/protocol/keeper-report';
import { keeperReport } from '@holdfast/supervisor/keeper-report';
import { defineCommand } from '../command.ts';
import { connectIfRunning, whyNone } from '../connection/connect.ts';
import type { Context } from '../context.ts';
import { formatAge } from '../output/age.ts';
import { EXIT } from '../output/exit-codes.ts';
import { printable } from '../output/printable.ts';
import { jsonLine } from '../output/json.ts';

type Status = RequestResult<'status'>;

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'tell which daemon runs, since when, and what it has',
  cannot: "can't tell the status",
  operands: {},
  options: { json: { kind: 'flag', summary: 'print a JSON object' } },
  async run({ options }, context) {
    const status = await daemonStatus(context);
    const keeper = keeperReport(context.home);
    context.print(
      options.json
        ? jsonLine(statusDocument({ status, keeper }, context))
        : describe({ status, keeper }, context),
    );
    return EXIT.done;
  },
});

interface Found {
  readonly status: Status | undefined;
  readonly keeper: KeeperReport | undefined;
}

/** undefined if no daemon runs. */
async function daemonStatus(context: Context): Promise<Status | undefined> {
  try {
    const client = await connectIfRunning(context);
    const answer = await client?.request('status', {});
    client?.close();
    // The daemon counts every connection; this one is gone when somebody reads of it.
    return answer && { ...answer, clients: answer.clients - 1 };
  } catch (error) {
    // What the keeper says of itself is the status then.
    if (error instanceof HoldfastError && error.code === 'E_HELD') return undefined;
    throw error;
  }
}

function statusDocument({ status, keeper }: Found, { home }: Context) {
  return {
    daemon: status?.daemon ?? null,
    keeper: keeper ?? null,
    update: {
      pending: status !== undefined && status.daemon.build !== BUILD,
      running: status ? fullVersion(status.daemon) : null,
      available: fullVersion({ version: VERSION, build: BUILD }),
      failure: null,
    },
    sessions: status?.sessions ?? { running: 0, exited: 0 },
    clients: status?.clients ?? 0,
    home: home.label,
    holders: status?.holders ?? [],
    aside: status?.aside ?? [],
  };
}

function describe({ status, keeper }: Found, context: Context): string {
  const { home } = context;
  if (!status && keeper?.state === 'held') return describeHeld(keeper, home.label);
  if (!status) return `${sentence(whyNone(context))} holdfast new starts one.\nhome      ${home.label}\n`;
  const { daemon, sessions } = status;
  const age = formatAge(Date.now() - Date.parse(daemon.startedAt));
  const generation = daemon.generation > 1 ? `, generation ${daemon.generation}` : '';
  const lines = [
    `daemon    pid ${daemon.pid}, up ${age}, version ${fullVersion(daemon)}, Node ${daemon.node}${generation}`,
    keeper ? `keeper    pid ${keeper.pid}, version ${fullVersion(keeper)}` : 'keeper    none',
    `sessions  ${sessions.running} running, ${sessions.exited} exited`,
    `clients   ${status.clients}`,
    `home      ${home.label}`,
  ];
  if (daemon.build !== BUILD) {
    lines.push(
      `update    this is ${fullVersion({ version: VERSION, build: BUILD })}; holdfast upgrade brings the daemon to this build`,
    );
  }
  for (const { session, by, clientPid } of status.holders) {
    const who = clientPid === null ? 'a client that has gone' : `process ${clientPid}`;
    lines.push(`held      ${session} waits for ${who} (${by === 'lease' ? 'tail' : 'a terminal'})`);
  }
  for (const { id, why } of status.aside ?? []) {
    lines.push(`aside     ${id} is kept and not served: ${printable(why)}`);
  }
  return `${lines.join('\n')}\n`;
}

function describeHeld(keeper: KeeperReport, home: string): string {
  const lines = [
    `daemon    none; ${keeper.failures} in a row could not go on: ${printable(keeper.reason ?? '')}`,
    `keeper    pid ${keeper.pid}, version ${fullVersion(keeper)}, held: programs run on, and wait`,
    `home      ${home}`,
    'holdfast logs tells more; holdfast resume starts the daemon of this build',
  ];
  return `${lines.join('\n')}\n`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function fullVersion({ version, build }: { version: string; build: string }): string {
  return `${version}+${build}`;
}
