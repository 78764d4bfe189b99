import { Popover } from 'radix-ui';
import type { ReactNode } from 'react';

export interface HintProps {
  /** What opens it: a Popover.Trigger. */
  readonly trigger: ReactNode;
  readonly text: ReactNode;
  /** What can be done about it. */
  readonly children: ReactNode;
}

/** A sign in a head, with an explanation for who asks. */
export function Hint({ trigger, text, children }: HintProps) {
  return (
    <Popover.Root>
      {trigger}
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          className="z-30 w-72 space-y-3 rounded-lg border border-line bg-raised p-4 shadow-xl"
        >
          <p className="text-[13px] text-muted">{text}</p>
          {children}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
