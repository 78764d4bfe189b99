import { HoldfastError, type OpenParameters } from '@holdfast/protocol';
import * as z from 'zod';
import { changes } from './changes.ts';
import { daemonRouter } from './daemon.ts';
import { restoreLost, restoreSession } from './restore.ts';
import {
  captured,
  captureInput,
  createInput,
  type CreateInput,
  machine,
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
import { type ProgramSurroundings, surroundingsOf } from './surroundings.ts';
import { procedure, router, sharedProcedure } from './trpc.ts';
import { useDaemon, useDaemonToStart, useForAll } from './use-daemon.ts';
import { whileWelcome } from './visit.ts';
import { waitFor } from './wait.ts';

const ofSession = z.object({ namespace, machine, session: sessionRef });

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
      using use = useDaemonToStart(ctx, input);
      const around = await surroundingsOf(ctx, input.machine);
      const client = await use.thing.client();
      return (await client.request('open', openParameters(input, around))).session;
    }),

  list: procedure
    .meta({ summary: 'all sessions, oldest first, exited ones too' })
    .input(z.object({ namespace, machine }).prefault({}))
    .output(z.array(session))
    .query(async ({ ctx, input }) => {
      using use = useDaemon(ctx, input);
      const client = await use.thing.client();
      return (await client.request('list', {})).sessions;
    }),

  get: sharedProcedure
    .meta({ summary: 'one session' })
    .input(ofSession)
    .output(session)
    .query(async ({ ctx, input }) => {
      using use = useForAll(ctx, input);
      const client = await use.thing.client();
      return (await client.request('get', { session: input.session })).session;
    }),

  rename: procedure
    .meta({ summary: 'give a session another name' })
    .input(ofSession.extend({ name: z.string() }))
    .output(session)
    .mutation(async ({ ctx, input }) => {
      using use = useDaemon(ctx, input);
      const client = await use.thing.client();
      return (await client.request('rename', { session: input.session, name: input.name })).session;
    }),

  resize: procedure
    .meta({ summary: "set a terminal's size, until its leader's changes" })
    .input(ofSession.extend(size.shape))
    .output(session)
    .mutation(async ({ ctx, input }) => {
      using use = useDaemon(ctx, input);
      const client = await use.thing.client();
      const { cols, rows } = input;
      return (await client.request('resize', { session: input.session, cols, rows })).session;
    }),

  send: procedure
    .meta({ summary: "type text; answered when the program's terminal has taken all of it" })
    .input(ofSession.extend({ text: z.string().max(1_048_576), enter: z.boolean().default(false) }))
    .output(z.object({ bytes: z.int() }))
    .mutation(async ({ ctx, input, signal }) => {
      using use = useDaemon(ctx, input);
      const client = await use.thing.client();
      return { bytes: await sendText(client, input, signal) };
    }),

  wait: procedure
    .meta({ summary: 'wait until a session has exited, has printed a text, or is silent' })
    .input(waitInput)
    .output(waitResult)
    // It changes nothing, but a query could be repeated by whoever is in between.
    .mutation(async ({ ctx, input, signal }) => {
      using use = useDaemon(ctx, input);
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
      using use = useForAll(ctx, input);
      const client = await use.thing.client();
      const { session, format, historyLines } = input;
      return await client.request('capture', { session, format, historyLines });
    }),

  kill: procedure
    .meta({ summary: 'hang up, then end everything that is left of the session by force' })
    .input(ofSession)
    .output(session)
    .mutation(async ({ ctx, input }) => {
      using use = useDaemon(ctx, input);
      const client = await use.thing.client();
      return (await client.request('kill', { session: input.session }, { timeoutMs: KILL_MS })).session;
    }),

  forget: procedure
    .meta({ summary: 'drop an exited session and its history' })
    .input(ofSession)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      using use = useDaemon(ctx, input);
      const client = await use.thing.client();
      return await client.request('forget', { session: input.session });
    }),

  restore: procedure
    .meta({ summary: 'start the program of an exited session anew: same session, what it had printed stays' })
    .input(ofSession)
    .output(session)
    .mutation(async ({ ctx, input }) => {
      using use = useDaemonToStart(ctx, input);
      const { passed } = await surroundingsOf(ctx, input.machine);
      return await restoreSession(await use.thing.client(), input.session, passed);
    }),

  restoreLost: procedure
    .meta({ summary: 'restore all sessions whose end nobody saw, as far as that can be done' })
    .input(z.object({ namespace, machine }).prefault({}))
    .output(restoredLost)
    .mutation(async ({ ctx, input }) => {
      using use = useDaemonToStart(ctx, input);
      const { passed } = await surroundingsOf(ctx, input.machine);
      return await restoreLost(await use.thing.client(), passed);
    }),

  onSessions: procedure
    .meta({ summary: 'all sessions, and then each change of one' })
    .input(z.object({ namespace }).prefault({}))
    .subscription(({ ctx, input, signal: caller }) =>
      whileWelcome(ctx, { ...input, caller }, sessionChanges),
    ),

  onChanges: procedure
    .meta({ summary: 'what onSessions and onDaemon tell, and which sessions print, on one stream' })
    .input(
      z
        .object({ namespace, machines: z.boolean().default(false).describe('those of the fleet, too') })
        .prefault({}),
    )
    .subscription(({ ctx, input: { namespace, machines: isAsked }, signal: caller }) => {
      const machines = isAsked ? { machines: ctx.machines } : undefined;
      return whileWelcome(ctx, { namespace, caller }, (own, signal) => changes(own, signal, machines));
    }),
});

function openParameters(input: CreateInput, { home, passed }: ProgramSurroundings): OpenParameters {
  const { command, name, cols, rows, historyBytes, historyIn } = input;
  // As a shell does, for a path that somebody has typed into a form.
  const cwd = (input.cwd ?? '~').replace(/^~(?=\/|$)/, () => home);
  if (!cwd.startsWith('/')) throw new HoldfastError('E_CWD', `the folder must be absolute, not ${cwd}`);
  return {
    command,
    cwd,
    cols,
    rows,
    ...passed,
    env: { ...passed.env, ...input.env },
    ...(name === undefined ? {} : { name }),
    ...(historyBytes === undefined ? {} : { historyBytes }),
    ...(historyIn === undefined ? {} : { historyIn }),
  };
}
