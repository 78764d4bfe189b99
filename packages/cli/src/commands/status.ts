import { netConnector } from '@holdfast/client';
import type { KeeperReport } from '@holdfast/protocol/keeper-report';
import { readStatus, type SupervisorStatus } from '@holdfast/supervisor/status';
import { defineCommand } from '../command.ts';
import { availableBuild } from '../connection/available-build.ts';
import { CLIENT_NAME } from '../connection/client-name.ts';
import { whyNone } from '../connection/connect.ts';
import type { Context } from '../context.ts';
import { formatAge } from '../output/age.ts';
import { EXIT } from '../output/exit-codes.ts';
import { printable } from '../output/printable.ts';
import { jsonLine } from '../output/json.ts';

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'tell which daemon runs, since when, and what it has',
  cannot: "can't tell the status",
  elsewhere: 'host',
  operands: {},
  options: { json: { kind: 'flag', summary: 'print a JSON object' } },
  async run({ options }, context) {
    const { home, env, host } = context;
    if (host !== undefined) {
      const { inFleet } = await import('../fleet/in-fleet.ts');
      const { readStatusAnswer } = await import('../fleet/answers.ts');
      const answer = await inFleet(env, (fleet) => fleet.status(host));
      const status = readStatusAnswer(answer.status);
      context.print(options.json ? jsonLine(status) : describe(status, context));
      return EXIT.done;
    }
    const connector = netConnector(home.socketPath);
    const status = await readStatus({ home, connector, name: CLIENT_NAME, available: availableBuild(env) });
    context.print(options.json ? jsonLine(status) : describe(status, context));
    return EXIT.done;
  },
});

function describe(status: SupervisorStatus, context: Context): string {
  const { daemon, keeper, sessions, update, home } = status;
  if (!daemon && keeper?.state === 'held') return describeHeld(keeper, home);
  if (!daemon) return `${sentence(whyNone(context))} holdfast new starts a daemon.\nhome      ${home}\n`;
  const age = formatAge(Date.now() - Date.parse(daemon.startedAt));
  const generation = daemon.generation > 1 ? `, generation ${daemon.generation}` : '';
  const lines = [
    `daemon    pid ${daemon.pid}, up ${age}, version ${update.running ?? '?'}, Node ${daemon.node}${generation}`,
    keeper ? `keeper    pid ${keeper.pid}, version ${fullVersion(keeper)}` : 'keeper    none',
    `sessions  ${sessions.running} running, ${sessions.exited} exited`,
    `clients   ${status.clients}`,
    `home      ${home}`,
  ];
  if (update.pending) {
    lines.push(`update    this is ${update.available}; holdfast upgrade brings the daemon to this build`);
  }
  if (update.underWay) {
    const { to, phase, since, successor } = update.underWay;
    const by = successor === null ? '' : ` by process ${successor}`;
    const age = formatAge(Date.now() - Date.parse(since));
    lines.push(`update    to ${to ?? 'another build'} under way${by} for ${age}: ${phase}`);
  }
  if (update.failure) {
    const { at, reason } = update.failure;
    lines.push(`update    the last one failed at ${at}, and nothing has changed: ${reason}`);
  }
  for (const { session, by, clientPid } of status.holders) {
    const who = clientPid === null ? 'a client that has gone' : `process ${clientPid}`;
    lines.push(`held      ${session} waits for ${who} (${by === 'lease' ? 'tail' : 'a terminal'})`);
  }
  for (const { id, why } of status.aside) {
    lines.push(`aside     ${id} is kept and not served: ${why}`);
  }
  return told(lines);
}

function describeHeld(keeper: KeeperReport, home: string): string {
  const lines = [
    `daemon    none; ${keeper.failures} in a row could not go on: ${keeper.reason ?? ''}`,
    `keeper    pid ${keeper.pid}, version ${fullVersion(keeper)}, held: programs run on, and wait`,
    `home      ${home}`,
    'holdfast logs tells more; holdfast resume starts the daemon of this build',
  ];
  return told(lines);
}

/** On a host somebody else may have written what is told. */
function told(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function fullVersion({ version, build }: { version: string; build: string }): string {
  return `${version}+${build}`;
}
