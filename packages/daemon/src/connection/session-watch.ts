import { type Event, HoldfastError, LIMITS } from '@holdfast/protocol';
import type { SessionRegistry } from '../session/registry.ts';
import type { Session } from '../session/session.ts';

export interface SessionWatchEvents {
  /** There is something to tell. */
  due(): void;
  /** E_LIMIT: more waits than is kept for one client. What it was not told is dropped, and nothing follows. */
  overrun(error: HoldfastError): void;
}

/** What a client that watches all sessions has not been told yet: at most one event a session, and a limit for those forgotten. */
export class SessionWatch {
  readonly #changed = new Set<Session>();
  readonly #forgotten: string[] = [];
  /** Of events `forgotten` that a predecessor has left: they go out before everything else, and count with the others. */
  #inherited: number;
  readonly #registry: Pick<SessionRegistry, 'all' | 'listen'>;
  readonly #events: SessionWatchEvents;
  readonly #stop: () => void;

  /** `inherited`: how many a predecessor has left to be told. */
  constructor(
    registry: Pick<SessionRegistry, 'all' | 'listen'>,
    events: SessionWatchEvents,
    inherited: number = 0,
  ) {
    this.#inherited = inherited;
    this.#registry = registry;
    this.#events = events;
    this.#stop = registry.listen({
      sessionChanged: (session) => {
        this.#changed.add(session);
        events.due();
      },
      sessionForgotten: (id) => this.#sessionForgotten(id),
    });
  }

  /** Everything may have changed. */
  changedAll(): void {
    for (const session of this.#registry.all) this.#changed.add(session);
  }

  /** Of the sessions that were forgotten a successor knows nothing. */
  get forgotten(): Event[] {
    return this.#forgotten.map((id) => ({ event: 'forgotten', id }));
  }

  /** How many were forgotten of which the client may not have been told, those before this daemon included. */
  get untold(): number {
    return this.#inherited + this.#forgotten.length;
  }

  /** Called when whatever else was queued for the client has gone out, or goes out with this. */
  next(): Event | undefined {
    this.#inherited = 0;
    for (const session of this.#changed) {
      this.#changed.delete(session);
      return { event: 'session', session: session.describe() };
    }
    const id = this.#forgotten.shift();
    return id === undefined ? undefined : { event: 'forgotten', id };
  }

  close(): void {
    this.#stop();
  }

  #sessionForgotten(id: string): void {
    for (const session of this.#changed) if (session.id === id) this.#changed.delete(session);
    if (this.untold < LIMITS.forgottenPerWatcher) {
      this.#forgotten.push(id);
      this.#events.due();
      return;
    }
    this.#stop();
    this.#changed.clear();
    this.#forgotten.length = 0;
    this.#inherited = 0;
    const why = `more than ${LIMITS.forgottenPerWatcher} sessions were forgotten of which this client has not been told`;
    this.#events.overrun(new HoldfastError('E_LIMIT', why));
  }
}
