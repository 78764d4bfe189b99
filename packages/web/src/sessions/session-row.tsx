import { Ellipsis } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { type KeyboardEvent, useRef, useState } from 'react';
import { sharing } from '../sharing/sharing.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { killSession, renameSession, restoreSession, showSession } from './actions.ts';
import { agoOf, commandOf, exitOf, folderOf, isLost } from './describe.ts';
import type { KnownSession } from './known-session.ts';
import { isElsewhere } from './session-key.ts';

export interface SessionRowProps {
  readonly session: KnownSession;
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

const ITEM =
  'flex cursor-default items-center justify-between gap-6 rounded-md px-2.5 py-1.5 text-[13px] outline-none data-highlighted:bg-hover pointer-coarse:py-2.5';

export function SessionRow(props: SessionRowProps) {
  const { session, isUnread, isShown, activeAt, now, onForget, onShown } = props;
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
          onDoubleClick={() => setIsRenaming(true)}
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
      {isLost(session) && !isRenaming && (
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
        <DropdownMenu.Root>
          <DropdownMenu.Trigger asChild>
            <IconButton
              label={`More for ${session.name}`}
              className="absolute opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100"
            >
              <Ellipsis size={15} aria-hidden />
            </IconButton>
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content
              align="end"
              className="z-30 min-w-44 rounded-lg border border-line bg-raised p-1 shadow-xl"
              // The field that comes then has the focus.
              onCloseAutoFocus={(event) => isRenaming && event.preventDefault()}
            >
              <DropdownMenu.Item className={ITEM} onSelect={() => setIsRenaming(true)}>
                Rename <kbd className="text-xs text-muted">F2</kbd>
              </DropdownMenu.Item>
              {!isElsewhere(session.id) && (
                <DropdownMenu.Item className={ITEM} onSelect={() => sharing.set(session.id)}>
                  Share…
                </DropdownMenu.Item>
              )}
              {isRunning ? (
                <DropdownMenu.Item className={`${ITEM} text-bad`} onSelect={() => setIsAsking(true)}>
                  Kill… <kbd className="text-xs text-muted">Del</kbd>
                </DropdownMenu.Item>
              ) : (
                <>
                  <DropdownMenu.Item className={ITEM} onSelect={() => void restoreSession(session)}>
                    Restore
                  </DropdownMenu.Item>
                  <DropdownMenu.Item className={ITEM} onSelect={onForget}>
                    Forget <kbd className="text-xs text-muted">Del</kbd>
                  </DropdownMenu.Item>
                </>
              )}
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
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

interface RenameFieldProps {
  readonly session: KnownSession;
  readonly onDone: (isByKey: boolean) => void;
}

function RenameField({ session, onDone }: RenameFieldProps) {
  const [name, setName] = useState(session.name);
  // The field that goes loses the focus, which is no second answer.
  const isDone = useRef(false);
  const done = ({ isByKey, isSaved }: { isByKey: boolean; isSaved: boolean }) => {
    if (isDone.current) return;
    isDone.current = true;
    onDone(isByKey);
    if (isSaved) void renameSession(session, name.trim());
  };
  return (
    <input
      autoFocus
      aria-label={`New name of ${session.name}`}
      value={name}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setName(event.target.value)}
      onBlur={() => done({ isByKey: false, isSaved: true })}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== 'Escape') return;
        // Or the row, which has the focus then, is pressed by the same key.
        event.preventDefault();
        done({ isByKey: true, isSaved: event.key === 'Enter' });
      }}
      className="m-1.5 h-8 min-w-0 flex-1 rounded-md border border-accent bg-panel px-2 text-[13px]"
    />
  );
}
