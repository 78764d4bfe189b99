import type { Client } from '@holdfast/client';
import type { HoldfastError } from '@holdfast/protocol';

/**
 * Resolves when the thread of the screens runs, which has descriptors of its own: a flood starts it whenever it has come so far. A daemon
 * that is not bundled has no program for it, and never starts it.
 */
export async function startScreens(client: Client, session: string): Promise<void> {
  const captured = client.request('capture', { session, format: 'text' });
  await captured.catch((error: HoldfastError) => {
    if (!error.message.startsWith('no screen can be made: Error: ENOENT')) throw error;
  });
}
