import type { DaemonView } from '@holdfast/supervisor';
import * as z from 'zod';
import type { Namespace } from '../daemons/namespace.ts';
import { Mailbox } from './mailbox.ts';
import {
  health,
  namespace,
  restartResult,
  resumeResult,
  session,
  updateResult,
  updateStatus,
} from './schemas.ts';
import { procedure, router } from './trpc.ts';

const ofNamespace = z.object({ namespace }).prefault({});
/** It is asked for by dialogs, which rather say that nobody knows. */
const LIST_MS = 3_000;

export const daemonRouter = router({
  getUpdateStatus: procedure
    .meta({ summary: 'whether the daemon is of this build, and what became of the last update; never waits' })
    .input(ofNamespace)
    .output(updateStatus)
    .query(({ ctx, input }) => ctx.namespaces.get(input.namespace).view.update),

  getHealth: procedure
    .meta({ summary: 'whether the daemon answers, and since when it does not; never waits' })
    .input(ofNamespace)
    .output(health)
    .query(({ ctx, input }) => healthOf(ctx.namespaces.get(input.namespace).view)),

  listSessions: procedure
    .meta({ summary: 'the sessions that a restart would end' })
    .input(ofNamespace)
    .output(z.array(session.pick({ id: true, name: true, pid: true, cols: true, rows: true, state: true })))
    .query(async ({ ctx, input }) => {
      const client = await ctx.namespaces.get(input.namespace).client();
      return (await client.request('list', {}, { timeoutMs: LIST_MS })).sessions;
    }),

  update: procedure
    .meta({ summary: 'replace the daemon by this build, keeping every session; a failure is a value' })
    .input(ofNamespace)
    .output(updateResult)
    .mutation(({ ctx, input }) => ctx.namespaces.get(input.namespace).supervisor.upgrade()),

  restart: procedure
    .meta({ summary: 'end every session, and start the daemon anew' })
    .input(ofNamespace)
    .output(restartResult)
    .mutation(async ({ ctx, input }) => {
      const restarted = await ctx.namespaces.get(input.namespace).supervisor.restart();
      return { ended: restarted.kind === 'stopped' ? restarted.ended : null };
    }),

  resume: procedure
    .meta({ summary: 'start the daemon again after it died too often' })
    .input(ofNamespace)
    .output(resumeResult)
    .mutation(({ ctx, input }) => ctx.namespaces.get(input.namespace).supervisor.resume()),

  dismissUpdateFailure: procedure
    .meta({ summary: 'forget the last failure of an update' })
    .input(ofNamespace)
    .output(z.object({}))
    .mutation(({ ctx, input }) => {
      ctx.namespaces.get(input.namespace).supervisor.dismissUpdateFailure();
      return {};
    }),

  onDaemon: procedure
    .meta({ summary: 'health and update status now, and whenever one of them changes' })
    .input(ofNamespace)
    .subscription(({ ctx, input, signal }) =>
      daemonChanges(ctx.namespaces.get(input.namespace), signal ?? new AbortController().signal),
    ),
});

function healthOf({ state, unreachableSince }: DaemonView): z.infer<typeof health> {
  if (state === 'serving') return { reachable: true, unreachableForMs: null };
  const sinceMs = unreachableSince === null ? Date.now() : Date.parse(unreachableSince);
  return { reachable: false, unreachableForMs: Math.max(0, Date.now() - sinceMs) };
}

async function* daemonChanges(namespace: Namespace, signal: AbortSignal) {
  const told = (view: DaemonView) => ({ health: healthOf(view), update: view.update });
  const mailbox = new Mailbox<ReturnType<typeof told>>(signal);
  const stop = namespace.onView((view) => mailbox.put('view', told(view)));
  mailbox.put('view', told(namespace.view));
  try {
    yield* mailbox;
  } finally {
    stop();
  }
}
