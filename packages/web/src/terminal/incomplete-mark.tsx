import { whyIncomplete } from '@holdfast/protocol';
import { CircleDashed } from 'lucide-react';
import { Popover } from 'radix-ui';
import { Button } from '../ui/button.tsx';
import { Hint } from '../ui/hint.tsx';

export interface IncompleteMarkProps {
  /** Why, as `incomplete` of a screen has it. */
  readonly reasons: readonly string[];
  readonly onDismiss: () => void;
}

/** Says of a screen that it may differ from what a terminal shows that was always there. */
export function IncompleteMark({ reasons, onDismiss }: IncompleteMarkProps) {
  const label = 'What is shown may be incomplete';
  return (
    <Hint
      trigger={
        <Popover.Trigger
          aria-label={label}
          title={label}
          data-incomplete={reasons.join(' ')}
          className="inline-flex size-7 shrink-0 items-center justify-center rounded-md text-warn transition hover:bg-hover pointer-coarse:size-9"
        >
          <CircleDashed size={14} aria-hidden />
        </Popover.Trigger>
      }
      text={`What is shown may be incomplete: ${whyIncomplete(reasons)}. Most programs draw it anew with Ctrl+L.`}
    >
      <Popover.Close asChild>
        <Button onClick={onDismiss}>Dismiss</Button>
      </Popover.Close>
    </Hint>
  );
}
