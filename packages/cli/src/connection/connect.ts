import { existsSync } from 'node:fs';
import { Client, type Connector, netConnector } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import * as supervisor from '@holdfast/supervisor/connect';
import type { Context } from '../context.ts';
import { typedCommand } from '../output/typed-command.ts';
import { upgradeIfOlder } from './auto-upgrade.ts';
import { CLIENT_NAME } from './client-name.ts';

/** Who asks for a session waits for a daemon that stands: none else can be had, and nothing is lost by it. */
const OPEN_PATIENCE_MS = 30_000;
/** Networks are away for longer than daemons are. */
const ELSEWHERE_PATIENCE_MS = 120_000;

export interface ConnectOptions {
  readonly connector: Connector;
  /** Whether a lost connection is made again; by default it is not. */
  readonly reconnect?: boolean;
  /** How long a daemon that does not answer is waited for; by default as long as the protocol says. */
  readonly helloTimeoutMs?: number;
}

/** For an exchange of a few messages, which needs no loop of its own. */
function brief({ socketPath }: Context): ConnectOptions {
  return { connector: netConnector(socketPath) };
}

/**
 * Connects to the daemon of this home; undefined if none runs. Throws E_NO_DAEMON if one does but can't be reached, E_HELD if
 * its keeper starts none.
 */
export function connectIfRunning(
  context: Context,
  options: ConnectOptions = brief(context),
): Promise<Client | undefined> {
  if (context.host !== undefined) return connectElsewhere(options);
  return supervisor.connectIfRunning(context.home, { name: CLIENT_NAME, ...options });
}

/** Through a bridge. Its host starts its daemon if it must, so that none running is a failure. */
function connectElsewhere({ reconnect = false, ...options }: ConnectOptions): Promise<Client> {
  return Client.connect({
    name: CLIENT_NAME,
    helloTimeoutMs: OPEN_PATIENCE_MS,
    ...options,
    reconnect: reconnect && { giveUpAfterMs: ELSEWHERE_PATIENCE_MS },
  });
}

/** Connects for a command about a session: without a daemon there is no such session. */
export async function connectForSession(
  context: Context,
  session: string,
  options: ConnectOptions = brief(context),
): Promise<Client> {
  const client = await connectIfRunning(context, options);
  if (client) return context.host === undefined ? upToDate(client, context) : client;
  throw new HoldfastError('E_NO_SESSION', `no such session: ${session} (${whyNone(context)})`);
}

/** Of an older daemon it becomes one of this build, by itself and unbroken. */
async function upToDate(client: Client, context: Context): Promise<Client> {
  await upgradeIfOlder(client.daemon, context);
  return client;
}

/** Why no daemon runs, as far as can be told; and where the sessions are that somebody may look for. */
export function whyNone(context: Context): string {
  return afterCrash(context) ?? 'no daemon is running';
}

/** Says where sessions are that somebody may look for: none runs. */
export function tellOfCrash(context: Context): void {
  const why = afterCrash(context);
  if (why !== undefined) context.note(`[${why}]`);
}

function afterCrash(context: Context): string | undefined {
  if (!hasCrashed(context)) return undefined;
  return `the daemon ended unexpectedly, and its sessions with it; ${typedCommand(context, 'restore')} lists them`;
}

/** If no daemon runs: one that was stopped has removed its socket. */
function hasCrashed({ home }: Context): boolean {
  return existsSync(home.socketPath);
}

/** Connects. If no daemon runs it starts one, and says which sessions have ended with the one before. */
export async function connectOrStart(
  context: Context,
  options: ConnectOptions = brief(context),
): Promise<Client> {
  const running = await connectUpToDate(context, options);
  if (running) return running;
  const started = await startAndConnect(context, options);
  const { tellOfLostSessions } = await import('./lost-sessions.ts');
  await tellOfLostSessions(started, context);
  return started;
}

/** As `connectOrStart`, for a command that is about what has ended: it says so itself. */
export async function connectOrStartSilently(context: Context): Promise<Client> {
  const options = brief(context);
  return (await connectUpToDate(context, options)) ?? startAndConnect(context, options);
}

async function connectUpToDate(context: Context, options: ConnectOptions): Promise<Client | undefined> {
  const client = await connectIfRunning(context, { helloTimeoutMs: OPEN_PATIENCE_MS, ...options });
  return client && context.host === undefined ? upToDate(client, context) : client;
}

async function startAndConnect(context: Context, options: ConnectOptions): Promise<Client> {
  const { startDaemon } = await import('./start-daemon.ts');
  await startDaemon(context, options.connector);
  return supervisor.connect(context.home, { name: CLIENT_NAME, ...options });
}
