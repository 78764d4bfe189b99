import { useMutation, useQuery } from '@tanstack/react-query';
import type { Session } from '@holdfast/protocol';
import { Eye } from 'lucide-react';
import { useId, useState } from 'react';
import { toast } from 'sonner';
import { api, reasonOf } from '../api/client.ts';
import { household } from '../api/household.ts';
import { queries, SHARES } from '../api/queries.ts';
import { ShareForm } from '../sharing/share-form.tsx';
import { timeOf } from '../sessions/describe.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/dialog.tsx';

/** Links with which others see one terminal: made, listed and ended. */
export function SharesSection() {
  const { sessions = [] } = useStore(household);
  const shares = useQuery({ queryKey: SHARES, queryFn: () => api.terminal.share.list.query() });
  const [ending, setEnding] = useState<{ readonly id: string; readonly name: string }>();
  const revoking = useMutation({
    mutationFn: (id: string) => api.terminal.share.revoke.mutate({ id }),
    onSuccess: () => toast.success('The link has ended'),
    onError: (error) => toast.error(`Can’t end the link: ${reasonOf(error)}`),
    onSettled: () => queries.invalidateQueries({ queryKey: SHARES }),
  });
  return (
    <section aria-labelledby="shares-heading" className="rounded-xl border border-line bg-panel">
      <div className="p-5 pb-3">
        <h2 id="shares-heading" className="font-semibold">
          Shared links
        </h2>
        <p className="text-muted">Each shows one terminal to whoever has it, to be seen and nothing else.</p>
      </div>
      {shares.error && <p className="px-5 pb-4 text-[13px] text-bad">{reasonOf(shares.error)}</p>}
      {shares.data?.length === 0 && <p className="px-5 pb-4 text-[13px] text-muted">No link is open.</p>}
      <ul className="divide-y divide-line border-line not-empty:border-t">
        {shares.data?.map(({ id, session, createdAt, expiresAt }) => {
          const name = sessions.find((one) => one.id === session)?.name ?? 'a session that is gone';
          return (
            <li key={id} className="flex items-center gap-3 px-5 py-2.5" data-share={id}>
              <Eye size={15} className="shrink-0 text-muted" aria-hidden />
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">{name}</span>
                <span className="block text-xs text-muted">
                  Created {timeOf(createdAt)}
                  {expiresAt !== null && ` · ends ${timeOf(expiresAt)}`}
                </span>
              </span>
              <Button aria-label={`End the link to ${name}`} onClick={() => setEnding({ id, name })}>
                End
              </Button>
            </li>
          );
        })}
      </ul>
      <NewShare sessions={sessions} />
      <Confirm
        open={ending !== undefined}
        onCancel={() => setEnding(undefined)}
        title={`End the link to “${ending?.name ?? ''}”?`}
        actions={
          <Button
            look="danger"
            onClick={() => {
              if (ending) revoking.mutate(ending.id);
              setEnding(undefined);
            }}
          >
            End link
          </Button>
        }
      >
        <p>Whoever is looking sees it no more. The session runs on.</p>
      </Confirm>
    </section>
  );
}

function NewShare({ sessions }: { readonly sessions: readonly Session[] }) {
  const selectId = useId();
  const [chosen, setChosen] = useState('');
  return (
    <details className="border-t border-line px-5 py-3">
      <summary className="text-[13px] font-medium">New link</summary>
      <div className="space-y-3 pt-3">
        <span className="flex flex-wrap items-center gap-2 text-[13px]">
          <label htmlFor={selectId}>Terminal</label>
          <select
            id={selectId}
            value={chosen}
            onChange={(event) => setChosen(event.target.value)}
            className="h-9 max-w-full min-w-0 rounded-md border border-line bg-panel px-2 text-[13px] pointer-coarse:h-11 pointer-coarse:text-base"
          >
            <option value="">Choose one…</option>
            {sessions.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </span>
        {sessions.some(({ id }) => id === chosen) && <ShareForm key={chosen} session={chosen} />}
      </div>
    </details>
  );
}
