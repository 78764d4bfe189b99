import { inflateRawSync } from 'node:zlib';
import { exitShape, LIMITS, sessionShape } from '@holdfast/protocol';
import * as z from 'zod/mini';
import { FLEET_LIMITS } from './limits.ts';
import { parseJson, path, word } from './messages.ts';

const own = z.pick(sessionShape(), { pid: true, cols: true, rows: true, state: true });
const announcedSession = z.extend(own, {
  id: word,
  name: z.string().check(z.maxLength(LIMITS.nameCharacters)),
  /** Its beginning, with an ellipsis where something is left out. */
  command: z
    .array(z.string().check(z.maxLength(FLEET_LIMITS.commandCharacters)))
    .check(z.maxLength(FLEET_LIMITS.commandCharacters + 1)),
  cwd: path,
  exit: z.nullable(exitShape().check(z.refine((exit) => !('signal' in exit) || isWord(exit.signal)))),
  createdAt: word,
});
/** What the fleet is told of a session. */
export type AnnouncedSession = z.infer<typeof announcedSession>;

const announcement = z.object({
  sessions: z.array(z.unknown()),
  /** So many more there are, for which there was no room. */
  omitted: z.int().check(z.gte(0)),
});
export interface AnnouncedSessions {
  readonly sessions: readonly AnnouncedSession[];
  readonly omitted: number;
}

/** No host is believed to be honest: what is none is undefined, and what is too much, or no session, is counted as omitted. */
export function parseAnnouncement(bytes: Uint8Array): AnnouncedSessions | undefined {
  const parsed = announcement.safeParse(parseJson(inflated(bytes)));
  if (!parsed.success) return undefined;
  const { sessions: all, omitted } = parsed.data;
  const sessions = all.slice(0, LIMITS.sessions).flatMap((one): AnnouncedSession[] => {
    const session = announcedSession.safeParse(one);
    return session.success ? [session.data] : [];
  });
  return { sessions, omitted: Math.min(omitted + all.length - sessions.length, Number.MAX_SAFE_INTEGER) };
}

/** Nothing for what is not compressed, or becomes too large. */
function inflated(bytes: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength: FLEET_LIMITS.inflatedBytes });
  } catch {
    return new Uint8Array(); // ERR_BUFFER_TOO_LARGE, or what zlib says
  }
}

function isWord(text: string): boolean {
  return word.safeParse(text).success;
}
