import { type Connector, streamConnector } from '@holdfast/client';
import type { NatsConnection } from '@nats-io/transport-node';
import { checkHostName } from '../subjects.ts';
import { Dialer } from './dial.ts';

/** The ways to the daemons of all hosts, for a program that leaves the event loop to Node. */
export class Lines {
  readonly #nc: NatsConnection;
  readonly #dialers = new Map<string, Dialer>();

  constructor(nc: NatsConnection) {
    this.#nc = nc;
    void this.#followConnection();
  }

  /** Throws E_USAGE for what can't be a host's name. */
  connectorTo(host: string): Connector {
    const dialer = this.#dialers.get(host) ?? new Dialer(this.#nc, checkHostName(host));
    this.#dialers.set(host, dialer);
    return streamConnector(() => dialer.dial());
  }

  /** Ends all that is open. */
  close(): void {
    for (const dialer of this.#dialers.values()) dialer.disconnected();
  }

  async #followConnection(): Promise<void> {
    for await (const { type } of this.#nc.status())
      for (const dialer of this.#dialers.values()) {
        if (type === 'disconnect') dialer.disconnected();
        else if (type === 'reconnect') dialer.reconnected();
      }
  }
}
