import type { Client } from '@holdfast/client';
import type { Daemons } from './agent-options.ts';

/** The server's one connection to the daemon: made when it is first needed, and again when it was given up. */
export class DaemonLink {
  readonly #daemons: Daemons;
  #client: Client | undefined;
  #connecting: Promise<Client | undefined> | undefined;

  constructor(daemons: Daemons) {
    this.#daemons = daemons;
  }

  /** Undefined if no daemon runs. */
  ifRunning(): Promise<Client | undefined> {
    return this.#connected(() => this.#daemons.connectIfRunning());
  }

  /** Starts a daemon if none runs. */
  async orStart(): Promise<Client> {
    const client = await this.ifRunning();
    return client ?? ((await this.#connected(() => this.#daemons.connectOrStart())) as Client);
  }

  close(): void {
    this.#client?.close();
  }

  /** Calls come at the same time, and need one connection. */
  #connected(connect: () => Promise<Client | undefined>): Promise<Client | undefined> {
    if (this.#client && this.#client.state !== 'closed') return Promise.resolve(this.#client);
    this.#connecting ??= connect()
      .then((client) => {
        this.#client = client;
        return client;
      })
      .finally(() => {
        this.#connecting = undefined;
      });
    return this.#connecting;
  }
}
