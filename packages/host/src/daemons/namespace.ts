import type { Client } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import { type Home, resolveHome } from '@holdfast/supervisor/home';
import { DaemonLink } from './daemon-link.ts';
import { Health } from './health.ts';
import type { Supervision } from './supervision.ts';

/** More namespaces than anybody has daemons: who asks for made-up ones must not fill the memory. */
const NAMESPACES_MAX = 256;

/** One daemon, as the host sees it. */
export class Namespace {
  readonly home: Home;
  readonly health: Health;
  readonly #link: DaemonLink;
  readonly #limited = new Map<string, DaemonLink>();
  readonly #supervision: Supervision;

  constructor(home: Home, supervision: Supervision) {
    this.home = home;
    this.#supervision = supervision;
    this.#link = new DaemonLink(home);
    this.health = new Health(() => this.client());
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
      await this.#supervision.ensure(this.home);
      return this.#link.client();
    }
  }

  /** Starts the daemon if none runs. What goes wrong is told to whoever needs it. */
  async begin(): Promise<void> {
    await this.clientOrStart().catch(() => undefined);
    await this.health.ask();
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
    this.health.close();
    this.#link.close();
    for (const link of this.#limited.values()) link.close();
  }
}

/** All namespaces that were asked for, by name. */
export class Namespaces {
  readonly #env: NodeJS.ProcessEnv;
  readonly #supervision: Supervision;
  readonly #byName = new Map<string, Namespace>();

  constructor(env: NodeJS.ProcessEnv, supervision: Supervision) {
    this.#env = env;
    this.#supervision = supervision;
  }

  /** Throws HoldfastError: E_USAGE for a name that is none, E_LIMIT. */
  get(name: string): Namespace {
    const known = this.#byName.get(name);
    if (known) return known;
    const home = resolveHome(this.#env, name);
    if (this.#byName.size >= NAMESPACES_MAX)
      throw new HoldfastError('E_LIMIT', `a host knows at most ${NAMESPACES_MAX} namespaces`);
    const namespace = new Namespace(home, this.#supervision);
    this.#byName.set(name, namespace);
    return namespace;
  }

  close(): void {
    for (const namespace of this.#byName.values()) namespace.close();
  }
}
