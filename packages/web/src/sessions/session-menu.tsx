import { Ellipsis } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { sharing } from '../sharing/sharing.ts';
import { IconButton } from '../ui/button.tsx';
import { restoreSession } from './actions.ts';
import type { KnownSession } from './known-session.ts';
import { isElsewhere } from './session-key.ts';

export interface SessionMenuProps {
  readonly session: KnownSession;
  readonly isRenaming: boolean;
  readonly onRename: () => void;
  readonly onKill: () => void;
  readonly onForget: () => void;
}

const ITEM =
  'flex cursor-default items-center justify-between gap-6 rounded-md px-2.5 py-1.5 text-[13px] outline-none data-highlighted:bg-hover pointer-coarse:py-2.5';

/** What can be done with a session, in its row of the list. */
export function SessionMenu({ session, isRenaming, onRename, onKill, onForget }: SessionMenuProps) {
  return (
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
          <DropdownMenu.Item className={ITEM} onSelect={onRename}>
            Rename <KeyHint>F2</KeyHint>
          </DropdownMenu.Item>
          {!isElsewhere(session.id) && (
            <DropdownMenu.Item className={ITEM} onSelect={() => sharing.set(session.id)}>
              Share…
            </DropdownMenu.Item>
          )}
          {session.state === 'running' ? (
            <DropdownMenu.Item className={`${ITEM} text-bad`} onSelect={onKill}>
              Kill… <KeyHint>Del</KeyHint>
            </DropdownMenu.Item>
          ) : (
            <>
              <DropdownMenu.Item className={ITEM} onSelect={() => void restoreSession(session)}>
                Restore
              </DropdownMenu.Item>
              <DropdownMenu.Item className={ITEM} onSelect={onForget}>
                Forget <KeyHint>Del</KeyHint>
              </DropdownMenu.Item>
            </>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** The key that does the same in the row. A phone has none. */
function KeyHint({ children }: { readonly children: string }) {
  return <kbd className="text-xs text-muted pointer-coarse:hidden">{children}</kbd>;
}
