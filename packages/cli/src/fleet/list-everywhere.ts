import type { Context } from '../context.ts';
import { formatAge } from '../output/age.ts';
import { jsonLine } from '../output/json.ts';
import { formatExit, uniqueLength } from '../output/session-table.ts';
import { type Column, layOutTable } from '../output/table.ts';
import { inFleet } from './in-fleet.ts';

const COLUMNS: readonly Column[] = [
  { title: 'HOST' },
  { title: 'NAME', shrinksTo: 8 },
  { title: 'ID' },
  { title: 'STATE' },
  { title: 'COMMAND', shrinksTo: 8 },
  { title: 'FOLDER', shrinksTo: 8, isDispensable: true },
  { title: 'AGE', align: 'right' },
  { title: 'SIZE', align: 'right', isDispensable: true },
];

/** Prints what the hosts of the fleet have announced of their sessions. */
export async function listEverywhere(context: Context, { json }: { json: boolean }): Promise<void> {
  const hosts = await inFleet(context.env, (fleet) => fleet.hosts());
  const sessions = hosts.flatMap(({ name: host, sessions: own }) =>
    own.map((session) => ({ host, ...session })),
  );
  if (json) context.print(jsonLine(sessions));
  else if (sessions.length > 0) {
    const idLength = uniqueLength(sessions.map(({ id }) => id));
    const rows = sessions.map(
      ({ host, name, id, state, exit, command, cwd, createdAt, cols, rows: lines }) => [
        host,
        name,
        id.slice(0, idLength),
        state === 'running' ? 'running' : formatExit(exit),
        command.join(' '),
        cwd,
        formatAge(Date.now() - Date.parse(createdAt)),
        `${cols}x${lines}`,
      ],
    );
    context.print(layOutTable(COLUMNS, rows, context.columns));
  }
  for (const { name, omitted } of hosts)
    if (omitted > 0)
      context.note(`holdfast: ${omitted} more sessions are on ${name}: holdfast ls --host ${name}`);
}
