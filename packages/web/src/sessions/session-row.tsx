import { type KeyboardEvent, useRef, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { killSession, restoreSession, showSession } from './actions.ts';
import { agoOf, commandOf, exitOf, folderOf, isLost } from './describe.ts';
import type { KnownSession } from './known-session.ts';
import { RenameField } from './rename-field.tsx';
import { SessionMenu } from './session-menu.tsx';

export interface SessionRowProps {
  readonly session: KnownSession;
  /** Whether more may be done with it than look at it. */
  readonly mayOperate: boolean;
  /** Its output has grown while nobody looked. */
  readonly isUnread: boolean;
  /** It is in the focused pane. */
  readonly isShown: boolean;
  /** When it last did something, ms since 1970; undefined where that isn't known. */
  readonly activeAt: number | undefined;
  readonly now: number;
  readonly onForget: () => void;
  readonly onShown: () => void;
}

export function SessionRow(props: SessionRowProps) {
  const { session, mayOperate, isUnread, isShown, activeAt, now, onForget, onShown } = props;
  const [isRenaming, setIsRenaming] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const isRunning = session.state === 'running';
  // The row that comes back after a rename by keys has the focus again.
  const wantsFocus = useRef(false);
  const renamed = (isByKey: boolean) => {
    wantsFocus.current = isByKey;
    setIsRenaming(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!mayOperate) return;
    if (event.key === 'F2') setIsRenaming(true);
    if (event.key === 'Delete') {
      if (isRunning) setIsAsking(true);
      else onForget();
    }
  };
  return (
    <li
      className={`group relative flex items-center rounded-lg ${isShown ? 'bg-chosen' : 'hover:bg-hover'}`}
      data-session-row={session.id}
    >
      {isRenaming ? (
        <RenameField session={session} onDone={renamed} />
      ) : (
        <button
          ref={(button) => {
            if (!button || !wantsFocus.current) return;
            wantsFocus.current = false;
            button.focus();
          }}
          type="button"
          aria-current={isShown}
          onKeyDown={onKeyDown}
          onDoubleClick={() => mayOperate && setIsRenaming(true)}
          onClick={() => {
            showSession(session.id);
            onShown();
          }}
          className="flex min-w-0 flex-1 items-start gap-2.5 rounded-lg py-2 pl-2.5 text-left"
        >
          <StateDot session={session} />
          <span className="min-w-0 flex-1">
            <span className="flex items-center gap-1.5">
              <span className={`truncate text-[13px] ${isUnread ? 'font-semibold' : 'font-medium'}`}>
                {session.name}
              </span>
              {isUnread && (
                <span className="size-1.5 shrink-0 rounded-full bg-accent">
                  <span className="sr-only">New output</span>
                </span>
              )}
            </span>
            <span className="block truncate text-xs text-muted">
              {/* Where the menu is always to be seen, the time has no room beside it. */}
              {activeAt !== undefined && (
                <span className="hidden pointer-coarse:inline">{agoOf(activeAt, now)} · </span>
              )}
              <span className="font-mono">{commandOf(session)}</span> · {folderOf(session)}
            </span>
            {session.exit && (
              <span className={`block text-xs ${exitOf(session.exit).isGood ? 'text-muted' : 'text-bad'}`}>
                {exitOf(session.exit).text}
              </span>
            )}
          </span>
        </button>
      )}
      {isLost(session) && mayOperate && !isRenaming && (
        <Button
          look="secondary"
          aria-label={`Restore ${session.name}`}
          onClick={() => void restoreSession(session)}
        >
          Restore
        </Button>
      )}
      <span className="relative flex w-10 shrink-0 items-center justify-center">
        {activeAt !== undefined && (
          <time
            dateTime={new Date(activeAt).toISOString()}
            className="text-xs text-muted tabular-nums group-focus-within:invisible group-hover:invisible group-has-data-[state=open]:invisible pointer-coarse:hidden"
          >
            {agoOf(activeAt, now)}
          </time>
        )}
        {mayOperate && (
          <SessionMenu
            session={session}
            isRenaming={isRenaming}
            onRename={() => setIsRenaming(true)}
            onKill={() => setIsAsking(true)}
            onForget={onForget}
          />
        )}
      </span>
      <Confirm
        open={isAsking}
        onCancel={() => setIsAsking(false)}
        title={`Kill “${session.name}”?`}
        actions={
          <Button
            look="danger"
            onClick={() => {
              setIsAsking(false);
              void killSession(session);
            }}
          >
            Kill session
          </Button>
        }
      >
        <p>
          <code className="font-mono">{commandOf(session)}</code> and everything it has started end now. Its
          output stays until you forget it.
        </p>
      </Confirm>
    </li>
  );
}

function StateDot({ session: { state, exit } }: { readonly session: KnownSession }) {
  const isBad = exit !== null && !exitOf(exit).isGood;
  const look = state === 'running' ? 'bg-good' : isBad ? 'bg-bad' : 'border border-muted';
  return (
    <span className={`mt-1.5 size-2 shrink-0 rounded-full ${look}`}>
      <span className="sr-only">{state === 'running' ? 'Running' : 'Exited'}</span>
    </span>
  );
}
