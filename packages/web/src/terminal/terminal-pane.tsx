import { useEffect, useRef, useState } from 'react';
import { commandOf } from '../keys.ts';
import type { KnownSession } from '../sessions/known-session.ts';
import { drop } from './drop.ts';
import { FindBar } from './find-bar.tsx';
import { useLeaveQuestion } from './leave-question.ts';
import type { LinkState } from './link-state.ts';
import { hasUndelivered } from './link.ts';
import type { PaneActions } from './pane-buttons.tsx';
import { PaneHead } from './pane-head.tsx';
import { ExitNotice, InputNotices } from './pane-notices.tsx';
import { TouchKeys } from './touch-keys.tsx';
import { useAppearance } from './use-appearance.ts';
import { useFocus } from './use-focus.ts';
import { useLiveTerminal } from './use-live-terminal.ts';
import { useOutputSeen } from './use-output-seen.ts';
import { useSilenceTold } from './use-silence-told.ts';

export interface TerminalPaneProps {
  /** What the page calls it. */
  readonly session: string;
  /** Undefined while it isn't known. */
  readonly known: KnownSession | undefined;
  readonly isFocused: boolean;
  /** Whether there are other panes beside it. */
  readonly isOneOfMany?: boolean;
  /** Whether its tab is shown. */
  readonly isVisible: boolean;
  readonly readOnly?: boolean;
  readonly actions?: PaneActions;
  /** Called with each state of the connection. */
  readonly onLink?: (state: LinkState) => void;
}

/** One session's terminal, with its head and what there is to say about it. */
export default function TerminalPane(props: TerminalPaneProps) {
  const { session, known, isFocused, isVisible, readOnly = false, actions, onLink } = props;
  const element = useRef<HTMLDivElement>(null);
  const [isFinding, setIsFinding] = useState(false);
  const { live, view, title, sizes } = useLiveTerminal(element, { session, known, readOnly });

  useAppearance(live, { hasEnded: view?.state === 'ended', isVisible });
  useFocus(live, isFocused && isVisible && !isFinding);
  useSilenceTold(live, session);
  useOutputSeen(live, { session, isVisible });
  useLeaveQuestion(view !== undefined && hasUndelivered(view));
  const linkState = view?.state;
  useEffect(() => {
    if (linkState) onLink?.(linkState);
  }, [linkState, onLink]);

  const find = () => setIsFinding(true);
  return (
    <section
      aria-label={`Terminal ${known?.name ?? ''}`}
      data-session={session}
      data-focused={isFocused && isVisible}
      className="flex h-full min-h-0 min-w-0 flex-col bg-terminal"
      onKeyDown={(event) => {
        if (commandOf(event.nativeEvent) === 'find') {
          event.preventDefault();
          find();
        }
      }}
    >
      <PaneHead
        known={known}
        title={title}
        view={view}
        isFocused={isFocused}
        isOneOfMany={props.isOneOfMany ?? false}
        onReconnect={() => live?.link.reconnect()}
        onForgetIncomplete={() => live?.link.forgetIncomplete()}
        onFind={find}
        actions={actions}
        sizes={sizes}
      />
      <div className="relative min-h-0 flex-1 overflow-hidden">
        <div
          ref={element}
          className={`terminal-box absolute inset-0 ${sizes ? 'bg-canvas' : ''}`}
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => drop(event, live)}
        />
        {view && <InputNotices view={view} onForgetDoubt={() => live?.link.forgetDoubt()} />}
        {isFinding && live && (
          <FindBar
            search={live.view.search}
            onClose={() => {
              setIsFinding(false);
              live.view.terminal.focus();
            }}
          />
        )}
      </div>
      {view && view.exit !== null && (
        <ExitNotice exit={view.exit} onRunAgain={actions?.onRunAgain} onRestore={actions?.onRestore} />
      )}
      {!readOnly && (
        <TouchKeys
          onType={(text) => live?.view.terminal.input(text)}
          isApplicationCursor={() => live?.view.terminal.modes.applicationCursorKeysMode ?? false}
        />
      )}
    </section>
  );
}
