import { inflateRawSync } from 'node:zlib';
import { sessionShape } from '@holdfast/protocol';
import * as z from 'zod/mini';
import { parseJson } from './messages.ts';

const announcedSession = z.pick(sessionShape(), {
  id: true,
  name: true,
  pid: true,
  command: true,
  cwd: true,
  cols: true,
  rows: true,
  state: true,
  exit: true,
  createdAt: true,
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
