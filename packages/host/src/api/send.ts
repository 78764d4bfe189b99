import type { Client } from '@holdfast/client';

/** A program that takes nothing for so long is not waited for; what it has not been given by then is not typed. */
const TAKE_MS = 30_000;

/** Types a text; resolves with how many bytes that were, when the program's terminal has taken them. */
export async function sendText(
  client: Client,
  what: { readonly session: string; readonly text: string; readonly enter: boolean },
  signal: AbortSignal | undefined,
): Promise<number> {
  const bytes = Buffer.from(what.enter ? `${what.text}\r` : what.text);
  const input = await client.openInput(what.session);
  const close = () => void input.close();
  const timer = setTimeout(close, TAKE_MS);
  signal?.addEventListener('abort', close);
  try {
    await input.write(bytes);
    return bytes.length;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', close);
    void input.close();
  }
}
