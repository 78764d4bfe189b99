import { readFileSync, rmSync } from 'node:fs';
import * as z from 'zod/mini';
import type { Home } from './home.ts';
import { writeWhole } from './write-whole.ts';

const failureShape = z.object({
  code: z.string(),
  reason: z.string(),
  /** ISO 8601. */
  at: z.string(),
});
const attemptsShape = z.object({
  /** The builds that ran and that were tried; others begin again. */
  running: z.string(),
  available: z.string(),
  count: z.int().check(z.gte(0)),
});
const recordShape = z.object({
  /** The last failed update, until it is dismissed or a later one succeeds. */
  failure: z.nullable(failureShape),
  /** Automatic updates that have failed in a row, of all processes. */
  attempts: z.optional(z.nullable(attemptsShape)),
});
/** What is kept of failed updates, shared by all processes of a home. */
export type UpdateRecord = z.infer<typeof recordShape>;

const NOTHING: UpdateRecord = { failure: null, attempts: null };

/** A file that is missing or can't be read says nothing. */
export function readUpdateRecord({ updateRecordPath }: Home): UpdateRecord {
  try {
    const parsed = recordShape.safeParse(JSON.parse(readFileSync(updateRecordPath, 'utf8')));
    return parsed.success ? parsed.data : NOTHING;
  } catch {
    // ENOENT, or no JSON.
    return NOTHING;
  }
}

/** Throws Node's error, as for a full disk. */
export function writeUpdateRecord({ updateRecordPath }: Home, record: UpdateRecord): void {
  if (record.failure === null && !record.attempts) rmSync(updateRecordPath, { force: true });
  else writeWhole(updateRecordPath, JSON.stringify(record));
}
