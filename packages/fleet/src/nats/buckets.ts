import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { errors, nanos, type NatsConnection } from '@nats-io/transport-node';
import { FLEET_LIMITS } from '../limits.ts';
import { findCause } from './find-cause.ts';

/** Each machine has one key in each of them: its name. */
export const BUCKETS = {
  /** Leases: who has none is not there. */
  hosts: { name: 'holdfast_hosts', ttlMs: FLEET_LIMITS.leaseMs },
  sessions: { name: 'holdfast_sessions', ttlMs: FLEET_LIMITS.announcementMs },
} as const;
export type Bucket = keyof typeof BUCKETS;

/** Where the buckets are in another account, its JetStream is asked there what they have: at the usual subject one's own account answers. */
const FOREIGN_API = 'holdfast.store';

/** So many servers have them, where there are so many: a fleet is to be seen when one is gone. */
const REPLICAS = 3;

/** Opens a bucket, whether or not there is one: to ask for that is more than a host need be allowed. */
export function openBucket(nc: NatsConnection, bucket: Bucket): Promise<KV> {
  // Without the check whether there is JetStream, which would need one permission more.
  return new Kvm(jetstream(nc, { checkAPI: false })).open(BUCKETS[bucket].name, { allow_direct: true });
}

/** The keys that a bucket has. Throws what NATS says; that nobody has made the bucket is none. */
export async function keysOf(nc: NatsConnection, bucket: Bucket): Promise<string[]> {
  try {
    const subjects = await subjectsIn(nc, bucket, FOREIGN_API).catch(async (error: unknown) => {
      if (!isNotHere(error) && !findCause(error, errors.PermissionViolationError)) throw error;
      return await subjectsIn(nc, bucket);
    });
    return subjects.map((subject) => subject.slice(subjectOf(bucket, '').length));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function subjectsIn(nc: NatsConnection, bucket: Bucket, apiPrefix?: string): Promise<string[]> {
  const jsm = await managerOf(nc, apiPrefix);
  const { name } = BUCKETS[bucket];
  const info = await jsm.streams.info(streamOf(name), { subjects_filter: subjectOf(bucket, '>') });
  return Object.keys(info.state.subjects ?? {});
}

/** The subject that a key is published to. */
function subjectOf(bucket: Bucket, key: string): string {
  return `$KV.${BUCKETS[bucket].name}.${key}`;
}

/** Makes a bucket; false if there is one. Throws what NATS says. */
export async function makeBucket(nc: NatsConnection, bucket: Bucket): Promise<boolean> {
  const jsm = await managerOf(nc);
  try {
    await jsm.streams.info(streamOf(BUCKETS[bucket].name));
    return false;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  if (!nc.info?.cluster) await addStream(jsm, bucket, 1);
  else await addStream(jsm, bucket, REPLICAS).catch(() => addStream(jsm, bucket, 1));
  return true;
}

/** A stream as a bucket has one, but that no header of what is written can empty it: a bucket's own would obey such a header. */
async function addStream(jsm: JetStreamManager, bucket: Bucket, replicas: number): Promise<void> {
  const { name, ttlMs } = BUCKETS[bucket];
  await jsm.streams.add({
    name: streamOf(name),
    subjects: [subjectOf(bucket, '*')],
    // Who may write there need not be able to make it again when a server that is alone has been restarted.
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    max_msgs_per_subject: 1,
    max_age: nanos(ttlMs),
    allow_direct: true,
    allow_rollup_hdrs: false,
    num_replicas: replicas,
  });
}

function streamOf(bucketName: string): string {
  return `KV_${bucketName}`;
}

function managerOf(nc: NatsConnection, apiPrefix?: string): Promise<JetStreamManager> {
  return jetstreamManager(nc, { checkAPI: false, ...(apiPrefix === undefined ? {} : { apiPrefix }) });
}

/** No JetStream of these credentials' own account. */
export function isNotHere(error: unknown): boolean {
  return error instanceof Error && error.name === 'JetStreamNotEnabled';
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && error.name === 'StreamNotFoundError';
}
