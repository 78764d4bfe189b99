import type { Client } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';
import { connectIfRunning } from '../connection/connect.ts';
import { withSession } from '../connection/with-session.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../output/exit-codes.ts';

export const forgetCommand = defineCommand({
  name: 'forget',
  summary: 'drop exited sessions and their histories',
  cannot: "can't forget",
  elsewhere: 'daemon',
  operands: { S: { ...SESSION_OPERAND, required: false, repeated: true } },
  options: { exited: { kind: 'flag', summary: 'drop all sessions that have exited' } },
  details: ['If one of several can not be dropped, none is.'],
  async run({ options, operands }, context) {
    const [first] = operands.S;
    if (options.exited) {
      if (first !== undefined) throw usageError('S and --exited exclude each other');
      await forgetAllExited(context);
    } else if (first === undefined) throw usageError('there is nothing to forget: give S or --exited');
    else await withSession(context, first, (client) => forget(client, operands.S));
    return EXIT.done;
  },
});

async function forget(client: Client, references: readonly string[]): Promise<void> {
  const ids = new Set<string>();
  // All are found before one is dropped: what fits only one session then might fit another afterwards.
  for (const reference of references) {
    const { session } = await client.request('get', { session: reference });
    if (session.state === 'running') {
      throw new HoldfastError('E_RUNNING', `session ${session.name} is still running`);
    }
    ids.add(session.id);
  }
  for (const session of ids) await client.request('forget', { session });
}

async function forgetAllExited(context: Context): Promise<void> {
  const client = await connectIfRunning(context);
  if (!client) return;
  try {
    const { sessions } = await client.request('list', {});
    for (const { id } of sessions.filter(({ state }) => state === 'exited')) {
      await client.request('forget', { session: id }).catch(unlessForgotten);
    }
  } finally {
    client.close();
  }
}

function unlessForgotten(error: unknown): void {
  if (!(error instanceof HoldfastError && error.code === 'E_NO_SESSION')) throw error;
}
