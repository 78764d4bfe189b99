import { Hourglass, RotateCcw, ShieldQuestion } from 'lucide-react';
import type { ReactNode } from 'react';
import { count, exitOf, isLost } from '../sessions/describe.ts';
import { Button } from '../ui/button.tsx';
import { isHoldingBack, type LinkView } from './link.ts';

export interface InputNoticesProps {
  readonly view: LinkView;
  readonly onForgetDoubt: () => void;
}

/** What the user should know about what he has typed: nothing, mostly. It lies over the terminal, whose size stays. */
export function InputNotices({ view, onForgetDoubt }: InputNoticesProps) {
  const { heldBytes, inDoubt } = view;
  return (
    <div className="absolute inset-x-0 bottom-0 z-10">
      {isHoldingBack(view) && (
        <Notice look="warn">
          <Hourglass size={14} aria-hidden />
          <span>
            {count(heldBytes, 'byte')} of what you typed {heldBytes === 1 ? 'is' : 'are'} held back until the
            terminal can be reached.
          </span>
        </Notice>
      )}
      {inDoubt !== null && (
        <Notice look="warn">
          <ShieldQuestion size={14} aria-hidden />
          <span className="min-w-0 flex-1">
            It can’t be known whether <code className="font-mono break-all">{visible(inDoubt)}</code> arrived
            before the crash. It won’t be typed again.
          </span>
          <Button look="ghost" onClick={onForgetDoubt}>
            Dismiss
          </Button>
        </Notice>
      )}
    </div>
  );
}

export interface ExitNoticeProps {
  readonly exit: NonNullable<LinkView['exit']>;
  /** Undefined where nothing can be started. */
  readonly onRunAgain: (() => void) | undefined;
  readonly onRestore: (() => void) | undefined;
}

/** How the program ended, below the terminal. */
export function ExitNotice({ exit, onRunAgain, onRestore }: ExitNoticeProps) {
  const { text, isGood } = exitOf(exit);
  // What ended unseen, as with the machine, goes on where it was; what ended by itself is done, and run again beside it.
  const [label, onClick] = isLost({ exit })
    ? (['Restore', onRestore] as const)
    : (['Run again', onRunAgain] as const);
  return (
    <Notice look={isGood ? 'plain' : 'bad'}>
      <span className="flex-1">{text}</span>
      {onClick && (
        <Button look="secondary" onClick={onClick}>
          <RotateCcw size={13} aria-hidden /> {label}
        </Button>
      )}
    </Notice>
  );
}

const LOOK = {
  plain: 'bg-panel text-muted',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
} as const;

function Notice({ look, children }: { readonly look: keyof typeof LOOK; readonly children: ReactNode }) {
  return (
    <div
      role="status"
      className={`flex shrink-0 items-center gap-2 [&>svg]:shrink-0 border-t border-line px-3 py-1.5 text-[13px] ${LOOK[look]}`}
    >
      {children}
    </div>
  );
}

/** Keys that print nothing as terminals write them: `^C`, `^[`. Unicode has signs for them, which few fonts have. */
function visible(text: string): string {
  return text
    .replaceAll('\r', '⏎')
    .replace(/\p{Cc}/gu, (character) => `^${String.fromCodePoint(character.charCodeAt(0) ^ 0x40)}`);
}
