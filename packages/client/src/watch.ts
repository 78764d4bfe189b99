import type { Event, HoldfastError, Session } from '@holdfast/protocol';
import type { Link } from './link.ts';

/** Who is told of all sessions of a daemon. */
export interface WatchListener {
  /** All sessions: at the beginning, and again after each reconnect, since changes may have been missed. */
  onSessions?: (sessions: Session[]) => void;
  /** A session is new, or has changed. */
  onSession?: (session: Session) => void;
  /** A session was forgotten. */
  onForgotten?: (id: string) => void;
  /** Watching could not be resumed; nothing follows. Not called after `close`. */
  onLost?: (error: HoldfastError) => void;
}

/** One listener to all sessions. */
export interface Watch {
  /** No handler is called any more. */
  close(): void;
}

interface Watcher {
  readonly listener: WatchListener;
  /** Settles the promise of `add`; later calls do nothing. */
  readonly opened: () => void;
  readonly refused: (error: HoldfastError) => void;
  /** Until then it hears of nothing, as it could not tell what has changed. */
  hasSessions: boolean;
}

/** The listeners of one client. The daemon tells a connection once of each change, however many they are. */
export class Watchers {
  readonly #link: Link;
  readonly #watchers = new Set<Watcher>();

  constructor(link: Link) {
    this.#link = link;
  }

  /** `watching` resolves once the listener has been told of all sessions; `close` gives it up, then and before. */
  add(listener: WatchListener): { watching: Promise<Watch>; close: () => void } {
    let close: () => void = () => undefined;
    const watching = new Promise<Watch>((resolve, refused) => {
      const opened = () => resolve({ close });
      const watcher: Watcher = { listener, opened, refused, hasSessions: false };
      close = () => this.#watchers.delete(watcher);
      this.#watchers.add(watcher);
      if (this.#link.isUp) this.#ask([watcher]);
    });
    return { watching, close };
  }

  /** A connection is there. */
  attach(): void {
    if (this.#watchers.size > 0) this.#ask([...this.#watchers]);
  }

  event(event: Extract<Event, { event: 'session' | 'forgotten' }>): void {
    for (const { listener, hasSessions } of this.#watchers) {
      if (!hasSessions) continue;
      if (event.event === 'session') listener.onSession?.(event.session);
      else listener.onForgotten?.(event.id);
    }
  }

  /** No connection will come any more. `isExpected`: the user closed the client. */
  abandon(error: HoldfastError, isExpected: boolean): void {
    for (const watcher of this.#watchers) this.#lose(watcher, error, isExpected);
  }

  #ask(watchers: Watcher[]): void {
    const ok = ({ sessions }: { sessions: Session[] }) => {
      for (const watcher of watchers) {
        if (!this.#watchers.has(watcher)) continue;
        watcher.hasSessions = true;
        watcher.listener.onSessions?.(sessions);
        watcher.opened();
      }
    };
    const failed = (error: HoldfastError) => {
      // A lost connection is followed by another one, or by `abandon`.
      if (error.code === 'E_DISCONNECTED') return;
      for (const watcher of watchers) this.#lose(watcher, error, false);
    };
    this.#link.request('watch', {}, { ok, failed });
  }

  #lose(watcher: Watcher, error: HoldfastError, isExpected: boolean): void {
    if (!this.#watchers.delete(watcher)) return;
    if (!watcher.hasSessions) watcher.refused(error);
    else if (!isExpected) watcher.listener.onLost?.(error);
  }
}
