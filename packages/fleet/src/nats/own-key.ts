import type { KvEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { FLEET_LIMITS } from '../limits.ts';
import { type Bucket, isNotHere, makeBucket, openBucket } from './buckets.ts';

/** What a machine keeps in a bucket, under its name. All of it throws what NATS says. */
export class OwnKey {
  readonly #nc: NatsConnection;
  readonly #bucket: Bucket;
  readonly #name: string;

  constructor(nc: NatsConnection, bucket: Bucket, name: string) {
    this.#nc = nc;
    this.#bucket = bucket;
    this.#name = name;
  }

  /** Writes it, and makes the bucket where nobody has, if that is allowed. Returns its revision. */
  async put(value: Uint8Array, { previousSeq }: { previousSeq?: number } = {}): Promise<number> {
    const bucket = await openBucket(this.#nc, this.#bucket);
    const options = {
      timeout: FLEET_LIMITS.writeMs,
      ...(previousSeq === undefined ? {} : { previousSeq }),
    };
    try {
      return await bucket.put(this.#name, value, options);
    } catch (error) {
      if (!isNotHere(error)) throw error;
    }
    await makeBucket(this.#nc, this.#bucket);
    return await bucket.put(this.#name, value, options);
  }

  async get(): Promise<KvEntry | null> {
    return await (await openBucket(this.#nc, this.#bucket)).get(this.#name);
  }

  /** Removes it, if that is its revision still. */
  async delete(revision: number): Promise<void> {
    const bucket = await openBucket(this.#nc, this.#bucket);
    await bucket.delete(this.#name, { previousSeq: revision });
  }
}
