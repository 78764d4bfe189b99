import type { Client } from '@holdfast/client';

/** Resolves when the thread of the screens runs, which has descriptors of its own: a flood starts it whenever it has come so far. */
export async function startScreens(client: Client, session: string): Promise<void> {
  await client.request('capture', { session, format: 'text' });
}
