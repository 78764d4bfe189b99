import { close } from '@holdfast/posix';
import * as z from 'zod/mini';
import type { HistoryPlace } from '../session/session-files.ts';
import { stateShape } from '../session/state-parser.ts';
import type { HandoffChannel, Received } from './channel.ts';
import { readDocument, writeDocument } from './document.ts';

const { id, historyIn, historyBytes } = stateShape.shape;

/**
 * What a successor can get ready while the predecessor still serves. It binds nobody: what the snapshot says counts, which
 * may hold sessions that are not in here, and lack some that are. Unknown fields are ignored.
 */
const previewShape = z.object({ histories: z.array(z.object({ id, historyIn, historyBytes })) });

export interface Preview {
  readonly histories: readonly HistoryPlace[];
}

export function sendPreview(channel: HandoffChannel, preview: Preview): void {
  const { memory, bytes } = writeDocument(preview);
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
