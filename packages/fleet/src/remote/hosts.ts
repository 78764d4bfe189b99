import type { KV, KvEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { type AnnouncedSession, parseAnnouncement } from '../announced-sessions.ts';
import { type LeaseValue, parseLease } from '../machine/lease.ts';
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

/** Which hosts there are. What one of them has written is parsed once, however often it is looked at. */
export class Hosts {
  readonly #nc: NatsConnection;
  readonly #leases = new Parsed(parseLease);
  readonly #announcements = new Parsed(parseAnnouncement);

  constructor(nc: NatsConnection) {
    this.#nc = nc;
  }

  /** All that have a lease, by name, and what they have announced. Throws what NATS says. */
  async read(): Promise<ListedHost[]> {
    const [leases, announcements] = await Promise.all([
      readBucket(this.#nc, 'hosts'),
      readBucket(this.#nc, 'sessions'),
    ]);
    const announced = this.#announcements.parse(announcements);
    return [...this.#leases.parse(leases)]
      .flatMap(([name, lease]): ListedHost[] => {
        if (!lease) return [];
        const { sessions = [], omitted = 0 } = announced.get(name) ?? {};
        return [{ name, lease, sessions, omitted }];
      })
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }
}

/** What the keys of a bucket say, each parsed again only when it was written again. */
class Parsed<T> {
  readonly #parse: (bytes: Uint8Array) => T | undefined;
  #known = new Map<string, { readonly version: string; readonly value: T | undefined }>();

  constructor(parse: (bytes: Uint8Array) => T | undefined) {
    this.#parse = parse;
  }

  parse(entries: ReadonlyMap<string, KvEntry>): Map<string, T | undefined> {
    const known = new Map<string, { readonly version: string; readonly value: T | undefined }>();
    for (const [name, entry] of entries) {
      // Where the bucket was lost and made anew, revisions begin again.
      const version = `${entry.revision} ${entry.created.getTime()}`;
      const before = this.#known.get(name);
      known.set(name, before?.version === version ? before : { version, value: this.#parse(entry.value) });
    }
    this.#known = known;
    return new Map([...known].map(([name, { value }]) => [name, value]));
  }
}

/** Whether a host of that name has a lease. Throws what NATS says. */
export async function isHost(nc: NatsConnection, name: string): Promise<boolean> {
  return (await entryOf(await openBucket(nc, 'hosts'), name)) !== undefined;
}

/**
 * Reads what is kept by asking for each key. A consumer would bring all at once, but whoever may make one may have the server
 * deliver what is kept to any subject.
 */
async function readBucket(nc: NatsConnection, bucket: Bucket): Promise<Map<string, KvEntry>> {
  // Who may write any key may call it what he likes, also what can't be asked for.
  const keys = (await keysOf(nc, bucket)).filter(isHostName);
  const kv = await openBucket(nc, bucket);
  const entries = await Promise.all(keys.map(async (key) => [key, await entryOf(kv, key)] as const));
  return new Map(entries.flatMap(([key, entry]) => (entry ? [[key, entry] as const] : [])));
}

/** Undefined if it is gone. */
async function entryOf(kv: KV, key: string): Promise<KvEntry | undefined> {
  const entry = await kv.get(key);
  return entry?.operation === 'PUT' ? entry : undefined;
}
