import { BUILD, type RequestResult, VERSION } from '@holdfast/protocol';
import { defineCommand } from '../command.ts';
import { connectIfRunning, whyNone } from '../connection/connect.ts';
import type { Context } from '../context.ts';
import { formatAge } from '../output/age.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';

type Status = RequestResult<'status'>;

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'tell which daemon runs, since when, and what it has',
  cannot: "can't tell the status",
  operands: {},
  options: { json: { kind: 'flag', summary: 'print a JSON object' } },
  async run({ options }, context) {
    const client = await connectIfRunning(context);
    const answer = await client?.request('status', {});
    client?.close();
    // The daemon counts every connection; this one is gone when somebody reads of it.
    const status = answer && { ...answer, clients: answer.clients - 1 };
    context.print(options.json ? jsonLine(statusDocument(status, context)) : describe(status, context));
    return EXIT.done;
  },
});

function statusDocument(status: Status | undefined, { home }: Context) {
  return {
    daemon: status?.daemon ?? null,
    keeper: null,
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
  };
}

function describe(status: Status | undefined, context: Context): string {
  const { home } = context;
  if (!status) return `${sentence(whyNone(context))} holdfast new starts one.\nhome      ${home.label}\n`;
  const { daemon, sessions } = status;
  const age = formatAge(Date.now() - Date.parse(daemon.startedAt));
  const generation = daemon.generation > 1 ? `, generation ${daemon.generation}` : '';
  const lines = [
    `daemon    pid ${daemon.pid}, up ${age}, version ${fullVersion(daemon)}, Node ${daemon.node}${generation}`,
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
  return `${lines.join('\n')}\n`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function fullVersion({ version, build }: { version: string; build: string }): string {
  return `${version}+${build}`;
}
