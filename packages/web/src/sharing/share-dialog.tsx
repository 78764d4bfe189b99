import { QueryClientProvider } from '@tanstack/react-query';
import { household } from '../api/household.ts';
import { queries } from '../api/queries.ts';
import { hrefOf } from '../route.ts';
import { useStore } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ShareForm } from './share-form.tsx';
import { sharing } from './sharing.ts';

/** Makes a link to the session that somebody wants to share. */
export default function ShareDialog() {
  const id = useStore(sharing);
  const { sessions } = useStore(household);
  const session = sessions?.find((one) => one.id === id);
  const close = () => sharing.set(undefined);
  return (
    <QueryClientProvider client={queries}>
      <Dialog open={session !== undefined} onClose={close} title={`Share “${session?.name ?? ''}”`}>
        {session && <ShareForm session={session.id} />}
        <p className="mt-4 text-xs text-muted">
          <a href={hrefOf('settings')} onClick={close} className="text-accent-text underline">
            Settings
          </a>{' '}
          lists all links, and ends them.
        </p>
      </Dialog>
    </QueryClientProvider>
  );
}
