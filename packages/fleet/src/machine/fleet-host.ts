import { VERSION, BUILD } from '@holdfast/protocol';
import type { NatsConnection } from '@nats-io/transport-node';
import { asHoldfastError, connectFleet } from '../nats/connect.ts';
import type { FleetAddress } from '../nats/fleet-address.ts';
import { isTunnelMessage } from '../nats/received.ts';
import { checkHostName, partsOf, subjectsOf } from '../subjects.ts';
import { Announcement } from './announcement.ts';
import { Lease } from './lease.ts';
import { Pace } from './pace.ts';
import { type Machine, Requests } from './requests.ts';
import { Tunnels } from './tunnels.ts';

export interface FleetHostOptions {
  readonly address: FleetAddress;
  /** What this machine is called in the fleet. */
  readonly name: string;
  /** Of its daemon. */
  readonly socketPath: string;
  /** Where its daemon lives, for people. */
  readonly home: string;
  readonly machine: Machine;
  /** Tells whoever looks after the machine. */
  readonly note: (text: string) => void;
}

export interface FleetHost {
  readonly name: string;
  close(): Promise<void>;
}

/**
 * Makes a machine a host of a fleet, until it is closed: announces it, and does what others ask. Throws E_USAGE for an address, a
 * file or a name that can't be one, E_FORBIDDEN for credentials that don't suffice, E_NAME_TAKEN, E_NO_DAEMON if there is no server.
 */
export async function joinFleet(options: FleetHostOptions): Promise<FleetHost> {
  const { address, socketPath, home, machine, note } = options;
  const name = checkHostName(options.name);
  const nc = await connectFleet(address, { name: `holdfast host ${name}`, isPatient: false });
  const lease = new Lease(nc, name, { home, version: VERSION, build: BUILD });
  const pace = new Pace(() => nc.flush());
  const tunnels = new Tunnels(socketPath, { ensure: () => machine.ensure(), pace });
  const announcement = new Announcement(nc, { name, socketPath, isOurs: () => lease.isHeld });
  try {
    await lease.claim();
    const doors = new Doors(nc, { name, machine, tunnels, isOurs: () => lease.isHeld });
    doors.open();
    let isTaken = false;
    lease.onTaken = ({ machine: by, home: its }) => {
      if (isTaken) return;
      isTaken = true;
      doors.close();
      tunnels.breakAll('the name is somebody else’s');
      note(
        `holdfast: ${by} (${its}) is "${name}" in the fleet now; this host is not reached by that name any more`,
      );
    };
    lease.onHeld = () => {
      if (!isTaken) return;
      isTaken = false;
      doors.open();
      announcement.again();
      note(`holdfast: this host is "${name}" in the fleet again`);
    };
    announcement.start();
    void followConnection(nc, { lease, tunnels, announcement, note });
  } catch (error) {
    await nc.close();
    throw asHoldfastError(error, address);
  }
  return {
    name,
    async close() {
      tunnels.breakAll('the host has left the fleet');
      await Promise.all([lease.close(), announcement.close()]);
      await nc.close();
    },
  };
}

/** The subscriptions through which a machine is reached. */
class Doors {
  readonly #nc: NatsConnection;
  readonly #name: string;
  readonly #requests: Requests;
  readonly #tunnels: Tunnels;
  readonly #isOurs: () => boolean;
  #close: () => void = () => {};

  constructor(
    nc: NatsConnection,
    how: { name: string; machine: Machine; tunnels: Tunnels; isOurs: () => boolean },
  ) {
    this.#nc = nc;
    this.#name = how.name;
    this.#tunnels = how.tunnels;
    this.#isOurs = how.isOurs;
    const publish = (subject: string, bytes: Uint8Array) => {
      if (!nc.isClosed()) nc.publish(subject, bytes);
    };
    this.#requests = new Requests(how.name, { machine: how.machine, tunnels: how.tunnels, publish });
  }

  open(): void {
    const subjects = subjectsOf(this.#name);
    const up = this.#nc.subscribe(subjects.up, {
      callback: (error, message) => {
        const parts = error || !isTunnelMessage(message) ? undefined : partsOf(message.subject);
        if (parts) this.#tunnels.take(parts.role, parts.last, message.data);
      },
    });
    const requests = this.#nc.subscribe(subjects.requests, {
      callback: (error, message) => {
        // Else whoever has the name now answers. An open tunnel is not the name's: its subjects are known to its two ends.
        if (!error && this.#isOurs()) void this.#requests.answer(message);
      },
    });
    this.#close = () => {
      up.unsubscribe();
      requests.unsubscribe();
    };
  }

  close(): void {
    this.#close();
  }
}

async function followConnection(
  nc: NatsConnection,
  how: { lease: Lease; tunnels: Tunnels; announcement: Announcement; note: (text: string) => void },
): Promise<void> {
  for await (const status of nc.status()) {
    switch (status.type) {
      case 'disconnect':
        how.tunnels.breakAll('the connection to the fleet was lost');
        how.note('holdfast: the connection to the fleet was lost; it is made again');
        break;
      case 'reconnect':
        how.lease.renewNow();
        how.announcement.again();
        how.note(`holdfast: connected to the fleet again`);
        break;
      case 'error':
        how.note(`holdfast: the fleet says: ${status.error.message}`);
        break;
      default:
    }
  }
}
