import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { Client, netConnector } from '@holdfast/client';
import { ALL_SESSIONS, HoldfastError } from '@holdfast/protocol';
import { FLEET_LIMITS } from '../limits.ts';
import type { OpenRequest } from '../messages.ts';
import type { Role } from '../subjects.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import { LimitedHello } from './limited-hello.ts';
import type { Pace } from './pace.ts';

interface OpenTunnel {
  readonly tunnel: Tunnel;
  readonly socket: Socket;
}

/** The tunnels into one machine: each is a connection to its daemon. */
export class Tunnels {
  readonly #socketPath: string;
  readonly #ensure: () => Promise<unknown>;
  readonly #pace: Pace;
  readonly #open = new Map<string, OpenTunnel>();
  #opening = 0;

  /** `ensure`: starts the daemon if none runs, for who may do more than look. `pace`: of the connection by which all of them send. */
  constructor(socketPath: string, { ensure, pace }: { ensure: () => Promise<unknown>; pace: Pace }) {
    this.#socketPath = socketPath;
    this.#ensure = ensure;
    this.#pace = pace;
  }

  /** Throws E_LIMIT if there are too many, E_NO_DAEMON if none runs and the role is to look, and what `ensure` does. */
  async open(
    { id, windowBytes, replaces }: OpenRequest,
    { role, send }: { role: Role; send: (message: Uint8Array) => void },
  ): Promise<void> {
    await Promise.all(replaces.map((broken) => this.#end(keyOf(role, broken))));
    if (this.#open.size + this.#opening >= FLEET_LIMITS.tunnels)
      throw new HoldfastError('E_LIMIT', `this host has ${FLEET_LIMITS.tunnels} tunnels, and takes no more`);
    const key = keyOf(role, id);
    this.#opening += 1;
    const socket = await this.#connect(role)
      .catch(async (error: unknown) => {
        if (role === 'view') throw nothingStarted(error);
        await this.#ensure();
        return await this.#connect(role);
      })
      .finally(() => {
        this.#opening -= 1;
      });
    if (this.#open.has(key)) {
      socket.destroy();
      throw new HoldfastError('E_BAD_REQUEST', 'there is a tunnel of that id');
    }
    const tunnel = new Tunnel({
      send: (message) => {
        send(message);
        this.#pace.sent(message.length);
      },
      peerWindowBytes: windowBytes,
      isFree: (goOn) => this.#pace.isFree(goOn),
    });
    this.#open.set(key, { tunnel, socket });
    const over = () => {
      this.#open.delete(key);
    };
    if (role === 'operate') pipeline(tunnel, socket, tunnel, over);
    else pipeline(tunnel, new LimitedHello(), socket, tunnel, over);
  }

  /** A message that has come up a tunnel; of one that is not there, nobody wants to know. */
  take(role: Role, id: string, message: Uint8Array): void {
    this.#open.get(keyOf(role, id))?.tunnel.receive(message);
  }

  /** What was under way may be lost: whoever is at the other ends connects again. */
  breakAll(why: string): void {
    for (const { tunnel } of this.#open.values()) tunnel.destroy(new Error(why));
  }

  async #connect(role: Role): Promise<Socket> {
    // A daemon that knows no such limit would take no notice of it.
    if (role === 'view') {
      const connector = netConnector(this.#socketPath);
      const limited = await Client.connect({
        connector,
        name: 'holdfast fleet',
        reconnect: false,
        limitedTo: ALL_SESSIONS,
      });
      limited.close();
    }
    return await connected(this.#socketPath);
  }

  /** Resolves when its connection to the daemon is gone. */
  async #end(key: string): Promise<void> {
    const found = this.#open.get(key);
    if (!found) return;
    const isClosed = new Promise((resolve) => found.socket.once('close', resolve));
    found.tunnel.destroy(new Error('another one has taken its place'));
    if (!found.socket.closed) await isClosed;
  }
}

/** The role is part of it: nobody reaches with one what was opened with the other. */
function keyOf(role: Role, id: string): string {
  return `${role}.${id}`;
}

/** Who may only look starts nothing. */
function nothingStarted(cause: unknown): unknown {
  const isAbsent = cause instanceof HoldfastError && cause.code === 'E_NO_DAEMON';
  const message = 'no daemon can be reached on that host, and who may only look starts none';
  return isAbsent ? new HoldfastError('E_NO_DAEMON', message, { cause }) : cause;
}

function connected(socketPath: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const refused = (cause: Error) => {
      reject(
        new HoldfastError('E_NO_DAEMON', `the host's daemon can't be reached: ${cause.message}`, { cause }),
      );
    };
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      resolve(socket);
    });
  });
}
