import type { Client, Connector } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import { connectIfRunning } from './connect.ts';
import type { EventSink } from './events.ts';
import type { Home } from './home.ts';
import { isHomeInUse } from './home-lock.ts';
import { checkHome } from './home.ts';
import type { Installation } from './installation.ts';
import type { LaunchOptions } from './launch.ts';

/** What the verbs of one supervisor work with. */
export interface Surroundings {
  readonly home: Home;
  readonly installation: Required<Installation>;
  /** Of the process that supervises; a daemon that it starts gets a small part of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly connector: Connector;
  /** What this program is, for the daemon's log. */
  readonly name: string;
  readonly emit: EventSink;
}

/**
 * A client of the daemon, or undefined if none runs. Throws E_TIMEOUT if one has the home and does not say hello within
 * `helloTimeoutMs`, E_HELD if its keeper starts none, E_VERSION without a protocol in common, E_NO_DAEMON if the home can't be used.
 */
export async function reach(
  { home, connector, name }: Surroundings,
  helloTimeoutMs: number,
): Promise<Client | undefined> {
  checkHome(home);
  try {
    return await connectIfRunning(home, { connector, name, helloTimeoutMs });
  } catch (cause) {
    // Whoever owns the home and says nothing may be busy, or stopped: that is not "none".
    if (!(cause instanceof HoldfastError) || cause.code !== 'E_NO_DAEMON' || !isHomeInUse(home)) throw cause;
    throw new HoldfastError('E_TIMEOUT', `the daemon did not answer within ${helloTimeoutMs} ms`, { cause });
  }
}

export function launchOptions({ home, installation, env, connector }: Surroundings): LaunchOptions {
  const { node, daemonEntry, keeperEntry } = installation;
  return { home, node, daemonEntry, keeperEntry: keeperEntry ?? undefined, env, clock: connector };
}
