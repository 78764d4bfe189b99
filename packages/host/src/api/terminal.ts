import { homedir } from 'node:os';
import type { Client } from '@holdfast/client';
import { HoldfastError, type OpenParameters } from '@holdfast/protocol';
import { TRPCError } from '@trpc/server';
import * as z from 'zod';
import type { Use } from '../daemons/pool.ts';
import { changes } from './changes.ts';
import { daemonRouter } from './daemon.ts';
import { restoreLost, restoreSession, type Surroundings } from './restore.ts';
import {
  captured,
  captureInput,
  createInput,
  type CreateInput,
  namespace,
  restoredLost,
  session,
  sessionRef,
  size,
  waitInput,
  waitResult,
} from './schemas.ts';
import { sendText } from './send.ts';
import { sessionChanges } from './session-changes.ts';
import { shareRouter } from './share.ts';
import { type ApiContext, procedure, router, sharedProcedure } from './trpc.ts';
import { whileWelcome } from './visit.ts';
import { waitFor } from './wait.ts';

const ofSession = z.object({ namespace, session: sessionRef });

/** A program that is killed has five seconds to go; see docs/protocol.md. */
const KILL_MS = 15_000;

export const terminalRouter = router({
  daemon: daemonRouter,
  share: shareRouter,

  create: procedure
    .meta({ summary: 'start a program in a new session; starts the daemon if none runs' })
    .input(createInput.prefault({}))
    .output(session)
    .mutation(async ({ ctx, input }) => {
      using use = ctx.namespaces.useToStart(input.namespace);
      const client = await use.thing.clientOrStart();
      return (await client.request('open', openParameters(input, ctx))).session;
    }),

  list: procedure
    .meta({ summary: 'all sessions, oldest first, exited ones too' })
    .input(z.object({ namespace }).prefault({}))
    .output(z.array(session))
    .query(async ({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      const client = await use.thing.client();
      return (await client.request('list', {})).sessions;
    }),

  get: sharedProcedure
    .meta({ summary: 'one session' })
    .input(ofSession)
    .output(session)
    .query(async ({ ctx, input }) => {
      using use = useForAll(ctx, input.namespace);
      const client = await use.thing.client();
      return (await client.request('get', { session: input.session })).session;
    }),

  rename: procedure
    .meta({ summary: 'give a session another name' })
    .input(ofSession.extend({ name: z.string() }))
    .output(session)
    .mutation(async ({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      const client = await use.thing.client();
      return (await client.request('rename', { session: input.session, name: input.name })).session;
    }),

  resize: procedure
    .meta({ summary: "set a terminal's size, until its leader's changes" })
    .input(ofSession.extend(size.shape))
    .output(session)
    .mutation(async ({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      const client = await use.thing.client();
      const { cols, rows } = input;
      return (await client.request('resize', { session: input.session, cols, rows })).session;
    }),

  send: procedure
    .meta({ summary: "type text; answered when the program's terminal has taken all of it" })
    .input(ofSession.extend({ text: z.string().max(1_048_576), enter: z.boolean().default(false) }))
    .output(z.object({ bytes: z.int() }))
    .mutation(async ({ ctx, input, signal }) => {
      using use = ctx.namespaces.use(input.namespace);
      const client = await use.thing.client();
      return { bytes: await sendText(client, input, signal) };
    }),

  wait: procedure
    .meta({ summary: 'wait until a session has exited, has printed a text, or is silent' })
    .input(waitInput)
    .output(waitResult)
    // It changes nothing, but a query could be repeated by whoever is in between.
    .mutation(async ({ ctx, input, signal }) => {
      using use = ctx.namespaces.use(input.namespace);
      const client = await use.thing.client();
      return await waitFor(client, input, signal);
    }),

  capture: sharedProcedure
    .meta({ summary: 'what the terminal shows, as text, with colours or as HTML' })
    .input(captureInput)
    .output(captured)
    .query(async ({ ctx, input }) => {
      const { principal, guestCaptures, answer } = ctx;
      if (principal.share) guestCaptures.begin(principal.grantId, answer);
      using use = useForAll(ctx, input.namespace);
      const client = await use.thing.client();
      const { session, format, historyLines } = input;
      return await client.request('capture', { session, format, historyLines });
    }),

  kill: procedure
    .meta({ summary: 'hang up, then end everything that is left of the session by force' })
    .input(ofSession)
    .output(session)
    .mutation(async ({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      const client = await use.thing.client();
      return (await client.request('kill', { session: input.session }, { timeoutMs: KILL_MS })).session;
    }),

  forget: procedure
    .meta({ summary: 'drop an exited session and its history' })
    .input(ofSession)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      using use = ctx.namespaces.use(input.namespace);
      const client = await use.thing.client();
      return await client.request('forget', { session: input.session });
    }),

  restore: procedure
    .meta({ summary: 'start the program of an exited session anew: same session, what it had printed stays' })
    .input(ofSession)
    .output(session)
    .mutation(async ({ ctx, input }) => {
      using use = ctx.namespaces.useToStart(input.namespace);
      return await restoreSession(await use.thing.clientOrStart(), input.session, surroundings(ctx));
    }),

  restoreLost: procedure
    .meta({ summary: 'restore all sessions whose end nobody saw, as far as that can be done' })
    .input(z.object({ namespace }).prefault({}))
    .output(restoredLost)
    .mutation(async ({ ctx, input }) => {
      using use = ctx.namespaces.useToStart(input.namespace);
      return await restoreLost(await use.thing.clientOrStart(), surroundings(ctx));
    }),

  onSessions: procedure
    .meta({ summary: 'all sessions, and then each change of one' })
    .input(z.object({ namespace }).prefault({}))
    .subscription(({ ctx, input, signal: caller }) =>
      whileWelcome(ctx, { ...input, caller }, sessionChanges),
    ),

  onChanges: procedure
    .meta({ summary: 'what onSessions and onDaemon tell, and which sessions print, on one stream' })
    .input(z.object({ namespace }).prefault({}))
    .subscription(({ ctx, input, signal: caller }) => whileWelcome(ctx, { ...input, caller }, changes)),
});

/** A connection for whoever asks: for who may see one session only, one on which the daemon refuses every other. */
function useForAll(
  { principal: { share }, namespaces }: Pick<ApiContext, 'principal' | 'namespaces'>,
  namespace: string | undefined,
): Use<{ client(): Promise<Client> }> {
  if (!share) return namespaces.use(namespace);
  if (namespace !== undefined && namespace !== share.namespace)
    throw new TRPCError({ code: 'FORBIDDEN', message: 'this token is for another namespace' });
  return namespaces.shared(share);
}

function openParameters(input: CreateInput, ctx: Pick<ApiContext, 'env' | 'programs'>): OpenParameters {
  const { command, name, cols, rows, historyBytes, historyIn } = input;
  // As a shell does, for a path that somebody has typed into a form.
  const cwd = (input.cwd ?? '~').replace(/^~(?=\/|$)/, () => homedir());
  if (!cwd.startsWith('/')) throw new HoldfastError('E_CWD', `the folder must be absolute, not ${cwd}`);
  const around = surroundings(ctx);
  return {
    command,
    cwd,
    cols,
    rows,
    ...around,
    env: { ...around.env, ...input.env },
    ...(name === undefined ? {} : { name }),
    ...(historyBytes === undefined ? {} : { historyBytes }),
    ...(historyIn === undefined ? {} : { historyIn }),
  };
}

/** The host's own environment, less what is true only of its terminal; its mask and limits. */
function surroundings({ env: hostEnv, programs }: Pick<ApiContext, 'env' | 'programs'>): Surroundings {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(hostEnv))
    if (value !== undefined && !NOT_INHERITED.test(key)) env[key] = value;
  return { ...programs, env: { ...env, TERM: 'xterm-256color', COLORTERM: 'truecolor' } };
}

const NOT_INHERITED = /^(COLUMNS|LINES|TERM_PROGRAM.*|HOLDFAST_SESSION|HOLDFAST_TEST_.*)$/;
