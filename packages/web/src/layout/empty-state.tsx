import { SquareTerminal } from 'lucide-react';
import { household } from '../api/household.ts';
import { keyOf } from '../keys.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';

/** Nothing is open: what to do. */
export function EmptyState({ onNew, onList }: { readonly onNew: () => void; readonly onList: () => void }) {
  const { sessions } = useStore(household);
  if (!sessions) return <p className="p-6 text-muted">Looking for your sessions…</p>;
  const hasSome = sessions.length > 0;
  return (
    <div className="grid h-full place-items-center p-6 text-center">
      <div className="max-w-sm space-y-3">
        <SquareTerminal size={36} strokeWidth={1.5} className="mx-auto text-muted" aria-hidden />
        <h1 className="text-lg font-semibold">{hasSome ? 'Choose a session' : 'Start your first session'}</h1>
        <p className="text-muted">
          {hasSome
            ? 'Your sessions are in the list. They run whether or not they are open here.'
            : 'A session is a program in a terminal. It runs on when you close this page, when this host ends, and while Holdfast itself is updated.'}
        </p>
        <span className="flex justify-center gap-2">
          {hasSome && (
            <Button className="md:hidden" onClick={onList}>
              See the list
            </Button>
          )}
          <Button look="primary" onClick={onNew}>
            New session
          </Button>
        </span>
        <p className="text-xs text-muted pointer-coarse:hidden">
          <kbd className="font-mono">{keyOf('newSession')}</kbd> new ·{' '}
          <kbd className="font-mono">{keyOf('shortcuts')}</kbd> all shortcuts
        </p>
      </div>
    </div>
  );
}
