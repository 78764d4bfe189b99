import type { Exit, Session } from '@holdfast/protocol';
import { formatAge } from './age.ts';
import { type Column, layOutTable } from './table.ts';

/** What every list of sessions tells of each. */
export const SESSION_COLUMNS: readonly Column[] = [
  { title: 'NAME', shrinksTo: 8 },
  { title: 'ID' },
  { title: 'STATE' },
  { title: 'COMMAND', shrinksTo: 8 },
  { title: 'FOLDER', shrinksTo: 8, isDispensable: true },
  { title: 'AGE', align: 'right' },
  { title: 'SIZE', align: 'right', isDispensable: true },
];
const COLUMNS: readonly Column[] = [
  ...SESSION_COLUMNS,
  { title: 'CLIENTS', align: 'right', isDispensable: true },
];
const SHORTEST_ID = 8;

/** The table of `holdfast ls`. */
export function sessionTable(
  sessions: readonly Session[],
  view: { now: number; userHome: string | undefined; columns: number | undefined },
): string {
  const idLength = uniqueLength(sessions.map(({ id }) => id));
  const rows = sessions.map((session) => [
    ...sessionCells(session, { ...view, idLength }),
    String(session.clients),
  ]);
  const warnings = sessions.flatMap(({ name, warnings: texts }) => texts.map((text) => `${name}: ${text}\n`));
  return layOutTable(COLUMNS, rows, view.columns) + warnings.join('');
}

/** A session's cells under SESSION_COLUMNS. `userHome` undefined: the folder is that of another machine. */
export function sessionCells(
  session: Pick<
    Session,
    'name' | 'id' | 'state' | 'exit' | 'command' | 'cwd' | 'createdAt' | 'cols' | 'rows'
  >,
  { idLength, now, userHome }: { idLength: number; now: number; userHome: string | undefined },
): string[] {
  return [
    session.name,
    session.id.slice(0, idLength),
    session.state === 'running' ? 'running' : formatExit(session.exit),
    session.command.join(' '),
    tilde(session.cwd, userHome),
    formatAge(now - Date.parse(session.createdAt)),
    `${session.cols}x${session.rows}`,
  ];
}

/** How a session's program ended, in two words: `exited 3`, `killed SIGHUP`, `lost`. */
export function formatExit(exit: Exit | null): string {
  if (!exit || 'lost' in exit) return 'lost';
  return 'code' in exit ? `exited ${exit.code}` : `killed ${exit.signal}`;
}

/** The shortest length, eight at least, at which no two ids look the same. */
export function uniqueLength(ids: readonly string[]): number {
  const longest = Math.max(SHORTEST_ID, ...ids.map((id) => id.length));
  for (let length = SHORTEST_ID; length < longest; length += 1) {
    if (new Set(ids.map((id) => id.slice(0, length))).size === ids.length) return length;
  }
  return longest;
}

/** A folder, with `~` for the user's own. */
export function tilde(folder: string, userHome: string | undefined): string {
  if (!userHome || userHome === '/') return folder;
  if (folder === userHome) return '~';
  return folder.startsWith(`${userHome}/`) ? `~${folder.slice(userHome.length)}` : folder;
}
