import { BUILD, VERSION } from '@holdfast/protocol';
import type { Connection } from '../connection/connection.ts';
import { NothingPacked } from '../session/luggage.ts';
import type { SessionRegistry } from '../session/registry.ts';
import type { SubscriptionSink } from '../session/subscription.ts';
import { canBeMadeEarly } from '../session/suspended-session.ts';
import { OutgoingLuggage } from './luggage.ts';
import type { Suspended } from './predecessor.ts';
import type { OutgoingPreview } from './preview.ts';
import { PreviewedSessions } from './previewed-sessions.ts';
import { hasParts, type Snapshot, type SnapshotSchema } from './snapshot.ts';

/** Sessions that a preview tells of before others get their turn: a millisecond's work. */
const PREVIEWED_A_TURN = 100;

/** What a daemon serves with. */
export interface Belongings {
  readonly registry: SessionRegistry;
  /** In the order in which they came; as it is at each moment. */
  readonly connections: ReadonlySet<Connection>;
}

/** All that a daemon has to hand over. */
export interface AllBelongings extends Belongings {
  readonly generation: number;
  /** Descriptors. */
  readonly lock: number;
  readonly listener: number;
  /** Names of what the keeper has not said to hold. */
  readonly notHeld: string[];
}

/** What a successor can get ready: the histories, and sessions that may stay as they are until everything is handed over. */
export async function preview(
  { registry, connections }: Belongings,
  schema: SnapshotSchema,
): Promise<OutgoingPreview> {
  const sessions = new PreviewedSessions();
  for (let at = 0; hasParts(schema) && at < registry.all.length; at += PREVIEWED_A_TURN) {
    const placeOf = placesOf([...connections]);
    // Where one was forgotten meanwhile, another may be left out.
    for (const session of registry.all.slice(at, at + PREVIEWED_A_TURN)) {
      const suspended = session.suspend(new NothingPacked(), placeOf);
      if (canBeMadeEarly(suspended)) sessions.say(suspended);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { histories: registry.historyPlaces, sessions };
}

/** Everything that a successor needs. Nothing changes here. */
export function suspend(belongings: AllBelongings, frozenAtNs: bigint, schema: SnapshotSchema): Suspended {
  const luggage = new OutgoingLuggage(schema > 1);
  try {
    return { snapshot: pack(belongings, luggage, { frozenAtNs, schema }), luggage };
  } catch (error) {
    luggage[Symbol.dispose]();
    throw error;
  }
}

function pack(
  { registry, connections, generation, lock, listener, notHeld }: AllBelongings,
  luggage: OutgoingLuggage,
  { frozenAtNs, schema }: { readonly frozenAtNs: bigint; readonly schema: SnapshotSchema },
): Snapshot {
  const clients = [...connections];
  const placeOf = placesOf(clients);
  const snapshot: Snapshot = {
    schema,
    from: { pid: process.pid, version: VERSION, build: BUILD },
    generation,
    frozenAtNs: String(frozenAtNs),
    lock: luggage.add(lock),
    listener: luggage.add(listener),
    sessions: registry.all.map((session) => {
      if (!hasParts(schema)) return { firstFd: 0, session: session.suspend(luggage, placeOf) };
      const part = luggage.part();
      return { firstFd: part.firstFd, session: session.suspend(part, placeOf) };
    }),
    aside: registry.aside,
    notHeld,
    connections: clients.map((connection) => connection.suspend(luggage)),
  };
  return luggage.memory === undefined ? snapshot : { ...snapshot, bytes: luggage.memory };
}

/** Tells the index of the connection that a subscription belongs to. */
function placesOf(connections: readonly Connection[]): (sink: SubscriptionSink) => number {
  const places = new Map<SubscriptionSink, number>(
    connections.map((connection, index) => [connection, index]),
  );
  return (sink) => {
    const place = places.get(sink);
    if (place === undefined) throw new Error('a subscription belongs to no connection');
    return place;
  };
}
