import { close } from '@holdfast/posix';
import * as z from 'zod/mini';
import type { HistoryPlace } from '../session/session-files.ts';
import { stateShape } from '../session/state-parser.ts';
import { type SuspendedSession, suspendedSessionShape } from '../session/suspended-session.ts';
import type { HandoffChannel, Received } from './channel.ts';
import { readDocument, writeText } from './document.ts';
import type { PreviewedSessions } from './previewed-sessions.ts';

const { id, historyIn, historyBytes } = stateShape.shape;

/**
 * What a successor can get ready while the predecessor still serves. It binds nobody: what the snapshot says counts, which
 * may hold sessions that are not in here, and lack some that are. Unknown fields are ignored.
 */
const previewShape = z.object({
  histories: z.array(z.object({ id, historyIn, historyBytes })),
  /** As the snapshot would have them now; it may name one by its place in here. Absent from builds that don't. */
  sessions: z._default(z.array(suspendedSessionShape), []),
});

export interface Preview {
  readonly histories: readonly HistoryPlace[];
  readonly sessions: readonly SuspendedSession[];
}

export interface OutgoingPreview {
  readonly histories: readonly HistoryPlace[];
  readonly sessions: PreviewedSessions;
}

export function sendPreview(channel: HandoffChannel, { histories, sessions }: OutgoingPreview): void {
  const { memory, bytes } = writeText(
    `{"histories":${JSON.stringify(histories)},"sessions":${sessions.text}}`,
  );
  try {
    channel.send({ type: 'preview', bytes }, [memory]);
  } finally {
    close(memory);
  }
}

/** Reads what `sendPreview` sent. Throws Error if it can't be read. */
export function receivePreview({ message, fds }: Received): Preview {
  const [memory] = fds;
  if (message.type !== 'preview' || memory === undefined) throw new Error('the preview has no content');
  return previewShape.parse(JSON.parse(readDocument({ memory, bytes: message.bytes })));
}
