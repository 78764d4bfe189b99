import { toast } from 'sonner';
import { isLoginOver } from '../api/access.ts';
import { copyText } from '../copy-text.ts';
import { commandOf } from '../keys.ts';
import { preferences } from '../preferences.ts';
import { randomId } from '../random-id.ts';
import { count } from '../sessions/describe.ts';
import { sessionOf } from '../sessions/known-session.ts';
import { takeStarted } from '../sessions/started-here.ts';
import { keepInput, takeInput } from './held-input.ts';
import { hasUndelivered, TerminalLink } from './link.ts';
import { Outbox } from './outbox.ts';
import type { Sizes } from './size-of-another.tsx';
import { TerminalView } from './terminal-view.ts';

/** A session's terminal in the page: what shows it, and what connects it. */
export interface LiveTerminal {
  readonly view: TerminalView;
  readonly link: TerminalLink;
  readonly outbox: Outbox;
}

/** For tests, and for whoever looks from the browser's console. */
type Inspectable = HTMLElement & { holdfast?: LiveTerminal };

export interface Beginning {
  readonly element: HTMLElement;
  readonly session: string;
  readonly readOnly: boolean;
  readonly onTitle: (title: string) => void;
  readonly onLayout: (sizes: Sizes | undefined) => void;
}

/** Begins to show a session in an element, and to type into it. */
export function begin({ element, session, readOnly, onTitle, onLayout }: Beginning): LiveTerminal {
  const { fontSize, screenReader } = preferences.get();
  // Made first, since it says which size there is; the link is there before anything is typed.
  let link: TerminalLink | undefined;
  const view: TerminalView = new TerminalView({
    element,
    fontSize,
    screenReader,
    onTitle,
    onLayout: () => {
      if (!link) return;
      link.resize(view.viewport);
      const { cols, rows } = view.terminal;
      onLayout(view.isLetterboxed ? { shown: { cols, rows }, own: view.viewport } : undefined);
    },
    isLeading: () => link?.view.get().leading ?? false,
    mayCopy: () => link?.view.get().readOnly === false,
    hasEnded: () => link?.view.get().state === 'ended',
    onFault: (cause) => {
      console.error('Output that can’t be shown:', cause);
      toast.warning('A part of what was printed can’t be shown.', { id: 'unshown' });
    },
    takesKey: (event) => takesKey(event, view),
    onInput: (bytes) => {
      if (!readOnly && link?.type(bytes) === false) toast.error('Not typed: too much is held back already.');
    },
  });
  const outbox = (readOnly ? undefined : takeInput(session)) ?? new Outbox(randomId());
  const size = view.viewport;
  const from = takeStarted(session) ? 'output' : 'screen';
  const onMayNotType = () => tellNotTyped(session, outbox, ', since it is only for looking at');
  link = new TerminalLink({ session, outbox, readOnly, size, sink: view, begin: from, onMayNotType });
  const resizing = new ResizeObserver(() => view.measure());
  resizing.observe(element);
  const stop = view.dispose.bind(view);
  view.dispose = () => {
    resizing.disconnect();
    stop();
  };
  const live = { view, link, outbox };
  (element as Inspectable).holdfast = live;
  return live;
}

/** Ends it. What has not arrived waits for who logs in again; whoever has closed the pane himself is told that it is gone. */
export function end(session: string, { view, link, outbox }: LiveTerminal): void {
  // First: a terminal that goes may type that it has lost the focus.
  keepOrTell(session, { link, outbox });
  link.dispose();
  view.dispose();
}

function keepOrTell(session: string, { link, outbox }: Omit<LiveTerminal, 'view'>): void {
  if (!hasUndelivered(link.view.get())) return;
  if (isLoginOver()) return keepInput(session, outbox);
  tellNotTyped(session, outbox, ' that the pane held back');
}

function tellNotTyped(session: string, { heldBytes, unsentBytes }: Outbox, why: string): void {
  const name = sessionOf(session)?.name ?? session;
  const bytes = `${unsentBytes < heldBytes ? 'up to ' : ''}${count(heldBytes, 'byte')}`;
  toast.warning(`Not typed into “${name}”: ${bytes}${why}`, {
    duration: Number.POSITIVE_INFINITY,
  });
}

/** Ctrl+Shift+C copies, as in other terminals; a paste comes by itself. */
function takesKey(event: KeyboardEvent, { terminal }: TerminalView): boolean {
  if (commandOf(event) !== undefined) return false;
  if (!event.ctrlKey || !event.shiftKey) return true;
  if (event.code === 'KeyC' && event.type === 'keydown' && terminal.hasSelection()) {
    event.preventDefault();
    void copyText(terminal.getSelection());
  }
  return event.code !== 'KeyC' && event.code !== 'KeyV';
}
