import type { ListedHost } from '@holdfast/fleet';
import { defineCommand } from '../command.ts';
import { formatAge } from '../output/age.ts';
import { NO_HOST } from '../fleet/no-host.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';
import { type Column, layOutTable } from '../output/table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'HOST' },
  { title: 'MACHINE', shrinksTo: 8, isDispensable: true },
  { title: 'VERSION' },
  { title: 'RUNNING', align: 'right' },
  { title: 'EXITED', align: 'right', isDispensable: true },
  { title: 'UP', align: 'right' },
];

export const hostsCommand = defineCommand({
  name: 'hosts',
  summary: 'list the hosts of the fleet (HOLDFAST_FLEET)',
  cannot: "can't ask the fleet",
  operands: {},
  options: {
    'set-up': {
      kind: 'flag',
      summary: 'make what hosts write into, by credentials that may (HOLDFAST_FLEET_CREDS), and list nothing',
    },
    json: { kind: 'flag', summary: 'print a JSON array' },
  },
  details: ['A host that is gone is listed for 10 s at most. holdfast ls --all-hosts lists their sessions.'],
  async run({ options }, context) {
    const { inFleet } = await import('../fleet/in-fleet.ts');
    if (options['set-up']) {
      const made = await inFleet(context.env, (fleet) => fleet.setUp());
      if (options.json) context.print(jsonLine(made));
      else context.print(made.length === 0 ? 'All of it is there\n' : `Made ${made.join(' and ')}\n`);
      return EXIT.done;
    }
    const hosts = await inFleet(context.env, (fleet) => fleet.hosts());
    if (options.json) context.print(jsonLine(hosts.map(summary)));
    else if (hosts.length === 0) context.note(NO_HOST);
    else context.print(layOutTable(COLUMNS, hosts.map(row), context.columns));
    return EXIT.done;
  },
});

function summary(host: ListedHost) {
  const { machine, home, version, build, since } = host.lease;
  return { name: host.name, machine, home, version, build, since, sessions: countsOf(host) };
}

function row(host: ListedHost): string[] {
  const { machine, version, since } = host.lease;
  const { running, exited } = countsOf(host);
  return [
    host.name,
    machine,
    version,
    String(running),
    String(exited),
    formatAge(Date.now() - Date.parse(since)),
  ];
}

/** Those that were left out of a list that is too long are told as running: they are the newest. */
function countsOf({ sessions, omitted }: ListedHost): { running: number; exited: number } {
  const running = sessions.filter(({ state }) => state === 'running').length;
  return { running: running + omitted, exited: sessions.length - running };
}
