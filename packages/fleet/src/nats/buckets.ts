import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { FLEET_LIMITS } from '../limits.ts';

/** Each machine has one key in each of them: its name. */
export const BUCKETS = {
  /** Leases: who has none is not there. */
  hosts: { name: 'holdfast_hosts', ttlMs: FLEET_LIMITS.leaseMs },
  sessions: { name: 'holdfast_sessions', ttlMs: FLEET_LIMITS.announcementMs },
} as const;
export type Bucket = keyof typeof BUCKETS;

/** So many servers have them, where there are so many: a fleet is to be seen when one is gone. */
const REPLICAS = 3;

/** Opens a bucket; undefined if nobody has made it. Throws what NATS says. */
export async function findBucket(nc: NatsConnection, bucket: Bucket): Promise<KV | undefined> {
  try {
    const opened = await kvmOf(nc).open(BUCKETS[bucket].name, { allow_direct: true });
    await opened.status(); // Nothing else says that it is there.
    return opened;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Opens a bucket, and makes it if nobody has. Throws what NATS says. */
export async function openBucket(nc: NatsConnection, bucket: Bucket): Promise<KV> {
  const found = await findBucket(nc, bucket);
  if (found) return found;
  const { name, ttlMs } = BUCKETS[bucket];
  const kvm = kvmOf(nc);
  // In memory: it is all said again within moments by those whom it is about.
  const options = { ttl: ttlMs, history: 1, storage: 'memory', allow_direct: true } as const;
  try {
    return await kvm.create(name, { ...options, replicas: nc.info?.cluster ? REPLICAS : 1 });
  } catch (error) {
    if (!nc.info?.cluster) throw error;
    return await kvm.create(name, { ...options, replicas: 1 });
  }
}

/** Without the check whether there is JetStream, which would need one permission more. */
function kvmOf(nc: NatsConnection): Kvm {
  return new Kvm(jetstream(nc, { checkAPI: false }));
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && error.name === 'StreamNotFoundError';
}
