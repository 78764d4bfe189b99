import { BUILD, VERSION } from '@holdfast/protocol';
import * as z from 'zod';
import type { Namespace } from '../daemons/namespace.ts';
import { Mailbox } from './mailbox.ts';
import { health, namespace, session, updateStatus } from './schemas.ts';
import { procedure, router } from './trpc.ts';

const ofNamespace = z.object({ namespace }).prefault({});

export const daemonRouter = router({
  getUpdateStatus: procedure
    .meta({ summary: 'whether the daemon is of this build, and what became of the last update; never waits' })
    .input(ofNamespace)
    .output(updateStatus)
    .query(({ ctx, input }) => updateStatusOf(ctx.namespaces.get(input.namespace))),

  getHealth: procedure
    .meta({ summary: 'whether the daemon answers, and since when it does not; never waits' })
    .input(ofNamespace)
    .output(health)
    .query(({ ctx, input }) => ctx.namespaces.get(input.namespace).health.report),

  listSessions: procedure
    .meta({ summary: 'the sessions that a restart would end or keep' })
    .input(ofNamespace)
    .output(z.array(session.pick({ id: true, name: true, pid: true, cols: true, rows: true, state: true })))
    .query(async ({ ctx, input }) => {
      const client = await ctx.namespaces.get(input.namespace).client();
      return (await client.request('list', {}, { timeoutMs: LIST_MS })).sessions;
    }),

  onDaemon: procedure
    .meta({ summary: 'health and update status now, and whenever one of them changes' })
    .input(ofNamespace)
    .subscription(({ ctx, input, signal }) =>
      daemonChanges(ctx.namespaces.get(input.namespace), signal ?? new AbortController().signal),
    ),
});

/** It is asked for by dialogs, which rather say that nobody knows. */
const LIST_MS = 3_000;

function updateStatusOf({ health: { daemon } }: Namespace): z.infer<typeof updateStatus> {
  return {
    pending: daemon !== undefined && daemon.build !== BUILD,
    running: daemon ? `${daemon.version}+${daemon.build}` : null,
    available: `${VERSION}+${BUILD}`,
    failure: null,
  };
}

async function* daemonChanges(namespace: Namespace, signal: AbortSignal) {
  const state = () => ({ health: namespace.health.report, update: updateStatusOf(namespace) });
  const mailbox = new Mailbox<ReturnType<typeof state>>(signal);
  const stop = namespace.health.listen(() => mailbox.put('state', state()));
  try {
    await namespace.health.ask();
    mailbox.put('state', state());
    yield* mailbox;
  } finally {
    stop();
  }
}
