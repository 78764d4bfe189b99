import { fleet, isForLooking } from '../machines/fleet.ts';
import { useStore } from '../store.ts';
import { placeOf } from './session-key.ts';

/** Whether more may be done with a session, and beside it, than look at it, as far as is known; the host refuses what may not. */
export function mayOperate(key: string): boolean {
  const { machine: name } = placeOf(key);
  if (name === undefined) return true;
  const machine = fleet.get()?.machines.find((one) => one.name === name);
  return machine === undefined || !isForLooking(machine);
}

export function useMayOperate(key: string): boolean {
  useStore(fleet);
  return mayOperate(key);
}
