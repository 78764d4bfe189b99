import { QueryClientProvider } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { toast } from 'sonner';
import { logout } from '../api/access.ts';
import { reasonOf } from '../api/client.ts';
import { queries } from '../api/queries.ts';
import { fleet } from '../machines/fleet.ts';
import { prefer, preferences, zoom } from '../preferences.ts';
import { hrefOf } from '../route.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { DaemonSection } from './daemon-section.tsx';
import { HistorySection } from './history-section.tsx';
import { SharesSection } from './shares-section.tsx';

const MachinesSection = lazy(() => import('../machines/machines-section.tsx'));

export default function SettingsPage() {
  return (
    <QueryClientProvider client={queries}>
      <Sections />
    </QueryClientProvider>
  );
}

async function logoutOrTell(): Promise<void> {
  try {
    await logout();
  } catch (error) {
    toast.error(`Still logged in: ${reasonOf(error)}`);
  }
}

function Sections() {
  const heading = useRef<HTMLHeadingElement>(null);
  const { fontSize, screenReader } = useStore(preferences);
  const hasFleet = useStore(fleet) !== undefined;
  useEffect(() => heading.current?.focus(), []);
  return (
    <main className="h-full overflow-y-auto">
      <div className="mx-auto max-w-4xl space-y-5 p-4 pb-16 md:p-8">
        <a
          href={hrefOf('terminals')}
          className="inline-flex items-center gap-1.5 text-[13px] text-muted hover:text-text"
        >
          <ArrowLeft size={14} aria-hidden /> Back to terminals
        </a>
        <h1 ref={heading} tabIndex={-1} className="text-xl font-semibold outline-none">
          Settings
        </h1>
        <DaemonSection />
        {hasFleet && (
          <Suspense fallback={null}>
            <MachinesSection />
          </Suspense>
        )}
        <HistorySection />
        <SharesSection />
        <section
          aria-labelledby="display-heading"
          className="divide-y divide-line rounded-xl border border-line bg-panel"
        >
          <h2 id="display-heading" className="p-5 py-4 font-semibold">
            Terminals in this browser
          </h2>
          <div className="flex items-center justify-between gap-4 px-5 py-3">
            <span>Text size</span>
            <span className="flex items-center gap-2">
              <Button aria-label="Smaller text" onClick={() => zoom(-1)}>
                −
              </Button>
              <output className="w-12 text-center tabular-nums">{fontSize} px</output>
              <Button aria-label="Larger text" onClick={() => zoom(1)}>
                +
              </Button>
            </span>
          </div>
          <label className="flex items-center justify-between gap-4 px-5 py-3">
            <span>
              Screen reader mode
              <span className="block text-[13px] text-muted">
                Puts the terminal’s text where screen readers find it.
              </span>
            </span>
            <input
              type="checkbox"
              className="size-5 shrink-0 accent-accent"
              checked={screenReader}
              onChange={(event) => prefer({ screenReader: event.target.checked })}
            />
          </label>
          <div className="flex items-center justify-between gap-4 px-5 py-3">
            <span>
              This browser is logged in
              <span className="block text-[13px] text-muted">Sessions run on after you log out.</span>
            </span>
            <Button onClick={() => void logoutOrTell()}>Log out</Button>
          </div>
        </section>
      </div>
    </main>
  );
}
