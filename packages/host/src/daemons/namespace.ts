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

/** More namespaces than anybody has daemons: who asks for made-up ones must not fill the memory. */
const NAMESPACES_MAX = 256;

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
  readonly #limited = new Map<string, DaemonLink>();
  readonly #viewListeners = new Set<(view: DaemonView) => void>();
  /** From when somebody first asked how the daemon is. */
  #watching: Watching | undefined;

  constructor(home: Home, { env, installation }: Pick<NamespacesOptions, 'env' | 'installation'>) {
    this.home = home;
    this.supervisor = new Supervisor({ home, env, installation, name: 'holdfast-host' });
    this.#link = new DaemonLink(home);
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

  /** A connection that the daemon lets see this one session (its id), and do nothing. */
  limitedClient(session: string): Promise<Client> {
    let link = this.#limited.get(session);
    if (!link) {
      link = new DaemonLink(this.home, session);
      this.#limited.set(session, link);
    }
    return link.client();
  }

  close(): void {
    this.#watching?.[Symbol.dispose]();
    this.#link.close();
    for (const link of this.#limited.values()) link.close();
  }
}

/** All namespaces that were asked for, by name. */
export class Namespaces {
  readonly #options: NamespacesOptions;
  readonly #byName = new Map<string, Namespace>();

  constructor(options: NamespacesOptions) {
    this.#options = options;
  }

  /** The name of the host's own. */
  get own(): string {
    return this.#options.own;
  }

  /** By default the host's own. Throws HoldfastError: E_USAGE for a name that is none, E_LIMIT. */
  get(name: string = this.own): Namespace {
    const known = this.#byName.get(name);
    if (known) return known;
    const home = resolveHome(this.#options.env, name);
    if (this.#byName.size >= NAMESPACES_MAX)
      throw new HoldfastError('E_LIMIT', `a host knows at most ${NAMESPACES_MAX} namespaces`);
    const namespace = new Namespace(home, this.#options);
    this.#byName.set(name, namespace);
    return namespace;
  }

  close(): void {
    for (const namespace of this.#byName.values()) namespace.close();
  }
}
