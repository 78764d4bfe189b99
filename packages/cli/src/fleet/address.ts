import type { FleetAddress } from '@holdfast/fleet';
import { usageError } from '../arguments/usage-error.ts';

/** The fleet that the environment means, unless something else is chosen. Throws HoldfastError(E_USAGE) if none is. */
export function fleetAddress(
  env: NodeJS.ProcessEnv,
  chosen: { readonly fleet?: string | undefined; readonly creds?: string | undefined } = {},
): FleetAddress {
  const servers = chosen.fleet ?? env['HOLDFAST_FLEET'];
  const creds = chosen.creds ?? env['HOLDFAST_FLEET_CREDS'];
  const ca = env['HOLDFAST_FLEET_CA'];
  if (!servers)
    throw usageError('HOLDFAST_FLEET must say where the fleet is: nats://HOST:PORT or tls://HOST:PORT');
  return { servers, ...(creds ? { creds } : {}), ...(ca ? { ca } : {}) };
}
