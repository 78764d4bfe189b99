import { existsSync } from 'node:fs';
import { Client, type Connector, netConnector } from '@holdfast/client';
import { HoldfastError, VERSION } from '@holdfast/protocol';
import { checkHome } from '@holdfast/supervisor/home';
import { refuseIfHeld } from '@holdfast/supervisor/keeper-report';
import type { Context } from '../context.ts';

/** A daemon that owns the home but does not accept yet, is starting: that takes a fraction of this. */
const START_PATIENCE_MS = 5_000;
const RETRY_MS = 50;
/** Without a hello for so long it is looked whether there can be one; and then again and again. */
const HELLO_PATIENCE_MS = 1_000;
const LOOK_AGAIN_MS = 250;

export interface ConnectOptions {
  readonly connector: Connector;
  /** Whether a lost connection is made again; by default it is not. */
  readonly reconnect?: boolean;
}

/** For an exchange of a few messages, which needs no loop of its own. */
function brief({ home }: Context): ConnectOptions {
  return { connector: netConnector(home.socketPath) };
}

/**
 * Connects to the daemon of this home; undefined if none runs. Throws E_NO_DAEMON if one does but can't be reached, E_HELD if
 * its keeper starts none.
 */
export async function connectIfRunning(
  context: Context,
  options: ConnectOptions = brief(context),
): Promise<Client | undefined> {
  checkHome(context.home);
  const deadline = performance.now() + START_PATIENCE_MS;
  for (;;) {
    try {
      return await connect(context, options);
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'E_NO_DAEMON') throw error;
      if (!(await isHomeTaken(context))) return undefined;
      if (performance.now() > deadline) throw error;
    }
    await new Promise<void>((resolve) => void options.connector.after(RETRY_MS, resolve));
  }
}

/** Connects for a command about a session: without a daemon there is no such session. */
export async function connectForSession(
  context: Context,
  session: string,
  options: ConnectOptions = brief(context),
): Promise<Client> {
  const client = await connectIfRunning(context, options);
  if (client) return client;
  throw new HoldfastError('E_NO_SESSION', `no such session: ${session} (${whyNone(context)})`);
}

/** Why no daemon runs, as far as can be told: one that was stopped has removed its socket. */
export function whyNone({ home }: Context): string {
  return existsSync(home.socketPath)
    ? 'the daemon was killed, and its programs ended with it'
    : 'no daemon is running';
}

/** Connects, and starts the daemon before if none runs. */
export async function connectOrStart(
  context: Context,
  options: ConnectOptions = brief(context),
): Promise<Client> {
  const client = await connectIfRunning(context, options);
  if (client) return client;
  const [{ startDaemon }, { tellOfLostSessions }] = await Promise.all([
    import('./start-daemon.ts'),
    import('./lost-sessions.ts'),
  ]);
  await startDaemon(context, options.connector);
  const started = await connect(context, options);
  await tellOfLostSessions(started, context);
  return started;
}

function connect({ home }: Context, { connector, reconnect = false }: ConnectOptions): Promise<Client> {
  refuseIfHeld(home);
  return new Promise((resolve, reject) => {
    let isSettled = false;
    // The keeper listens for a daemon that is dead: a connect succeeds, and nobody says hello.
    const look = () => {
      if (isSettled) return;
      try {
        refuseIfHeld(home);
      } catch (error) {
        reject(error);
        return;
      }
      connector.after(LOOK_AGAIN_MS, look);
    };
    connector.after(HELLO_PATIENCE_MS, look);
    Client.connect({ connector, name: 'holdfast', version: VERSION, reconnect })
      .then(resolve, reject)
      .finally(() => {
        isSettled = true;
      });
  });
}

/** Whether a daemon owns the home. Asked only if nothing listens, since it loads libc. */
async function isHomeTaken({ home }: Context): Promise<boolean> {
  if (!existsSync(home.lockPath)) return false;
  const { isHomeInUse } = await import('./home-lock.ts');
  return isHomeInUse(home);
}
