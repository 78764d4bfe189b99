import { type Connector, streamConnector } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import type { NatsConnection } from '@nats-io/transport-node';
import * as z from 'zod/mini';
import { FLEET_LIMITS } from '../limits.ts';
import { type Surroundings, surroundings } from '../messages.ts';
import { asHoldfastError, connectFleet } from '../nats/connect.ts';
import type { FleetAddress } from '../nats/fleet-address.ts';
import type { Role } from '../subjects.ts';
import { BUCKETS, type Bucket, makeBucket } from '../nats/buckets.ts';
import { ask } from './ask.ts';
import { Hosts, type ListedHost } from './hosts.ts';
import { Lines } from './lines.ts';

/** Beyond what the upgrade itself may take. */
const ANSWER_MS = 10_000;
const UPGRADE_MS = 15_000;

/** A fleet as whoever looks at it from a command, or from a page, sees it. */
export class Fleet implements AsyncDisposable {
  readonly #nc: NatsConnection;
  readonly #address: FleetAddress;
  readonly #hosts: Hosts;
  readonly #lines: Lines;

  private constructor(nc: NatsConnection, address: FleetAddress) {
    this.#nc = nc;
    this.#address = address;
    this.#hosts = new Hosts(nc);
    this.#lines = new Lines(nc);
  }

  /** Throws as `connectFleet` does. */
  static async connect(address: FleetAddress): Promise<Fleet> {
    return new Fleet(await connectFleet(address, { name: 'holdfast', isPatient: false }), address);
  }

  async hosts(): Promise<ListedHost[]> {
    try {
      return await this.#hosts.read();
    } catch (cause) {
      throw asHoldfastError(cause, this.#address);
    }
  }

  /** Makes what hosts write into; returns the names of what was made. Who may do so is to be asked once, and no host need be allowed to. */
  async setUp(): Promise<string[]> {
    try {
      const made: string[] = [];
      for (const bucket of Object.keys(BUCKETS) as Bucket[])
        if (await makeBucket(this.#nc, bucket)) made.push(BUCKETS[bucket].name);
      return made;
    } catch (error) {
      const cause = asHoldfastError(error, this.#address);
      if (cause.code !== 'E_FORBIDDEN') throw cause;
      const message = `can't set up the fleet: ${cause.message}; it takes a user who may make buckets, in docs/fleet.md "store"`;
      throw new HoldfastError('E_FORBIDDEN', message, { cause });
    }
  }

  /**
   * To the daemon of a host, for a program that leaves the event loop to Node. Throws E_USAGE for what can't be a host's name; its
   * `connect` rejects as asking a host does.
   */
  connectorTo(host: string): Connector {
    const dialer = this.#lines.dialerTo(host);
    return streamConnector(() => dialer.dial());
  }

  /** What `upgrade` of the host's supervisor comes to. */
  upgrade(host: string, options: { timeoutMs?: number } = {}): Promise<unknown> {
    const timeoutMs = (options.timeoutMs ?? UPGRADE_MS) + ANSWER_MS;
    return ask(this.#nc, {
      host,
      role: 'operate',
      verb: 'upgrade',
      parameters: options,
      timeoutMs,
      answer: z.unknown(),
    });
  }

  /** What `status` of the host's supervisor comes to, and as what the credentials allow to ask. */
  async status(host: string): Promise<{ role: Role; status: unknown }> {
    const question = {
      host,
      verb: 'status',
      parameters: {},
      timeoutMs: FLEET_LIMITS.openMs,
      answer: z.unknown(),
    } as const;
    try {
      return { role: 'operate', status: await ask(this.#nc, { ...question, role: 'operate' }) };
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'E_FORBIDDEN') throw error;
      return { role: 'view', status: await ask(this.#nc, { ...question, role: 'view' }) };
    }
  }

  /** With what a program starts there. */
  surroundings(host: string): Promise<Surroundings> {
    return ask(this.#nc, {
      host,
      role: 'operate',
      verb: 'surroundings',
      parameters: {},
      timeoutMs: FLEET_LIMITS.answerMs,
      answer: surroundings,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines.close();
    await this.#nc.close();
  }
}
