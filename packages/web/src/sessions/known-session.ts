import { household } from '../api/household.ts';
import { fleet, type KnownSession } from '../machines/fleet.ts';
import { useStore } from '../store.ts';
import { placeOf } from './session-key.ts';

export type { KnownSession } from '../machines/fleet.ts';

/** By what this page calls it; undefined while it isn't known. */
export function sessionOf(key: string): KnownSession | undefined {
  const { machine } = placeOf(key);
  if (machine !== undefined) return fleet.get()?.sessions.get(machine)?.byKey.get(key);
  return household.get().sessions?.find(({ id }) => id === key);
}

export function useSession(key: string | undefined): KnownSession | undefined {
  useStore(household);
  useStore(fleet);
  return key === undefined ? undefined : sessionOf(key);
}

/** Since when nobody answers for a session, ms since 1970: the host, or its daemon, or its machine. */
export function useSilence(key: string): number | undefined {
  const { silentSince, hostIsGone } = useStore(household);
  const { machine: name } = placeOf(key);
  const machine = useStore(fleet)?.machines.find((one) => one.name === name);
  if (name === undefined || hostIsGone) return silentSince;
  return machine?.lastSeenAt == null ? undefined : Date.parse(machine.lastSeenAt);
}
