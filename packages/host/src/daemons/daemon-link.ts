import { Client, netConnector } from '@holdfast/client';
import { HoldfastError, VERSION } from '@holdfast/protocol';
import { checkHome, type Home } from '@holdfast/supervisor/home';
import { refuseIfHeld } from '@holdfast/supervisor/keeper-report';

/** A daemon that crashed is back within a second, one that was replaced was never away: beyond this nobody waits. */
const GIVE_UP_AFTER_MS = 5_000;
/** For a hello. The keeper listens for a daemon that is dead, so a connect alone says nothing. */
const HELLO_MS = 3_000;

/**
 * The one connection to a daemon that everybody shares, made when it is first needed, and again after it was lost for good.
 * `limitedTo`: a session's id; the daemon lets this connection see that one, and do nothing.
 */
export class DaemonLink {
  readonly #home: Home;
  readonly #limitedTo: string | undefined;
  #client: Client | undefined;
  #connecting: Promise<Client> | undefined;
  #isClosed = false;

  constructor(home: Home, limitedTo?: string) {
    this.#home = home;
    this.#limitedTo = limitedTo;
  }

  /** Rejects within seconds: E_NO_DAEMON if none answers, E_HELD if the keeper starts none. */
  client(): Promise<Client> {
    if (this.#client && this.#client.state !== 'closed') return Promise.resolve(this.#client);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  close(): void {
    this.#isClosed = true;
    this.#client?.close();
  }

  async #connect(): Promise<Client> {
    checkHome(this.#home);
    refuseIfHeld(this.#home);
    const client = await Client.connect({
      connector: netConnector(this.#home.socketPath),
      name: 'holdfast-host',
      version: VERSION,
      reconnect: { giveUpAfterMs: GIVE_UP_AFTER_MS },
      helloTimeoutMs: HELLO_MS,
      ...(this.#limitedTo === undefined ? {} : { limitedTo: this.#limitedTo }),
    });
    if (this.#isClosed) {
      client.close();
      throw new HoldfastError('E_DISCONNECTED', 'the host is ending');
    }
    this.#client = client;
    return client;
  }
}
