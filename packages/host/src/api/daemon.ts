import { readHistory } from '@holdfast/supervisor';
import * as z from 'zod';
import { daemonChanges, healthOf } from './daemon-changes.ts';
import {
  health,
  historyEntry,
  namespace,
  restartResult,
  resumeResult,
  session,
  updateResult,
  updateStatus,
} from './schemas.ts';
import { procedure, router } from './trpc.ts';
import { whileWelcome } from './visit.ts';

const ofNamespace = z.object({ namespace }).prefault({});
/** It is asked for by dialogs, which rather say that nobody knows. */
const LIST_MS = 3_000;
const HISTORY_MAX = 200;

export const daemonRouter = router({
  getUpdateStatus: procedure
    .meta({ summary: 'whether the daemon is of this build, and what became of the last update; never waits' })
    .input(ofNamespace)
    .output(updateStatus)
    .query(({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      return use.thing.view.update;
    }),

  getHealth: procedure
    .meta({ summary: 'whether the daemon answers, and since when it does not; never waits' })
    .input(ofNamespace)
    .output(health)
    .query(({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      return healthOf(use.thing.view);
    }),

  listSessions: procedure
    .meta({ summary: 'the sessions that a restart would end' })
    .input(ofNamespace)
    .output(z.array(session.pick({ id: true, name: true, pid: true, cols: true, rows: true, state: true })))
    .query(async ({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      const client = await use.thing.client();
      return (await client.request('list', {}, { timeoutMs: LIST_MS })).sessions;
    }),

  getHistory: procedure
    .meta({
      summary: 'updates, crashes and restarts, newest first, as the supervisors have written them down',
    })
    .input(z.object({ namespace, limit: z.int().min(1).max(HISTORY_MAX).default(50) }).prefault({}))
    .output(z.array(historyEntry))
    .query(async ({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      return await readHistory(use.thing.home, input.limit);
    }),

  getMemory: procedure
    .meta({
      summary:
        'bytes of memory that each running session has, with all that it has started; null where nobody can tell',
    })
    .input(ofNamespace)
    .output(z.record(z.string(), z.int()).nullable())
    .query(async ({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      const client = await use.thing.client();
      const { sessions } = await client.request('list', {}, { timeoutMs: LIST_MS });
      const memory = await ctx.memory.of(sessions.filter(({ state }) => state === 'running'));
      return memory ? Object.fromEntries(memory) : null;
    }),

  update: procedure
    .meta({ summary: 'replace the daemon by this build, keeping every session; a failure is a value' })
    .input(ofNamespace)
    .output(updateResult)
    .mutation(async ({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      return await use.thing.supervisor.upgrade();
    }),

  restart: procedure
    .meta({ summary: 'end every session, and start the daemon anew' })
    .input(ofNamespace)
    .output(restartResult)
    .mutation(async ({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      const restarted = await use.thing.supervisor.restart();
      return { ended: restarted.kind === 'stopped' ? restarted.ended : null };
    }),

  resume: procedure
    .meta({ summary: 'start the daemon again after it died too often' })
    .input(ofNamespace)
    .output(resumeResult)
    .mutation(async ({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      return await use.thing.supervisor.resume();
    }),

  dismissUpdateFailure: procedure
    .meta({ summary: 'forget the last failure of an update' })
    .input(ofNamespace)
    .output(z.object({}))
    .mutation(({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      use.thing.supervisor.dismissUpdateFailure();
      return {};
    }),

  onDaemon: procedure
    .meta({ summary: 'health and update status now, and whenever one of them changes' })
    .input(ofNamespace)
    .subscription(({ ctx, input, signal: caller }) => whileWelcome(ctx, { ...input, caller }, daemonChanges)),
});
