import { HoldfastError } from '@holdfast/protocol';
import { connect, type ConnectionOptions, errors, type NatsConnection } from '@nats-io/transport-node';
import { FLEET_LIMITS } from '../limits.ts';
import { isNotHere } from './buckets.ts';
import { readCredentials } from './credentials.ts';
import { findCause } from './find-cause.ts';
import { type FleetAddress, parseServers, read } from './fleet-address.ts';

export interface ConnectHow {
  /** What this is, for the server's list of connections. */
  readonly name: string;
  /** Whether to go on trying when no server is there. */
  readonly isPatient: boolean;
}

/**
 * A connection to a fleet's servers, which is made again whenever it is lost. Throws E_USAGE for an address or a file that can't be
 * one, E_FORBIDDEN if the servers don't let us in, E_NO_DAEMON if none can be reached.
 */
export async function connectFleet(address: FleetAddress, how: ConnectHow): Promise<NatsConnection> {
  const { servers, isTls } = parseServers(address.servers);
  const options: ConnectionOptions = {
    servers,
    name: how.name,
    timeout: FLEET_LIMITS.natsMs,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: FLEET_LIMITS.reconnectMs,
    waitOnFirstConnect: how.isPatient,
    // A user who is taken away and given back, or a server that is being set up anew.
    ignoreAuthErrorAbort: true,
    pingInterval: FLEET_LIMITS.pingMs,
    maxPingOut: 2,
    ...identityOf(address),
    ...(address.ca !== undefined
      ? { tls: { ca: read(address.ca).toString('utf8') } }
      : isTls
        ? { tls: {} }
        : {}),
  };
  try {
    return await connect(options);
  } catch (cause) {
    throw asHoldfastError(cause, address);
  }
}

/** What NATS says went wrong, in our words. */
export function asHoldfastError(cause: unknown, { servers, creds }: FleetAddress): HoldfastError {
  if (cause instanceof HoldfastError) return cause;
  if (cause instanceof errors.AuthorizationError || cause instanceof errors.UserAuthenticationExpiredError) {
    const message =
      creds === undefined
        ? `the fleet at ${servers} lets nobody in without credentials: HOLDFAST_FLEET_CREDS names a file of them`
        : `the fleet at ${servers} does not accept these credentials`;
    return new HoldfastError('E_FORBIDDEN', message, { cause });
  }
  const violation = findCause(cause, errors.PermissionViolationError);
  if (violation) {
    const message = `these credentials may not ${violation.operation} ${violation.subject}`;
    return new HoldfastError('E_FORBIDDEN', message, { cause });
  }
  if (isNotHere(cause)) {
    const message = `no JetStream at ${servers} does that for these credentials`;
    return new HoldfastError('E_FORBIDDEN', message, { cause });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new HoldfastError('E_NO_DAEMON', `the fleet at ${servers} can't be reached: ${why}`, { cause });
}

/** Answers come to an inbox of the user's own, so that permissions can keep others from listening there. */
function identityOf({ creds }: FleetAddress): Pick<ConnectionOptions, 'authenticator' | 'inboxPrefix'> {
  if (creds === undefined) return {};
  const { user, authenticator } = readCredentials(creds);
  return { authenticator, inboxPrefix: `_INBOX.${user.replaceAll(/[^A-Za-z0-9_-]/g, '_')}` };
}
