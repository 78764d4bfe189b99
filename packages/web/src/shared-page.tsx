import type { Session } from '@holdfast/protocol';
import { Eye } from 'lucide-react';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { api } from './api/client.ts';
import type { Share } from './api/share.ts';
import type { LinkState } from './terminal/link-state.ts';

const TerminalPane = lazy(() => import('./terminal/terminal-pane.tsx'));

/** What a shared link shows: one terminal, to be seen and nothing else. */
export function SharedPage({ share }: { readonly share: Share }) {
  const [known, setKnown] = useState<Session>();
  const look = useCallback(
    () =>
      // Refused: the link has ended, and access.ts says so. Not reached just now: the pane does.
      void api.terminal.get.query(share).then(setKnown, () => undefined),
    [share],
  );
  useEffect(look, [look]);
  // A connection that is lost, or is not to be had, may be the end of the link.
  const onLink = useCallback((state: LinkState) => void (state !== 'opening' && look()), [look]);
  const name = known?.name;
  useEffect(() => {
    if (name !== undefined) document.title = `${name} · view only · Holdfast`;
  }, [name]);
  return (
    <main className="flex h-dvh flex-col">
      <h1 className="flex shrink-0 items-center gap-2 border-b border-line bg-chosen px-4 py-2 text-[13px] font-medium text-accent-text">
        <Eye size={15} aria-hidden /> You are looking at a shared terminal. You can’t type here.
      </h1>
      <div className="min-h-0 flex-1">
        <Suspense fallback={<p className="p-4 text-muted">Loading the terminal…</p>}>
          <TerminalPane session={share.session} known={known} isFocused isVisible readOnly onLink={onLink} />
        </Suspense>
      </div>
    </main>
  );
}
