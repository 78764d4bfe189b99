import { type Connector, netConnector } from '@holdfast/client';
import { BUILD, type DaemonIdentity, VERSION } from '@holdfast/protocol';
import { adopt, type Adoption } from './adopt.ts';
import { callBack } from './call-back.ts';
import { ensure } from './ensure.ts';
import type { SupervisorEvent } from './events.ts';
import type { Home } from './home.ts';
import type { Installation } from './installation.ts';
import { Recorder } from './recorder.ts';
import { restart, type Restarted } from './restart.ts';
import { resume, type Resumed, type ResumeOptions } from './resume.ts';
import { readStatus, type SupervisorStatus } from './status.ts';
import { stop, type Stopped } from './stop.ts';
import type { Surroundings } from './surroundings.ts';
import { readUpdateRecord, writeUpdateRecord } from './update-record.ts';
import { upgrade, type UpgradeOptions, type UpgradeOutcome } from './upgrade.ts';
import { type DaemonView, watch, type Watching, type WatchOptions } from './watch.ts';

/** Of which home a supervisor is, and what it may start there. */
export interface SupervisorOptions {
  /** The namespace's home: `resolveHome(process.env, namespace)`. */
  readonly home: Home;
  /** What it starts, and upgrades to. */
  readonly installation: Installation;
  /** What this program is, for the daemon's log; at most 64 characters. */
  readonly name: string;
  /** By default process.env; a daemon that is started gets a small part of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** By default Node's sockets and timers; that of the reactor, while it has the event loop. */
  readonly connector?: Connector;
  /** Whether events are written to supervisor.log in the state folder; by default they are. */
  readonly log?: boolean;
}

/**
 * Decides which daemon runs in one namespace. Any number of them may exist for the same home, in any number of processes: they
 * agree by a lock and by what the daemon says. All errors are HoldfastErrors.
 */
export class Supervisor {
  /** As it was given. */
  readonly home: Home;
  readonly #surroundings: Surroundings;
  readonly #recorder: Recorder;
  readonly #listeners = new Set<(event: SupervisorEvent) => void>();

  constructor(options: SupervisorOptions) {
    const {
      home,
      installation,
      name,
      env = process.env,
      connector = netConnector(home.socketPath),
    } = options;
    const recorder = new Recorder(home, { writesLog: options.log ?? true });
    this.home = home;
    this.#recorder = recorder;
    this.#surroundings = {
      home,
      name,
      env,
      connector,
      installation: {
        ...installation,
        node: installation.node ?? process.execPath,
        build: installation.build === undefined ? { version: VERSION, build: BUILD } : installation.build,
      },
      emit: (event) => {
        recorder.record(event);
        for (const listener of this.#listeners) callBack(listener, event);
      },
    };
  }

  /** Calls back with each event of this supervisor, as docs/events.md lists them; returns what ends that. What `listener` throws becomes a warning of the process. */
  subscribe(listener: (event: SupervisorEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Makes sure that a daemon serves, and starts one if none runs; resolves with whichever does then. Several at once, in any
   * processes, end with one daemon. Throws E_DAEMON_START with the reason, E_TIMEOUT if one is there and does not answer, E_HELD if
   * its keeper starts none, E_NO_DAEMON if the home can't be used.
   */
  ensure(): Promise<DaemonIdentity> {
    return this.#recorded(ensure(this.#surroundings));
  }

  /** Looks which daemon serves, within some seconds. It starts none and ends none, whatever it finds. Throws E_NO_DAEMON if the home can't be used. */
  adopt(): Promise<Adoption> {
    return this.#recorded(adopt(this.#surroundings));
  }

  /**
   * Replaces the daemon by this installation's build, keeping every session and connection. Never throws for an upgrade that fails:
   * that is a value, and nothing has changed.
   */
  upgrade(options?: UpgradeOptions): Promise<UpgradeOutcome> {
    return this.#recorded(upgrade(this.#surroundings, options));
  }

  /**
   * Ends every session, and starts this installation's daemon. Asks nobody. Throws E_NO_DAEMON if none runs, E_TIMEOUT if it does
   * not answer or does not end (nothing is started then), E_DAEMON_START if the new one does not start.
   */
  restart(): Promise<Restarted> {
    return this.#recorded(restart(this.#surroundings));
  }

  /** Starts a daemon again after its keeper has given up. Throws E_NO_DAEMON without a keeper, E_HELD if the daemon dies as well. */
  resume(options?: ResumeOptions): Promise<Resumed> {
    return this.#recorded(resume(this.#surroundings, options));
  }

  /** Ends every session, the daemon and its keeper; resolves when they are gone. Asks nobody. Throws E_TIMEOUT if it does not answer, or does not end. */
  stop(): Promise<Stopped> {
    return this.#recorded(stop(this.#surroundings));
  }

  /** What there is; that none runs is an answer. Throws E_NO_DAEMON if one is there that does not answer within 5 s. */
  status(): Promise<SupervisorStatus> {
    const { home, connector, name, installation } = this.#surroundings;
    return readStatus({ home, connector, name, available: installation.build });
  }

  /**
   * Keeps an eye on the daemon until the result is disposed of; `view` there never waits. It starts and ends none, but upgrades one
   * that is older than this installation, in the background and some time later, unless that is switched off.
   */
  watch(onChange: (view: DaemonView) => void = () => undefined, options: WatchOptions = {}): Watching {
    return watch(this.#surroundings, onChange, options);
  }

  /** Somebody has taken note of the failed update: no status tells of it any more, and what has failed is not tried again. */
  dismissUpdateFailure(): void {
    writeUpdateRecord(this.home, { ...readUpdateRecord(this.home), failure: null });
  }

  /** The result of a verb, when what it has told of is written: a short-lived program ends then. */
  async #recorded<T>(result: Promise<T>): Promise<T> {
    try {
      return await result;
    } finally {
      await this.#recorder.written();
    }
  }
}
