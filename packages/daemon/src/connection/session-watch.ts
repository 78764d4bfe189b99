import type { Event } from '@holdfast/protocol';
import type { SessionRegistry } from '../session/registry.ts';
import type { Session } from '../session/session.ts';

/** What a client that watches all sessions has not been told yet: at most one event a session. */
export class SessionWatch {
  readonly #changed = new Set<Session>();
  readonly #forgotten: string[] = [];
  readonly #registry: SessionRegistry;
  readonly #stop: () => void;

  constructor(registry: SessionRegistry, wake: () => void) {
    this.#registry = registry;
    this.#stop = registry.listen({
      sessionChanged: (session) => {
        this.#changed.add(session);
        wake();
      },
      sessionForgotten: (id) => {
        for (const session of this.#changed) if (session.id === id) this.#changed.delete(session);
        this.#forgotten.push(id);
        wake();
      },
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

  next(): Event | undefined {
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
}
