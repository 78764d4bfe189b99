import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleX, History, RotateCcw, type LucideIcon, TriangleAlert } from 'lucide-react';
import { useEffect } from 'react';
import { api, reasonOf } from '../api/client.ts';
import { type HistoryEntry, household } from '../api/household.ts';
import { HISTORY, queries } from '../api/queries.ts';
import { count, timeOf } from '../sessions/describe.ts';
import { useStore } from '../store.ts';
import { PauseChart } from './pause-chart.tsx';
import { pauseText } from './updates.ts';

const KINDS: Readonly<Record<HistoryEntry['kind'], { icon: LucideIcon; look: string; said: string }>> = {
  updated: { icon: CircleCheck, look: 'text-good', said: 'Updated' },
  updateFailed: { icon: CircleX, look: 'text-bad', said: 'Update failed, nothing changed' },
  crashed: { icon: TriangleAlert, look: 'text-warn', said: 'Crashed, and was started again' },
  gaveUp: { icon: TriangleAlert, look: 'text-bad', said: 'Crashed too often, and was not started again' },
  resumed: { icon: CircleCheck, look: 'text-good', said: 'Resumed' },
  restarted: { icon: RotateCcw, look: 'text-muted', said: 'Restarted' },
};

/** What has become of the daemon so far. */
export function HistorySection() {
  const { update, silentSince, isHeld } = useStore(household);
  const history = useQuery({ queryKey: HISTORY, queryFn: () => api.terminal.daemon.getHistory.query() });
  // Whatever is written down there changes one of these, too.
  useEffect(() => void queries.invalidateQueries({ queryKey: HISTORY }), [update, silentSince, isHeld]);
  const entries = history.data ?? [];
  return (
    <section aria-labelledby="history-heading" className="rounded-xl border border-line bg-panel">
      <div className="p-5 pb-3">
        <h2 id="history-heading" className="font-semibold">
          Updates and crashes
        </h2>
        <p className="text-muted">What this daemon has been through, and for how long output paused.</p>
      </div>
      {history.error && <p className="px-5 pb-4 text-[13px] text-bad">{reasonOf(history.error)}</p>}
      {history.isSuccess && entries.length === 0 && (
        <p className="flex items-center gap-2 px-5 pb-4 text-[13px] text-muted">
          <History size={15} aria-hidden /> Nothing has happened yet.
        </p>
      )}
      <PauseChart entries={entries} />
      {entries.length > 0 && (
        <ol
          className="max-h-80 divide-y divide-line overflow-y-auto border-t border-line"
          aria-label="Updates and crashes, newest first"
          tabIndex={0}
        >
          {entries.map((entry, index) => (
            <Entry key={`${entry.at} ${index}`} entry={entry} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Entry({ entry }: { readonly entry: HistoryEntry }) {
  const { kind, at, from, to, sessions, pauseMs, reason } = entry;
  const { icon: Icon, look, said } = KINDS[kind];
  const facts = [
    from !== null && to !== null && (from === to ? `same build, ${to}` : `${from} → ${to}`),
    from === null && to !== null && to,
    sessions !== null && `${count(sessions, 'session')} ${kind === 'restarted' ? 'closed' : 'kept'}`,
    pauseMs !== null && `${pauseText(pauseMs)} pause`,
    reason,
  ].filter((fact) => typeof fact === 'string');
  return (
    <li className="flex items-start gap-3 px-5 py-2.5 text-[13px]">
      <Icon size={15} className={`mt-0.5 shrink-0 ${look}`} aria-hidden />
      <span className="min-w-0 flex-1">
        <span className="font-medium">{said}</span>
        <span className="block break-words text-xs text-muted">{facts.join(' · ')}</span>
      </span>
      <time dateTime={at} className="shrink-0 text-xs text-muted tabular-nums">
        {timeOf(at)}
      </time>
    </li>
  );
}
