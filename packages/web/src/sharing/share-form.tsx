import { useMutation } from '@tanstack/react-query';
import { Check, Copy, Eye } from 'lucide-react';
import { useId, useState } from 'react';
import { api, reasonOf } from '../api/client.ts';
import { queries, SHARES } from '../api/queries.ts';
import { copyText } from '../copy-text.ts';
import { Button } from '../ui/button.tsx';

const HOUR_MS = 3_600_000;
const LASTS: readonly { readonly ms: number; readonly said: string }[] = [
  { ms: HOUR_MS, said: '1 hour' },
  { ms: 8 * HOUR_MS, said: '8 hours' },
  { ms: 24 * HOUR_MS, said: '1 day' },
  { ms: 7 * 24 * HOUR_MS, said: '7 days' },
];

/** Asks for how long, makes a link, and shows it: this once, since the host keeps no more than its hash. */
export function ShareForm({ session }: { readonly session: string }) {
  const id = useId();
  const [expiresInMs, setExpiresInMs] = useState(HOUR_MS);
  const making = useMutation({
    mutationFn: () => api.terminal.share.create.mutate({ session, expiresInMs }),
    onSuccess: () => queries.invalidateQueries({ queryKey: SHARES }),
  });
  if (making.data) return <MadeLink token={making.data.token} />;
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault();
        making.mutate();
      }}
    >
      <p className="flex items-start gap-2 text-[13px] text-muted">
        <Eye size={15} className="mt-0.5 shrink-0" aria-hidden />
        Whoever has the link sees this terminal, also what was printed before, and can type nothing.
      </p>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <span className="flex items-center gap-2 text-[13px]">
          <label htmlFor={id}>The link ends after</label>
          <select
            id={id}
            value={expiresInMs}
            onChange={(event) => setExpiresInMs(Number(event.target.value))}
            className="h-9 rounded-md border border-line bg-panel px-2 text-[13px] pointer-coarse:h-11 pointer-coarse:text-base"
          >
            {LASTS.map(({ ms, said }) => (
              <option key={ms} value={ms}>
                {said}
              </option>
            ))}
          </select>
        </span>
        <Button type="submit" look="primary" isBusy={making.isPending}>
          Create link
        </Button>
      </div>
      {making.error && (
        <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-[13px] text-bad">
          {reasonOf(making.error)}
        </p>
      )}
    </form>
  );
}

function MadeLink({ token }: { readonly token: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const link = `${location.origin}/#token=${token}`;
  const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname);
  return (
    <div className="space-y-2">
      <div className="flex gap-2">
        <input
          readOnly
          aria-label="Link"
          value={link}
          autoFocus
          onFocus={(event) => event.target.select()}
          className="h-9 min-w-0 flex-1 rounded-md border border-line bg-panel px-2.5 font-mono text-xs"
        />
        <Button look="primary" onClick={() => void copyText(link).then(() => setIsCopied(true))}>
          {isCopied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
          {isCopied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <p role="status" className="text-xs text-muted">
        Copy it now: it isn’t shown again.
        {isLocal &&
          ' It opens on this computer only; for others, open this page at an address that they can reach.'}
      </p>
    </div>
  );
}
