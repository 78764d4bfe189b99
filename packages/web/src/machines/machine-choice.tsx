import { useId } from 'react';
import { useStore } from '../store.ts';
import { fleet, isForLooking, type Machine } from './fleet.ts';

export interface MachineChoiceProps {
  /** Undefined: that of the host. */
  readonly machine: string | undefined;
  readonly onChoose: (machine: string | undefined) => void;
}

/** On which machine a session is to run. */
export default function MachineChoice({ machine, onChoose }: MachineChoiceProps) {
  const id = useId();
  const { machines = [] } = useStore(fleet) ?? {};
  const own = machines.find(({ isOwn }) => isOwn)?.name;
  return (
    <div className="space-y-1 pb-2">
      <label htmlFor={id} className="block text-[13px] font-medium">
        Machine
      </label>
      <select
        id={id}
        value={machine ?? own}
        onChange={({ target: { value } }) => onChoose(value === own ? undefined : value)}
        className="h-9 w-full rounded-md border border-line bg-panel px-2 text-[13px] pointer-coarse:h-11 pointer-coarse:text-base"
      >
        {machines.map((one) => {
          const why = whyNot(one);
          return (
            <option key={one.name} value={one.name} disabled={why !== undefined}>
              {one.name}
              {one.isOwn ? ' (this machine)' : why === undefined ? '' : ` (${why})`}
            </option>
          );
        })}
      </select>
    </div>
  );
}

/** Why nothing can be started there; undefined if it can. */
function whyNot(machine: Machine): string | undefined {
  if (machine.isOwn) return undefined;
  if (!machine.reachable) return 'unreachable';
  return isForLooking(machine) ? 'view only' : undefined;
}
