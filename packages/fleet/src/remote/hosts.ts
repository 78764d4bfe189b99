import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { type AnnouncedSession, parseAnnouncement } from '../announced-sessions.ts';
import { leaseShape, type LeaseValue } from '../machine/lease.ts';
import { parseJson } from '../messages.ts';
import { isHostName } from '../subjects.ts';
import { type Bucket, keysOf, openBucket } from '../nats/buckets.ts';

/** A host that is in the fleet now. */
export interface ListedHost {
  readonly name: string;
  readonly lease: LeaseValue;
  readonly sessions: readonly AnnouncedSession[];
  /** So many more there are. */
  readonly omitted: number;
}

/** All hosts that have a lease, by name, and what they have announced. */
export async function readHosts(nc: NatsConnection): Promise<ListedHost[]> {
  const [leases, sessions] = await Promise.all([readBucket(nc, 'hosts'), readBucket(nc, 'sessions')]);
  return [...leases]
    .flatMap(([name, bytes]): ListedHost[] => {
      // Who may write any key may call it what he likes.
      if (!isHostName(name)) return [];
      const lease = leaseShape.safeParse(parseJson(bytes));
      if (!lease.success) return [];
      const list = sessions.get(name);
      const announced = list && parseAnnouncement(list);
      return [
        { name, lease: lease.data, sessions: announced?.sessions ?? [], omitted: announced?.omitted ?? 0 },
      ];
    })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Whether a host of that name has a lease. Throws what NATS says. */
export async function isHost(nc: NatsConnection, name: string): Promise<boolean> {
  return (await valueOf(await openBucket(nc, 'hosts'), name)) !== undefined;
}

/**
 * Reads what is kept by asking for each key. A consumer would bring all at once, but whoever may make one may have the server
 * deliver what is kept to any subject.
 */
async function readBucket(nc: NatsConnection, bucket: Bucket): Promise<Map<string, Uint8Array>> {
  const keys = await keysOf(nc, bucket);
  const kv = await openBucket(nc, bucket);
  const entries = await Promise.all(keys.map(async (key) => [key, await valueOf(kv, key)] as const));
  return new Map(entries.flatMap(([key, value]) => (value ? [[key, value] as const] : [])));
}

/** Undefined if it is gone. */
async function valueOf(kv: KV, key: string): Promise<Uint8Array | undefined> {
  const entry = await kv.get(key);
  return entry?.operation === 'PUT' ? entry.value : undefined;
}
