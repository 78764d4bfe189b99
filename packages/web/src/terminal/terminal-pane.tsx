import { useEffect, useRef, useState } from 'react';
import { toast } from 'sonner';
import { commandOf } from '../keys.ts';
import { focusAsked } from '../layout/layout-store.ts';
import { preferences } from '../preferences.ts';
import { type KnownSession, useSilence } from '../sessions/known-session.ts';
import { markSeen } from '../sessions/seen.ts';
import { Store, useStore } from '../store.ts';
import { droppedPaths } from './dropped-paths.ts';
import { FindBar } from './find-bar.tsx';
import { useLeaveQuestion } from './leave-question.ts';
import { LATE_MS, type LinkState } from './link-state.ts';
import { hasUndelivered, type LinkView } from './link.ts';
import { begin, end, type LiveTerminal } from './live-terminal.ts';
import { PaneHead, type PaneActions, type Sizes } from './pane-head.tsx';
import { ExitNotice, InputNotices } from './pane-notices.tsx';
import { followProgram, type LinkedPid } from './restored-behind.ts';
import { TouchKeys } from './touch-keys.tsx';

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

const NOTHING = new Store<LinkView | undefined>(undefined);

/** One session's terminal, with its head and what there is to say about it. */
export default function TerminalPane(props: TerminalPaneProps) {
  const {
    session,
    known,
    isFocused,
    isOneOfMany = false,
    isVisible,
    readOnly = false,
    actions,
    onLink,
  } = props;
  const element = useRef<HTMLDivElement>(null);
  const [live, setLive] = useState<LiveTerminal>();
  const [title, setTitle] = useState('');
  const [isFinding, setIsFinding] = useState(false);
  const [sizes, setSizes] = useState<Sizes>();
  const { fontSize, screenReader } = useStore(preferences);
  const linkView = useStore<LinkView | undefined>(live?.link.view ?? NOTHING);
  const silentSince = useSilence(session);
  const timesAsked = useStore(focusAsked);
  const hasEnded = linkView?.state === 'ended';
  const timesRestored = useTimesRestored(known, hasEnded);

  useEffect(() => {
    if (!element.current) return undefined;
    const begun = begin({
      element: element.current,
      session,
      readOnly,
      onTitle: setTitle,
      onLayout: setSizes,
    });
    setLive(begun);
    return () => {
      end(session, begun);
      setLive(undefined);
    };
  }, [session, readOnly, timesRestored]);

  useEffect(() => live?.view.setFontSize(fontSize), [live, fontSize]);
  useEffect(() => {
    if (live) live.view.terminal.options.screenReaderMode = screenReader;
  }, [live, screenReader]);
  useEffect(() => {
    if (hasEnded) live?.view.end();
  }, [live, hasEnded]);
  useEffect(() => live?.view.setVisible(isVisible), [live, isVisible]);
  useEffect(() => {
    if (isFocused && isVisible && !isFinding) live?.view.terminal.focus();
  }, [live, isFocused, isVisible, isFinding, timesAsked]);
  useEffect(() => {
    if (!live) return undefined;
    if (silentSince === undefined) return live.link.heard(true);
    const timer = setTimeout(() => live.link.heard(false), Math.max(0, silentSince + LATE_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [live, silentSince]);
  useEffect(() => {
    if (!live || !isVisible) return undefined;
    const mark = () => markSeen(session, live.link.offset);
    const timer = setInterval(mark, 1_000);
    return () => {
      mark();
      clearInterval(timer);
    };
  }, [live, isVisible, session]);

  useLeaveQuestion(linkView !== undefined && hasUndelivered(linkView));

  const linkState = linkView?.state;
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
        view={linkView}
        isFocused={isFocused}
        isOneOfMany={isOneOfMany}
        onReconnect={() => live?.link.reconnect()}
        onForgetIncomplete={() => live?.link.forgetIncomplete()}
        onFind={find}
        {...(actions ? { actions } : {})}
        {...(sizes && known ? { sizes } : {})}
      />
      <div className="relative min-h-0 flex-1 overflow-hidden">
        <div
          ref={element}
          className={`terminal-box absolute inset-0 ${sizes ? 'bg-canvas' : ''}`}
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            const dropped = droppedPaths(event.dataTransfer);
            if (dropped?.areNames) toast.info('A browser only tells a file’s name, not its folder.');
            if (dropped) live?.view.terminal.paste(dropped.text);
            live?.view.terminal.focus();
          }}
        />
        {linkView && <InputNotices view={linkView} onForgetDoubt={() => live?.link.forgetDoubt()} />}
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
      {linkView && linkView.exit !== null && (
        <ExitNotice
          exit={linkView.exit}
          onRunAgain={readOnly ? undefined : actions?.onRunAgain}
          onRestore={readOnly ? undefined : actions?.onRestore}
        />
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

/** How often its session was restored behind the end that it shows: another program runs in it then, which needs another link. */
function useTimesRestored(known: KnownSession | undefined, hasEnded: boolean): number {
  const linked = useRef<LinkedPid>(undefined);
  const [times, setTimes] = useState(0);
  const pid = known?.pid;
  useEffect(() => {
    const following = followProgram(linked.current, { pid, hasEnded });
    linked.current = following.linked;
    if (following.isRestored) setTimes((before) => before + 1);
  }, [pid, hasEnded]);
  return times;
}
