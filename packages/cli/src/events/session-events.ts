import type { Session } from '@holdfast/protocol';
import { Cursor, type Moment } from './cursor.ts';

interface About {
  /** When it happened, as far as that is known; else when it was heard of. */
  readonly at: string;
  /** From here `--since` goes on. */
  readonly cursor: string;
  readonly id: string;
  readonly name: string;
  /** The end of the session's output. */
  readonly offset: number;
}

export type SessionEvent =
  | {
      readonly event: 'sessions';
      readonly at: string;
      readonly cursor: string;
      readonly sessions: readonly Session[];
    }
  | (About & { readonly event: 'opened' | 'restored' | 'changed'; readonly session: Session })
  | (About & { readonly event: 'exited'; readonly exit: Session['exit']; readonly session: Session })
  | (About & { readonly event: 'output' | 'forgotten' });

/** Makes events of what a daemon tells of its sessions, which are states: what lies between two of them is told once. */
export class SessionEvents {
  readonly #known = new Map<string, Session>();
  readonly #now: () => string;
  readonly #isMeant: (session: Session) => boolean;
  #cursor: Cursor | undefined;
  #isBegun = false;

  /** `since`: what was opened and has exited behind it is told at the beginning. */
  constructor(since: Cursor | undefined, isMeant: (session: Session) => boolean, now: () => string) {
    this.#cursor = since;
    this.#isMeant = isMeant;
    this.#now = now;
  }

  /** All sessions: at the beginning, and again when changes may have been missed. */
  all(listed: readonly Session[]): SessionEvent[] {
    const sessions = listed.filter((session) => this.#isMeant(session));
    if (!this.#isBegun) return this.#begin(sessions);
    // One that has another name now may not be meant any more, and lives.
    const living = new Set(listed.map(({ id }) => id));
    const gone = [...this.#known.keys()].filter((id) => !living.has(id));
    return [...gone.flatMap((id) => this.forgotten(id)), ...sessions.flatMap((session) => this.one(session))];
  }

  /** A session is new, or has changed. Without `withOutput` growing output is told later. */
  one(session: Session, { withOutput = true }: { withOutput?: boolean } = {}): SessionEvent[] {
    if (!this.#isMeant(session)) return [];
    const before = this.#known.get(session.id);
    const isOutput = before !== undefined && session.offset > before.offset;
    this.#known.set(session.id, isOutput && !withOutput ? { ...session, offset: before.offset } : session);
    if (!before) return this.#whole(session);
    if (before.exitedAt !== session.exitedAt) {
      const restored = before.state === 'exited' ? [this.#about('restored', session)] : [];
      return [...restored, ...(session.state === 'exited' ? [this.#exited(session)] : [])];
    }
    return [
      ...(isOutput && withOutput ? [this.#told('output', session)] : []),
      ...(shownOf(before) === shownOf(session) ? [] : [this.#about('changed', session)]),
    ];
  }

  forgotten(id: string): SessionEvent[] {
    const session = this.#known.get(id);
    if (!session) return [];
    this.#known.delete(id);
    return [this.#told('forgotten', session)];
  }

  #begin(sessions: readonly Session[]): SessionEvent[] {
    this.#isBegun = true;
    const moments = sessions.flatMap(momentsOf).toSorted((a, b) => a.moment.atMs - b.moment.atMs);
    const since = this.#cursor;
    this.#cursor ??= moments.reduce((cursor, { moment }) => cursor.behind(moment), Cursor.start);
    for (const session of sessions) this.#known.set(session.id, session);
    const first = { event: 'sessions' as const, at: this.#now(), cursor: String(this.#cursor), sessions };
    const missed = since ? moments.filter(({ moment }) => since.isBefore(moment)) : [];
    return [
      first,
      ...missed.map(({ moment, session }) =>
        moment.kind === 'opened' ? this.#opened(session) : this.#exited(session),
      ),
    ];
  }

  #whole(session: Session): SessionEvent[] {
    return [this.#opened(session), ...(session.state === 'exited' ? [this.#exited(session)] : [])];
  }

  #opened(session: Session): SessionEvent {
    this.#cursor = this.#cursor?.behind(opening(session));
    return { ...this.#about('opened', session), at: session.createdAt };
  }

  #exited(session: Session): SessionEvent {
    const at = session.exitedAt ?? this.#now();
    this.#cursor = this.#cursor?.behind({ kind: 'exited', id: session.id, atMs: Date.parse(at) });
    return { ...this.#told('exited', session), at, exit: session.exit, session };
  }

  #about<T extends 'opened' | 'restored' | 'changed'>(event: T, session: Session) {
    return { ...this.#told(event, session), session };
  }

  #told<T extends string>(event: T, { id, name, offset }: Session) {
    return { event, at: this.#now(), cursor: String(this.#cursor), id, name, offset };
  }
}

/** What `changed` is about. */
function shownOf({ name, cols, rows, warnings }: Session): string {
  return JSON.stringify([name, cols, rows, warnings]);
}

function momentsOf(session: Session): { moment: Moment; session: Session }[] {
  const { id, exitedAt } = session;
  const exited: Moment[] = exitedAt === null ? [] : [{ kind: 'exited', id, atMs: Date.parse(exitedAt) }];
  return [opening(session), ...exited].map((moment) => ({ moment, session }));
}

function opening({ id, createdAt }: Session): Moment {
  return { kind: 'opened', id, atMs: Date.parse(createdAt) };
}
