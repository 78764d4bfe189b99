import { randomBytes } from 'node:crypto';
import { HoldfastError } from '@holdfast/protocol';
import type { NatsConnection } from '@nats-io/transport-node';
import { FLEET_LIMITS } from '../limits.ts';
import { openAnswer, type OpenRequest } from '../messages.ts';
import { isTunnelMessage } from '../nats/received.ts';
import { downSubject, type Role, upSubject } from '../subjects.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import { ask } from './ask.ts';

const ID_BYTES = 16;
/** A window, and what says so in front of each message of it. */
const EARLY_BYTES = 2 * FLEET_LIMITS.windowBytes;

/** Opens tunnels to one host, with as much as the credentials allow. */
export class Dialer {
  readonly #nc: NatsConnection;
  readonly #host: string;
  readonly #open = new Set<Tunnel>();
  /** Tunnels that have broken, of which the host may not know yet. */
  #broken: string[] = [];
  /** Why no server can be asked now. */
  #away: string | undefined;
  /** What dials that are under way do when it is lost. */
  readonly #dialing = new Set<(error: HoldfastError) => void>();

  constructor(nc: NatsConnection, host: string) {
    this.#nc = nc;
    this.#host = host;
  }

  /** Throws as `ask` does. Asks each time what is allowed: the servers may allow more by now, or less. */
  async dial(): Promise<Tunnel> {
    // What is asked now would be sent, and answered, when there is a connection again.
    if (this.#away !== undefined) throw new HoldfastError('E_DISCONNECTED', this.#away);
    try {
      return await this.#dialAs('operate');
    } catch (error) {
      if (!isForbidden(error)) throw error;
    }
    return await this.#dialAs('view');
  }

  /** The connection to the fleet is lost, and what was under way may be. */
  disconnected(): void {
    this.#away = 'the connection to the fleet was lost';
    for (const give of this.#dialing) give(new HoldfastError('E_DISCONNECTED', this.#away));
    for (const tunnel of this.#open) tunnel.destroy(new Error(this.#away));
  }

  reconnected(): void {
    this.#away = undefined;
  }

  async #dialAs(role: Role): Promise<Tunnel> {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const up = upSubject(this.#host, role, id);
    let tunnel: Tunnel | undefined;
    /** The host may be faster than its answer. */
    const early: Uint8Array[] = [];
    let earlyBytes = 0;
    let giveUp: (error: HoldfastError) => void = () => {};
    const isLost = new Promise<never>((_, reject) => {
      giveUp = reject;
    });
    this.#dialing.add(giveUp);
    const subscription = this.#nc.subscribe(downSubject(this.#host, role, id), {
      callback: (error, message) => {
        if (error || !isTunnelMessage(message)) return;
        if (tunnel) tunnel.receive(message.data);
        else if ((earlyBytes += message.data.length) <= EARLY_BYTES) early.push(message.data);
        else giveUp(new HoldfastError('E_PROTOCOL', `${this.#host} sends more than it may`));
      },
    });
    const replaces = this.#broken;
    const parameters: OpenRequest = { id, windowBytes: FLEET_LIMITS.windowBytes, replaces };
    try {
      const answered = ask(this.#nc, {
        host: this.#host,
        role,
        verb: 'open',
        parameters,
        timeoutMs: FLEET_LIMITS.openMs,
        answer: openAnswer,
      });
      const { windowBytes } = await Promise.race([answered, isLost]);
      const opened = new Tunnel({
        peerWindowBytes: windowBytes,
        send: (message) => {
          if (!this.#nc.isClosed()) this.#nc.publish(up, message);
        },
      });
      tunnel = opened;
      this.#broken = this.#broken.filter((broken) => !replaces.includes(broken));
      this.#open.add(opened);
      opened.on('close', () => {
        subscription.unsubscribe();
        this.#open.delete(opened);
        if (opened.errored) this.#remember(id);
      });
      for (const message of early) opened.receive(message);
      return opened;
    } catch (error) {
      subscription.unsubscribe();
      if (!isForbidden(error)) this.#remember(id);
      throw error;
    } finally {
      this.#dialing.delete(giveUp);
    }
  }

  #remember(id: string): void {
    this.#broken = [...this.#broken, id].slice(-FLEET_LIMITS.replaced);
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'E_FORBIDDEN';
}
