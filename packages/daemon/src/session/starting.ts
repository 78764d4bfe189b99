import { close, startTimeOf, takeExitStatus } from '@holdfast/posix';
import { HoldfastError, LIMITS, type OpenParameters, type RequestParameters } from '@holdfast/protocol';
import { testPoint } from '../test-points.ts';
import type { AgentLink } from './agent-link.ts';
import { findProgram, type Launched, launch, type Program } from './launch.ts';
import { restoredLine } from './restored-line.ts';
import { Session } from './session.ts';
import type { OpenedHistory } from './session-files.ts';
import { newSessionId } from './session-name.ts';
import type { SessionState } from './state-file.ts';
import type { SessionHome } from './taken-up.ts';

export type RestoreParameters = Omit<RequestParameters<'restore'>, 'session'>;

/** Who has all sessions. */
export interface StartingRegistry {
  /** No session is to begin any more. */
  readonly isStopping: () => boolean;
  /** A session is to be found from now on, in the place of one that has its id. */
  readonly admit: (session: Session) => void;
}

/** Starts programs in sessions: in new ones, and anew in those that have exited. */
export class Starting {
  readonly #home: SessionHome;
  readonly #registry: StartingRegistry;
  /** Programs that no session was made of, until they have ended: nobody else waits for them. */
  readonly #hungUp = new Set<number>();

  constructor(home: SessionHome, registry: StartingRegistry) {
    this.#home = home;
    this.#registry = registry;
  }

  /** Starts a program in a new session. Throws HoldfastError; nothing is left behind then. */
  async open(name: string, request: OpenParameters): Promise<Session> {
    const { files, surroundings } = this.#home;
    const { keeper, log } = surroundings;
    const program = await findProgram(request);
    const id = newSessionId();
    const { historyBytes = LIMITS.historyBytesDefault, historyIn = 'disk' } = request;
    const opened = await files.createHistory(id, { historyBytes, historyIn });
    try {
      this.#checkNotStopping();
      const agentLink = files.agentLink(id);
      const env = this.#environment(id, request.env, agentLink);
      const launched = launch(program, { ...request, env });
      const session = this.#orHangUp(launched, () =>
        this.#begin({ id, name, agentLink }, { program, launched, request, opened }),
      );
      keeper.hold(id, launched);
      this.#registry.admit(session);
      log('session.opened', { session: id, name, pid: launched.pid });
      for (const warning of opened.warnings) log('session.warning', { session: id, warning });
      await session.save();
      surroundings.changed(session);
      return session;
    } catch (error) {
      opened.history.close();
      await files.remove(id);
      throw error;
    }
  }

  /**
   * Starts the program of an exited session anew: the session that takes its place has its id, its name, and its history. Throws
   * HoldfastError; all is as before then.
   */
  async restore(old: Session, request: RestoreParameters): Promise<Session> {
    const { files, surroundings, bootId } = this.#home;
    const { command, isLoginShell, ...begun } = old.state;
    // What is still being killed of it would be taken for a part of the new one.
    await old.kill(null);
    const program = await findProgram({
      ...begun,
      command: isLoginShell ? [] : [...command],
      env: isLoginShell && command[0] !== undefined ? { ...request.env, SHELL: command[0] } : request.env,
    });
    // Offsets never reset: what begins anew since its files are gone begins behind what there was.
    const leases = [{ offset: old.history.end, leaseMs: 0 }];
    const opened = await files.reopenLiveHistory({ ...old.state, leases });
    const { history, historyIn } = opened;
    const { id, name, cwd, cols, rows } = begun;
    let isAdmitted = false;
    try {
      await old.settled();
      this.#checkNotStopping();
      const agentLink = files.agentLink(id);
      const env = this.#environment(id, request.env, agentLink);
      const launched = launch(program, { ...request, command: [...command], cwd, cols, rows, env });
      const session = this.#orHangUp(launched, () => {
        const state = {
          ...old.state,
          pid: launched.pid,
          startTime: startTimeOf(launched.pid),
          bootId,
          exitedAt: null,
          exit: null,
          historyBytes: history.capacity,
          historyIn,
          leases: [],
        };
        testPoint('daemon.restoring', id);
        return this.#made({ state, launched, agentLink, opened });
      });
      // Only now can nothing fail any more, and nothing has been read yet.
      session.beginBelow(Buffer.from(restoredLine(new Date())));
      // Nothing of the old one is told or saved any more.
      old.retire();
      surroundings.keeper.hold(id, launched);
      this.#registry.admit(session);
      isAdmitted = true;
      surroundings.log('session.restored', { session: id, name, pid: launched.pid });
      await session.save();
      surroundings.changed(session);
      return session;
    } catch (error) {
      if (!isAdmitted) history.close();
      throw error;
    }
  }

  /** Some child of this process has ended. */
  childEnded(): void {
    for (const pid of this.#hungUp) if (takeExitStatus(pid) !== 'running') this.#hungUp.delete(pid);
  }

  /** Throws HoldfastError(E_STOPPING). */
  #checkNotStopping(): void {
    if (this.#registry.isStopping()) throw new HoldfastError('E_STOPPING', 'the daemon is stopping');
  }

  #begin(
    named: { id: string; name: string; agentLink: AgentLink },
    made: { program: Program; launched: Launched; request: OpenParameters; opened: OpenedHistory },
  ): Session {
    const { id, name, agentLink } = named;
    const { program, launched, request, opened } = made;
    const { history, historyIn } = opened;
    const { cwd, cols, rows, leaseMs } = request;
    history.marks.size(0, cols, rows);
    const state = {
      schema: 1 as const,
      id,
      name,
      pid: launched.pid,
      startTime: startTimeOf(launched.pid),
      bootId: this.#home.bootId,
      command: program.command,
      ...(request.command.length === 0 ? { isLoginShell: true } : {}),
      cwd,
      cols,
      rows,
      createdAt: new Date().toISOString(),
      exitedAt: null,
      exit: null,
      historyBytes: history.capacity,
      historyIn,
      leases: leaseMs === undefined ? [] : [{ offset: 0, leaseMs }],
    };
    return this.#made({ state, launched, agentLink, opened });
  }

  /** What is made of a program that runs; if that fails it is hung up, since nobody would know of it. */
  #orHangUp<T>({ pid, master }: Launched, make: () => T): T {
    try {
      return make();
    } catch (error) {
      close(master);
      this.#hungUp.add(pid);
      throw error;
    }
  }

  #made(made: {
    state: SessionState;
    launched: Launched;
    agentLink: AgentLink;
    opened: OpenedHistory;
  }): Session {
    const { state, launched, agentLink, opened } = made;
    const { history, warnings } = opened;
    const { files, surroundings } = this.#home;
    const stateFile = files.stateFile(state.id);
    return new Session({ state, history, stateFile, agentLink, program: launched, warnings }, surroundings);
  }

  /** The client's, with what marks the session. */
  #environment(id: string, client: Record<string, string>, agentLink: AgentLink): Record<string, string> {
    const env: Record<string, string> = { ...client, HOLDFAST_SESSION: id };
    const agent = client.SSH_AUTH_SOCK;
    if (!agent || !agentLink.isUsable) return env;
    try {
      agentLink.pointAt(agent);
      env.SSH_AUTH_SOCK = agentLink.path;
    } catch (error) {
      this.#home.surroundings.log('session.agent-link-failed', { session: id, error: String(error) });
    }
    return env;
  }
}
