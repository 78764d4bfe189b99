import { inflateRawSync } from 'node:zlib';
import * as z from 'zod/mini';
import { parseJson } from './messages.ts';

const announcedSession = z.object({
  id: z.string(),
  name: z.string(),
  pid: z.int(),
  command: z.array(z.string()),
  cwd: z.string(),
  cols: z.int(),
  rows: z.int(),
  state: z.enum(['running', 'exited']),
  exit: z.nullable(
    z.union([
      z.object({ code: z.int() }),
      z.object({ signal: z.string() }),
      z.object({ lost: z.literal(true) }),
    ]),
  ),
  createdAt: z.string(),
});
/** What the fleet is told of a session. */
export type AnnouncedSession = z.infer<typeof announcedSession>;

const announcedSessions = z.object({
  sessions: z.array(announcedSession),
  /** So many more there are, for which there was no room. */
  omitted: z.int(),
});
export type AnnouncedSessions = z.infer<typeof announcedSessions>;

/** What a list may become: a machine is not believed to be small. */
const LARGEST_BYTES = 16 * 1024 * 1024;

/** Undefined for what is none. */
export function parseAnnouncement(bytes: Uint8Array): AnnouncedSessions | undefined {
  try {
    const parsed = announcedSessions.safeParse(
      parseJson(inflateRawSync(bytes, { maxOutputLength: LARGEST_BYTES })),
    );
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // Not compressed, or too large.
  }
}
