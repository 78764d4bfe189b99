import { open } from 'node:fs/promises';
import * as z from 'zod/mini';
import type { Home } from './home.ts';

/** What has become of a daemon, for people: one update, crash, restart … Absent fields are null: not known, or of no sense there. */
export interface HistoryEntry {
  /** What has happened. */
  readonly kind: HistoryKind;
  /** ISO 8601. */
  readonly at: string;
  /** Builds: `VERSION+BUILD`, or the hash alone where no event tells the version. */
  readonly from: string | null;
  readonly to: string | null;
  /** Kept by an update, or ended by a restart. */
  readonly sessions: number | null;
  /** For how long output stood still, in milliseconds. */
  readonly pauseMs: number | null;
  /** Why it failed. */
  readonly reason: string | null;
}

const KIND_OF = {
  update_ok: 'updated',
  update_failed: 'updateFailed',
  crash: 'crashed',
  crash_budget_spent: 'gaveUp',
  resumed: 'resumed',
  restart: 'restarted',
} as const;
export type HistoryKind = (typeof KIND_OF)[keyof typeof KIND_OF];
/** All that an entry can tell of. */
export const HISTORY_KINDS: readonly HistoryKind[] = Object.values(KIND_OF);

/** The newest part of the log; some hundred bytes a line. The log may have twenty times as much, of which nobody scrolls through. */
const READ_BYTES = 512 * 1024;
/** Every process that watches tells of a crash, within seconds. */
const SAME_WITHIN_MS = 30_000;

const lineShape = z.object({
  time: z.string(),
  event: z.string(),
  pid: z.optional(z.nullable(z.number())),
  by: z.optional(z.nullable(z.number())),
  version: z.optional(z.string()),
  build: z.optional(z.string()),
  from: z.optional(z.nullable(z.string())),
  to: z.optional(z.string()),
  sessions: z.optional(z.nullable(z.number())),
  pauseMs: z.optional(z.nullable(z.number())),
  reason: z.optional(z.string()),
});
type Line = z.infer<typeof lineShape>;

/** What the supervisors of a home have written down, newest first, `limit` at most. A log that is not there tells nothing. */
export async function readHistory({ supervisorLogPath }: Home, limit: number): Promise<HistoryEntry[]> {
  const newest = await readEnd(supervisorLogPath, READ_BYTES);
  // A log that has just been renamed goes on in the other one.
  const older =
    newest.length < READ_BYTES ? await readEnd(`${supervisorLogPath}.1`, READ_BYTES - newest.length) : '';
  return historyOf(`${older}\n${newest}`).slice(0, limit);
}

/** Of the text of a log, oldest line first: what is told, newest first. Lines that can't be read are left out. */
export function historyOf(log: string): HistoryEntry[] {
  const lines = log.split('\n').flatMap((text) => parse(text) ?? []);
  const versions = new Map<string, string>();
  for (const { build, version } of lines)
    if (build !== undefined && version !== undefined) versions.set(build, version);
  const named = (build: string | null | undefined) => {
    if (build === undefined || build === null) return null;
    const version = versions.get(build);
    return version === undefined ? build : `${version}+${build}`;
  };
  const entries: HistoryEntry[] = [];
  /** When something was told that others may tell, too. */
  const told = new Map<string, number>();
  for (const line of lines) {
    const kind = kindOf(line);
    if (kind === undefined) continue;
    const at = Date.parse(line.time);
    const same = `${kind} ${line.pid ?? ''} ${line.reason ?? ''}`;
    const before = told.get(same);
    told.set(same, at);
    if (
      before !== undefined &&
      at - before < SAME_WITHIN_MS &&
      kind !== 'restarted' &&
      kind !== 'updateFailed'
    )
      continue;
    entries.push({
      kind,
      at: line.time,
      from: named(line.from),
      to: named(line.to ?? (kind === 'resumed' ? line.build : undefined)),
      sessions: line.sessions ?? null,
      pauseMs: line.pauseMs ?? null,
      reason: line.reason ?? null,
    });
  }
  return entries.toReversed();
}

function kindOf({ event }: Line): HistoryKind | undefined {
  return Object.hasOwn(KIND_OF, event) ? KIND_OF[event as keyof typeof KIND_OF] : undefined;
}

function parse(text: string): Line | undefined {
  try {
    const parsed = lineShape.safeParse(JSON.parse(text));
    return parsed.success && !Number.isNaN(Date.parse(parsed.data.time)) ? parsed.data : undefined;
  } catch {
    // SyntaxError: a line that was cut, as the first one of what is read is.
    return undefined;
  }
}

/** The last bytes of a file; nothing if it isn't there. */
async function readEnd(path: string, bytes: number): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const length = Math.min(size, bytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    // ENOENT: nothing was ever told. What can't be read tells nothing either.
    return '';
  }
}
