import type { NatsConnection } from '@nats-io/transport-node';
import { checkHostName } from '../subjects.ts';
import { Dialer } from './dial.ts';

/** The ways to all hosts: one Dialer each, which knows whether there is a connection to the fleet. */
export class Lines {
  readonly #nc: NatsConnection;
  readonly #dialers = new Map<string, Dialer>();
  #isAway = false;

  /** To be made with the connection: it must hear of each loss. */
  constructor(nc: NatsConnection) {
    this.#nc = nc;
    void this.#followConnection();
  }

  /** Throws E_USAGE for what can't be a host's name. */
  dialerTo(host: string): Dialer {
    const known = this.#dialers.get(host);
    if (known) return known;
    const dialer = new Dialer(this.#nc, checkHostName(host));
    if (this.#isAway) dialer.disconnected();
    this.#dialers.set(host, dialer);
    return dialer;
  }

  /** Ends all that is open. */
  close(): void {
    this.#lost();
  }

  async #followConnection(): Promise<void> {
    for await (const { type } of this.#nc.status()) {
      if (type === 'disconnect') this.#lost();
      else if (type === 'reconnect') this.#found();
    }
  }

  #lost(): void {
    this.#isAway = true;
    for (const dialer of this.#dialers.values()) dialer.disconnected();
  }

  #found(): void {
    this.#isAway = false;
    for (const dialer of this.#dialers.values()) dialer.reconnected();
  }
}
