import type { Client } from '@holdfast/client';
import type { Session } from '@holdfast/protocol';

/** What a terminal shows; of a text that is too long, the end. */
export async function readScreen(
  client: Client,
  { id }: Session,
  { format, maxBytes, historyLines }: { format: 'text' | 'ansi'; maxBytes: number; historyLines: number },
) {
  const captured = await client.request('capture', { session: id, format, historyLines });
  const { cols, rows, cursor, title, alternate, incomplete, offset } = captured;
  const { session } = await client.request('get', { session: id });
  const text = newest(captured.text, maxBytes);
  const cutBytes = Buffer.byteLength(captured.text) - Buffer.byteLength(text);
  return {
    text,
    cols,
    rows,
    cursor,
    fullScreen: alternate,
    next: offset,
    end: session.offset,
    ...(title === undefined ? {} : { title }),
    ...(incomplete.length > 0 ? { incomplete } : {}),
    ...(cutBytes > 0 ? { cutBytes } : {}),
  };
}

/** The last whole lines; of one that is too long itself, its end. */
function newest(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const line = bytes.indexOf(0x0a, bytes.length - maxBytes - 1) + 1;
  const isLine = line > 0 && line < bytes.length;
  let at = isLine ? line : bytes.length - maxBytes;
  while (((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return bytes.toString('utf8', at);
}
