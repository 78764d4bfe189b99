import type { Client } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';

/** The one connection to a daemon that everybody shares, made when it is first needed, and again after it was lost for good. */
export class SharedClient {
  readonly #connect: () => Promise<Client>;
  #client: Client | undefined;
  #connecting: Promise<Client> | undefined;
  #isClosed = false;

  constructor(connect: () => Promise<Client>) {
    this.#connect = connect;
  }

  /** Rejects as connecting does. */
  client(): Promise<Client> {
    if (this.#client && this.#client.state !== 'closed') return Promise.resolve(this.#client);
    this.#connecting ??= this.#make().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  close(): void {
    this.#isClosed = true;
    this.#client?.close();
  }

  async #make(): Promise<Client> {
    const client = await this.#connect();
    if (this.#isClosed) {
      client.close();
      throw new HoldfastError('E_DISCONNECTED', 'the host is ending');
    }
    this.#client = client;
    return client;
  }
}
