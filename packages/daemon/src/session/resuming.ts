import { setNonBlocking } from '@holdfast/posix';
import { History } from '../history/history.ts';
import type { Launched } from './launch.ts';
import { NOTHING_TO_UNPACK, type Unpacking } from './luggage.ts';
import { PreparedHistories } from './prepared-histories.ts';
import type { Session } from './session.ts';
import type { HistoryPlace } from './session-files.ts';
import { canBeMadeEarly, type SuspendedSession } from './suspended-session.ts';
import { type SessionHome, takenUp } from './taken-up.ts';

/** Makes sessions of those that a predecessor hands over, as far as can be before it does. */
export class Resuming {
  readonly #home: SessionHome;
  readonly #prepared: PreparedHistories;
  /** Made before they were handed over, by what the preview said of them. */
  readonly #early = new Map<SuspendedSession, Session>();

  constructor(home: SessionHome) {
    this.#home = home;
    this.#prepared = new PreparedHistories((place) => home.files.reopenFiles(place));
  }

  /**
   * Opens histories and makes sessions for `resume` while a predecessor still has them; returns ids of sessions whose files
   * are gone.
   */
  prepare(places: readonly HistoryPlace[], sessions: readonly SuspendedSession[]): string[] {
    const missing = this.#prepared.prepare(places);
    for (const session of sessions) if (canBeMadeEarly(session)) this.#makeEarly(session);
    return missing;
  }

  /** A session as a predecessor had it. Throws Error if its history can't be had. */
  resume(suspended: SuspendedSession, luggage: Unpacking): Session {
    return this.#resumeEarly(suspended, luggage) ?? this.#resumeWhole(suspended, luggage);
  }

  /** All sessions have been resumed: closes what was prepared for others. */
  dispose(): void {
    // They hold nothing but their histories.
    this.#early.clear();
    this.#prepared.dispose();
  }

  #makeEarly(suspended: SuspendedSession): void {
    const { state, program, warnings } = suspended;
    const history = this.#prepared.get(state.id);
    if (!history) return;
    const session = takenUp(this.#home, {
      state,
      history,
      program: program ? 'later' : undefined,
      suspended: { state: suspended, luggage: NOTHING_TO_UNPACK },
      warnings,
    });
    this.#early.set(suspended, session);
  }

  /** undefined if it was not made early, or is not as it was then. */
  #resumeEarly(suspended: SuspendedSession, luggage: Unpacking): Session | undefined {
    const session = this.#early.get(suspended);
    if (!session) return undefined;
    this.#early.delete(suspended);
    this.#prepared.take(suspended.state);
    const program = launchedOf(suspended, luggage);
    if (!program) return session;
    setNonBlocking(program.master);
    session.resumeProgram(program);
    return session;
  }

  #resumeWhole(suspended: SuspendedSession, luggage: Unpacking): Session {
    const { state, warnings } = suspended;
    const fd = (index: number) => luggage.fd(index, `of session ${state.id}`);
    const anonymous = suspended.anonymousHistory;
    const history = anonymous
      ? History.adopt(
          { ledger: fd(anonymous.ledger), marks: fd(anonymous.marks), ring: fd(anonymous.ring) },
          anonymous.capacity,
        )
      : this.#prepared.take(state);
    return takenUp(this.#home, {
      state,
      history,
      program: launchedOf(suspended, luggage),
      suspended: { state: suspended, luggage },
      warnings,
    });
  }
}

/** A suspended program with the descriptors that came with it. */
function launchedOf({ state, program }: SuspendedSession, luggage: Unpacking): Launched | undefined {
  if (!program) return undefined;
  const { pid, slavePath, master, pidfd } = program;
  const fd = (index: number) => luggage.fd(index, `of session ${state.id}`);
  return { pid, slavePath, master: fd(master), pidfd: pidfd === null ? null : fd(pidfd) };
}
