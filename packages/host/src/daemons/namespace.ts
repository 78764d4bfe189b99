import { existsSync } from 'node:fs';
import type { Client } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import {
  type DaemonView,
  type Home,
  type Installation,
  resolveHome,
  Supervisor,
  type Watching,
} from '@holdfast/supervisor';
import { DaemonLink } from './daemon-link.ts';
import { OutputWatch } from './output-watch.ts';
import { Pool, type Use } from './pool.ts';

/** More than anybody has daemons. Beyond it, the one that nobody has asked for the longest is forgotten. */
const NAMESPACES_MAX = 256;
/** Of namespaces that were never there: who makes up names must neither take the place of others, nor have many looked for. */
const ABSENT_MAX = 32;
/** Who asks now and then how a daemon is gets an answer at once, by what was seen meanwhile. */
const LINGER_MS = 15 * 60_000;
/** The connection for a shared session, when nobody looks any more: a page that is loaded again finds it. */
const LIMITED_LINGER_MS = 5_000;

export interface NamespacesOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The programs of this build. */
  readonly installation: Installation;
  /** The name of the host's own namespace: who names none means this one. */
  readonly own: string;
}

/** One daemon, as the host sees it. */
export class Namespace {
  readonly home: Home;
  readonly supervisor: Supervisor;
  /** Which sessions print. */
  readonly output: OutputWatch;
  readonly #link: DaemonLink;
  readonly #limited: Pool<DaemonLink>;
  readonly #viewListeners = new Set<(view: DaemonView) => void>();
  /** From when somebody first asked how the daemon is. */
  #watching: Watching | undefined;

  constructor(home: Home, { env, installation }: Pick<NamespacesOptions, 'env' | 'installation'>) {
    this.home = home;
    this.supervisor = new Supervisor({ home, env, installation, name: 'holdfast-host' });
    this.#link = new DaemonLink(home);
    this.#limited = new Pool((session) => new DaemonLink(home, session), { lingerMs: LIMITED_LINGER_MS });
    this.output = new OutputWatch(() => this.#link.client());
  }

  /** How the daemon is, as far as it is known: it never waits. */
  get view(): DaemonView {
    this.#watching ??= this.supervisor.watch((view) => {
      for (const listener of this.#viewListeners) listener(view);
    });
    return this.#watching.view;
  }

  /** Tells of each change of `view`; returns what ends that. */
  onView(listener: (view: DaemonView) => void): () => void {
    this.#viewListeners.add(listener);
    return () => this.#viewListeners.delete(listener);
  }

  /** The shared connection. Starts no daemon. Rejects within seconds: E_NO_DAEMON, E_HELD. */
  client(): Promise<Client> {
    return this.#link.client();
  }

  /** Starts the daemon if none runs. Rejects with E_DAEMON_START, too. */
  async clientOrStart(): Promise<Client> {
    try {
      return await this.#link.client();
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'E_NO_DAEMON') throw error;
      await this.supervisor.ensure();
      return this.#link.client();
    }
  }

  /** A connection that the daemon lets see this one session (its id), and do nothing; one for all who look at it. */
  limitedTo(session: string): Use<Pick<DaemonLink, 'client'>> {
    return this.#limited.use(session);
  }

  close(): void {
    this.#watching?.[Symbol.dispose]();
    this.#link.close();
    this.#limited.close();
  }
}

/** All namespaces that are asked for, by name. */
export class Namespaces {
  /** The name of the host's own. */
  readonly own: string;
  readonly #options: NamespacesOptions;
  readonly #pool: Pool<Namespace>;

  constructor(options: NamespacesOptions) {
    this.own = options.own;
    this.#options = options;
    const make = (name: string) => new Namespace(resolveHome(options.env, name), options);
    this.#pool = new Pool(make, { lingerMs: LINGER_MS });
  }

  /** By default the host's own. Throws HoldfastError: E_USAGE for a name that is none, E_LIMIT. */
  use(name: string = this.own): Use<Namespace> {
    if (!this.#pool.has(name)) {
      this.#makeRoom();
      this.#makeRoomForAbsent(resolveHome(this.#options.env, name));
    }
    return this.#pool.use(name);
  }

  /** For who starts a daemon if none runs: that one was never there is no hindrance. Throws as `use` does. */
  useToStart(name: string = this.own): Use<Namespace> {
    if (!this.#pool.has(name)) this.#makeRoom();
    return this.#pool.use(name);
  }

  /** The connection that the daemon lets see one session, and do nothing. Throws as `use` does. */
  shared({ namespace, session }: { namespace: string; session: string }): Use<Pick<DaemonLink, 'client'>> {
    const use = this.use(namespace);
    const limited = use.thing.limitedTo(session);
    const end = () => {
      limited[Symbol.dispose]();
      use[Symbol.dispose]();
    };
    return { thing: limited.thing, [Symbol.dispose]: end };
  }

  close(): void {
    this.#pool.close();
  }

  #makeRoom(): void {
    if (this.#pool.count() >= NAMESPACES_MAX && !this.#pool.closeIdle())
      throw new HoldfastError('E_LIMIT', `a host serves at most ${NAMESPACES_MAX} namespaces at once`);
  }

  #makeRoomForAbsent(home: Home): void {
    const pool = this.#pool;
    const wasNeverThere = ({ stateDir }: Home) => !existsSync(stateDir);
    if (!wasNeverThere(home)) return;
    const isAbsent = (namespace: Namespace) => wasNeverThere(namespace.home);
    if (pool.count(isAbsent) < ABSENT_MAX || pool.closeIdle(isAbsent)) return;
    const why = `a host looks for at most ${ABSENT_MAX} namespaces at once that were never there`;
    throw new HoldfastError('E_LIMIT', why);
  }
}
