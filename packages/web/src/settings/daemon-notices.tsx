import { TriangleAlert } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { toast } from 'sonner';
import { api, reasonOf } from '../api/client.ts';
import { canRestart, household, look } from '../api/household.ts';
import { count } from '../sessions/describe.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { failureText } from './failure-text.ts';
import { ForceRestart } from './force-restart.tsx';
import { dismissFailure, updateDaemon, updating } from './updates.ts';

/** What needs the user, wherever he is in the page. */
export function DaemonNotices() {
  const known = useStore(household);
  const { update, isHeld } = known;
  // One that this page has asked for is told by its own dialog.
  const isIdle = useStore(updating).kind === 'idle';
  const [isAsking, setIsAsking] = useState(false);
  const failure = update?.failure ?? null;
  const told = failure && failureText(failure.code, update);
  return (
    <>
      {isHeld && (
        <Notice title="The daemon stopped several times, and isn’t started any more">
          <p>Your programs are still running. Resume to reach them again.</p>
          <Button look="primary" onClick={() => void resume()}>
            Resume
          </Button>
        </Notice>
      )}
      {failure && told && isIdle && (
        <Notice title="Daemon update needs your attention">
          <p className="min-w-0 flex-1">
            {told.isKnown
              ? 'It could not be updated without closing sessions, so it was left as it is'
              : told.title}
            : {failure.reason}
          </p>
          <Button look="primary" onClick={() => void updateDaemon()}>
            Try again
          </Button>
          <Button onClick={() => void dismissFailure()}>Keep current daemon</Button>
          {told.isKnown && canRestart(known) && (
            <Button look="ghost" onClick={() => setIsAsking(true)}>
              Force update
            </Button>
          )}
        </Notice>
      )}
      <ForceRestart open={isAsking} onClose={() => setIsAsking(false)} />
    </>
  );
}

function Notice({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-warn-soft px-4 py-2 text-[13px]"
    >
      <TriangleAlert size={16} className="text-warn" aria-hidden />
      <strong className="font-semibold">{title}</strong>
      {children}
    </div>
  );
}

async function resume(): Promise<void> {
  try {
    const { sessions } = await api.terminal.daemon.resume.mutate();
    toast.success(`Daemon resumed · ${count(sessions, 'session')} kept`);
  } catch (error) {
    toast.error(`Can’t resume: ${reasonOf(error)}`);
  }
  void look();
}
