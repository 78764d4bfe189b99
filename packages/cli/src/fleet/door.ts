import { hostname } from 'node:os';
import type { FleetDoor } from '@holdfast/host';
import { ownError } from '@holdfast/protocol';
import type { Context } from '../context.ts';
import { fleetAddress } from './address.ts';
import { loadFleet } from './load.ts';
import { upgradeOrTell } from './upgrade-hosts.ts';

/** Reaches the machines of a fleet for the page of this one. Throws what connecting to a fleet can come to. */
export async function openDoor(
  chosen: { fleet: string; creds: string | undefined; name: string | undefined },
  { env }: Context,
): Promise<FleetDoor & AsyncDisposable> {
  const { Fleet, hostNameOf } = await loadFleet();
  try {
    const fleet = await Fleet.connect(fleetAddress(env, chosen));
    return {
      ownName: chosen.name ?? hostNameOf(hostname()),
      hosts: () => fleet.hosts(),
      connectorTo: (machine) => fleet.connectorTo(machine),
      status: async (machine) => {
        const { role, status } = await fleet.status(machine);
        return { mayOperate: role === 'operate', status };
      },
      surroundings: (machine) => fleet.surroundings(machine),
      upgrade: (machine) => upgradeOrTell(fleet, machine),
      [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
    };
  } catch (error) {
    throw ownError(error);
  }
}
