import { Client, type Connector } from '@holdfast/client';
import { ownError, VERSION } from '@holdfast/protocol';
import { SharedClient } from '../daemons/shared-client.ts';
import type { FleetDoor } from './fleet-door.ts';

/** A page tries again itself, and loses nothing by it: who waits in a request is not to wait for long. */
const GIVE_UP_AFTER_MS = 5_000;
const HELLO_MS = 10_000;

/** The connection to the daemon of another machine. It rejects with what asking that machine can come to. */
export class MachineLink extends SharedClient {
  constructor(door: FleetDoor, machine: string) {
    super(async () => {
      try {
        return await Client.connect({
          connector: withOwnErrors(door.connectorTo(machine)),
          name: 'holdfast-host',
          version: VERSION,
          reconnect: { giveUpAfterMs: GIVE_UP_AFTER_MS },
          helloTimeoutMs: HELLO_MS,
        });
      } catch (error) {
        throw ownError(error);
      }
    });
  }
}

/** A client knows errors by their class, which is another one in another bundle. */
function withOwnErrors(connector: Connector): Connector {
  const connect = () =>
    connector.connect().catch((error: unknown) => {
      throw ownError(error);
    });
  return { connect, after: (ms, callback) => connector.after(ms, callback) };
}
