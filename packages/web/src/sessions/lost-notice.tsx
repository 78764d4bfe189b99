import { Button } from '../ui/button.tsx';
import { restoreLost } from './actions.ts';
import { isLost } from './describe.ts';
import type { KnownSession } from './known-session.ts';

export interface LostNoticeProps {
  /** Those of one machine. */
  readonly sessions: Iterable<KnownSession>;
  /** Whether one is not shown, since it is about to be forgotten. */
  readonly isHidden: (session: KnownSession) => boolean;
  /** Absent: that of the host. */
  readonly machine?: string;
  /** Whether they may be restored. */
  readonly mayOperate?: boolean;
}

/** That several sessions ended unseen, which can be restored all at once. */
export function LostNotice({ sessions, isHidden, machine, mayOperate = true }: LostNoticeProps) {
  let lost = 0;
  for (const session of sessions) if (isLost(session) && !isHidden(session)) lost += 1;
  if (lost < 2) return null;
  return (
    <div
      role="status"
      className="mb-2 flex items-center gap-2 rounded-md bg-warn-soft py-1.5 pr-1.5 pl-3 text-xs text-warn"
    >
      <span className="min-w-0 flex-1">{lost} sessions ended unseen, as with the machine.</span>
      {mayOperate && (
        <Button
          look="secondary"
          {...(machine === undefined ? {} : { 'aria-label': `Restore all on ${machine}` })}
          onClick={() => void restoreLost(machine)}
        >
          Restore all
        </Button>
      )}
    </div>
  );
}
