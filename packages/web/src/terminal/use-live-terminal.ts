import { type RefObject, useEffect, useRef, useState } from 'react';
import type { KnownSession } from '../sessions/known-session.ts';
import { Store, useStore } from '../store.ts';
import type { LinkView } from './link.ts';
import { begin, end, type LiveTerminal } from './live-terminal.ts';
import { followProgram, type LinkedPid } from './restored-behind.ts';
import type { Sizes } from './size-of-another.tsx';

export interface TerminalOfPane {
  readonly session: string;
  /** Undefined while it isn't known. */
  readonly known: KnownSession | undefined;
  readonly readOnly: boolean;
}

/** A pane's terminal, and what it tells of itself. */
export interface ShownTerminal {
  /** Undefined before there is one. */
  readonly live: LiveTerminal | undefined;
  readonly view: LinkView | undefined;
  /** As the program has set it. */
  readonly title: string;
  /** Given if the session has another size than the pane. */
  readonly sizes: Sizes | undefined;
}

const NOTHING = new Store<LinkView | undefined>(undefined);

/** The terminal that is shown in an element for as long as that is there. */
export function useLiveTerminal(
  element: RefObject<HTMLElement | null>,
  { session, known, readOnly }: TerminalOfPane,
): ShownTerminal {
  const [live, setLive] = useState<LiveTerminal>();
  const [title, setTitle] = useState('');
  const [sizes, setSizes] = useState<Sizes>();
  const view = useStore<LinkView | undefined>(live?.link.view ?? NOTHING);
  const timesRestored = useTimesRestored(known, view?.state === 'ended');

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
  }, [element, session, readOnly, timesRestored]);

  return { live, view, title, sizes };
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
