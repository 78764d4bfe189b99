import type { Context } from '../context.ts';
import { jsonLine } from '../output/json.ts';
import { SESSION_COLUMNS, sessionCells, uniqueLength } from '../output/session-table.ts';
import { type Column, layOutTable } from '../output/table.ts';
import { inFleet } from './in-fleet.ts';
import { NO_HOST } from './no-host.ts';

const COLUMNS: readonly Column[] = [{ title: 'HOST' }, ...SESSION_COLUMNS];

/** Prints what the hosts of the fleet have announced of their sessions. */
export async function listEverywhere(context: Context, { json }: { json: boolean }): Promise<void> {
  const hosts = await inFleet(context.env, (fleet) => fleet.hosts());
  const sessions = hosts.flatMap(({ name: host, sessions: own }) =>
    own.map((session) => ({ host, ...session })),
  );
  if (json) context.print(jsonLine(sessions));
  else if (hosts.length === 0) context.note(NO_HOST);
  else if (sessions.length > 0) {
    const idLength = uniqueLength(sessions.map(({ id }) => id));
    const view = { idLength, now: Date.now(), userHome: undefined };
    const rows = sessions.map((session) => [session.host, ...sessionCells(session, view)]);
    context.print(layOutTable(COLUMNS, rows, context.columns));
  }
  for (const { name, omitted } of hosts)
    if (omitted > 0)
      context.note(`holdfast: ${omitted} more sessions are on ${name}: holdfast ls --host ${name}`);
}
