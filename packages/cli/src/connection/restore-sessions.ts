import type { Client } from '@holdfast/client';
import { HoldfastError, type RequestParameters, type Session } from '@holdfast/protocol';
import type { Context } from '../context.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';
import { printable } from '../output/printable.ts';
import { sessionTable } from '../output/session-table.ts';
import { typedCommand } from '../output/typed-command.ts';
import { connectOrStartSilently } from './connect.ts';
import { requestToOpen } from './request-to-open.ts';
import { byAge } from './sessions.ts';

type Surroundings = Omit<RequestParameters<'restore'>, 'session'>;

interface Printing {
  readonly json: boolean;
}

/** Restores the sessions that are named, or none. Returns the exit code. */
export function restoreSessions(
  context: Context,
  references: readonly string[],
  printing: Printing,
): Promise<number> {
  return withDaemon(context, async (client) => {
    const found = new Map<string, Session>();
    // All are found before one is started: what can be seen to be wrong changes nothing.
    for (const reference of references) {
      const { session } = await client.request('get', { session: reference });
      if (session.state === 'running')
        throw new HoldfastError('E_RUNNING', `session ${session.name} is still running`);
      found.set(session.id, session);
    }
    const around = await surroundings(context);
    const restored: Session[] = [];
    for (const { id, name } of found.values()) {
      try {
        restored.push(await restore(client, id, around));
      } catch (error) {
        // One document only: under --json that is the error.
        if (!printing.json) tell(context, restored, printing);
        throw named(name, error);
      }
    }
    tell(context, restored, printing);
    return EXIT.done;
  });
}

/** Restores all that were lost, as far as that can be done. Returns the exit code. */
export function restoreLost(context: Context, printing: Printing): Promise<number> {
  return withDaemon(context, async (client) => {
    const lost = await lostSessions(client);
    const around = await surroundings(context);
    const restored: Session[] = [];
    let isWhole = true;
    for (const { id, name } of lost) {
      try {
        restored.push(await restore(client, id, around));
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error;
        isWhole = false;
        context.note(`holdfast: can't restore ${printable(named(name, error).message)}`);
      }
    }
    tell(context, restored, printing);
    return isWhole ? EXIT.done : EXIT.failed;
  });
}

/** Lists what `--all` would restore. Returns the exit code. */
export function listLost(context: Context, { json }: Printing): Promise<number> {
  return withDaemon(context, async (client) => {
    const lost = await lostSessions(client);
    if (json) context.print(jsonLine(lost));
    else if (lost.length === 0) context.note('[no session was lost]');
    else {
      const view = { now: Date.now(), userHome: context.env['HOME'], columns: context.columns };
      context.print(sessionTable(lost, view));
      const [all, one] = [typedCommand(context, 'restore', '--all'), typedCommand(context, 'restore', 'S')];
      context.note(`[${all} starts them anew, ${one} one of them]`);
    }
    return EXIT.done;
  });
}

async function withDaemon(context: Context, exchange: (client: Client) => Promise<number>): Promise<number> {
  const client = await connectOrStartSilently(context);
  try {
    return await exchange(client);
  } finally {
    client.close();
  }
}

/** Those whose end nobody saw, as that of the machine. */
async function lostSessions(client: Client): Promise<Session[]> {
  const { sessions } = await client.request('list', {});
  return byAge(sessions.filter(({ exit }) => exit !== null && 'lost' in exit));
}

async function restore(client: Client, id: string, around: Surroundings): Promise<Session> {
  try {
    return (await client.request('restore', { session: id, ...around })).session;
  } catch (cause) {
    if (!(cause instanceof HoldfastError) || cause.code !== 'E_UNKNOWN_REQUEST') throw cause;
    const message = 'the daemon is of an earlier version and restores nothing; run holdfast upgrade first';
    throw new HoldfastError(cause.code, message, { cause });
  }
}

/** Those that a session has that is opened now: here, or on the host that is meant. */
async function surroundings(context: Context): Promise<Surroundings> {
  const { env, umask, openFilesLimit } = await requestToOpen(context, { ...NOTHING_CHOSEN, cwd: '/' }, []);
  return {
    env,
    ...(umask === undefined ? {} : { umask }),
    ...(openFilesLimit === undefined ? {} : { openFilesLimit }),
  };
}

const NOTHING_CHOSEN = {
  name: undefined,
  env: [],
  size: undefined,
  history: undefined,
  'history-in': undefined,
};

/** Of several it must be said which. */
function named(name: string, error: unknown): HoldfastError {
  if (!(error instanceof HoldfastError)) throw error;
  return new HoldfastError(error.code, `${name}: ${error.message}`, { cause: error });
}

function tell({ print }: Context, restored: readonly Session[], { json }: Printing): void {
  if (json) print(jsonLine(restored));
  else for (const { id, name } of restored) print(`${id}  ${printable(name)}\n`);
}
