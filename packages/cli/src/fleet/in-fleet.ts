import type { Fleet } from '@holdfast/fleet';
import { ownError } from '@holdfast/protocol';
import { fleetAddress } from './address.ts';
import { loadFleet } from './load.ts';

/** Asks something of the fleet that the environment means. Throws what connecting to it, and asking, can come to. */
export async function inFleet<T>(env: NodeJS.ProcessEnv, ask: (fleet: Fleet) => Promise<T>): Promise<T> {
  const address = fleetAddress(env);
  const { Fleet } = await loadFleet();
  try {
    await using fleet = await Fleet.connect(address);
    return await ask(fleet);
  } catch (error) {
    throw ownError(error);
  }
}
