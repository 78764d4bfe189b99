import type { Reactor } from '@holdfast/posix';
import type { Clients } from '../clients.ts';
import type { Connection } from '../connection/connection.ts';
import type { SessionRegistry } from '../session/registry.ts';
import type { IncomingLuggage } from './luggage.ts';
import type { HandedOver } from './snapshot.ts';

/** Where what was handed over comes to. */
export interface UnpackingSurroundings {
  readonly reactor: Reactor;
  readonly registry: SessionRegistry;
  readonly clients: Clients;
  /** Does that, and notes it if it throws. */
  readonly withoutFault: (action: () => void) => void;
}

/** Takes up clients and sessions that were handed over, reading nothing. Throws Error if something can't be taken up. */
export function unpack(
  { snapshot, luggage }: HandedOver,
  { registry, clients }: UnpackingSurroundings,
): void {
  const connections = snapshot.connections.map((state) => {
    const fd = luggage.fd(state.socket, 'a connection');
    return clients.connect({ fd, peerPid: state.peerPid }, { state, luggage });
  });
  registry.resumeAside(snapshot.aside ?? []);
  for (const { firstFd, session: suspended } of snapshot.sessions) {
    const session = registry.resume(suspended, luggage.part(firstFd));
    for (const subscribed of suspended.subscriptions) {
      const connection = connections[subscribed.connection];
      if (!connection) throw new Error(`connection ${subscribed.connection} of the snapshot is missing`);
      connection.channels.addSubscription(session, session.resumeSubscription(subscribed, connection));
    }
  }
  snapshot.connections.forEach(({ inputs }, index) => {
    for (const { channel, session, stream, isTold = true, viewer } of inputs) {
      const how = { stream: { key: stream, isTold }, viewer };
      connections[index]?.channels.openInput(channel, registry.find(session), how);
    }
  });
}

/** Goes on with what a predecessor had begun, once all of it is unpacked. */
export function takeOver({ snapshot, luggage }: HandedOver, surroundings: UnpackingSurroundings): void {
  const { registry, clients, withoutFault } = surroundings;
  for (const { firstFd, session: state } of snapshot.sessions)
    withoutFault(() => registry.find(state.state.id).takeOver({ state, luggage: luggage.part(firstFd) }));
  const connections = [...clients.all];
  snapshot.connections.forEach((suspended, index) =>
    withoutFault(() => connections[index]?.takeOver(suspended)),
  );
  takeLate(connections, luggage, surroundings);
  registry.disposePrepared();
  // Only now is everybody there who is to be told.
  registry.keepRetention();
}

/** One connection a turn, so that nobody waits for all of them. */
function takeLate(
  connections: readonly Connection[],
  luggage: IncomingLuggage,
  surroundings: UnpackingSurroundings,
): void {
  const next = connections.find((connection) => connection.hasLate);
  if (!next) return luggage.closeMemory();
  surroundings.reactor.after(0, () => {
    surroundings.withoutFault(() => next.takeLate());
    takeLate(connections, luggage, surroundings);
  });
}
