import type { Client } from '@holdfast/client';
import type { Context } from '../context.ts';
import { connectForSession } from './connect.ts';

/** Runs a short exchange about a session on a connection of its own. */
export async function withSession<T>(
  context: Context,
  session: string,
  exchange: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connectForSession(context, session);
  try {
    return await exchange(client);
  } finally {
    client.close();
  }
}
