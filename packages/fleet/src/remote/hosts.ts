import type { KV } from '@nats-io/kv';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type AnnouncedSession, parseAnnouncement } from '../announced-sessions.ts';
import { leaseShape, type LeaseValue } from '../machine/lease.ts';
import { parseJson } from '../messages.ts';
import { BUCKETS, type Bucket, findBucket } from '../nats/buckets.ts';

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

/**
 * Reads what is kept by asking for each key. A consumer would bring all at once, but whoever may make one may have the server
 * deliver what is kept to any subject.
 */
async function readBucket(nc: NatsConnection, bucket: Bucket): Promise<Map<string, Uint8Array>> {
  const kv = await findBucket(nc, bucket);
  if (!kv) return new Map();
  const { name } = BUCKETS[bucket];
  const prefix = `$KV.${name}.`;
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const info = await jsm.streams.info(`KV_${name}`, { subjects_filter: `${prefix}>` });
  const keys = Object.keys(info.state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
  const entries = await Promise.all(keys.map(async (key) => [key, await valueOf(kv, key)] as const));
  return new Map(entries.flatMap(([key, value]) => (value ? [[key, value] as const] : [])));
}

/** Undefined if it is gone. */
async function valueOf(kv: KV, key: string): Promise<Uint8Array | undefined> {
  const entry = await kv.get(key);
  return entry?.operation === 'PUT' ? entry.value : undefined;
}
