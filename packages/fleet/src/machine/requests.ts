import { HoldfastError } from '@holdfast/protocol';
import type { Msg } from '@nats-io/transport-node';
import { FLEET_LIMITS } from '../limits.ts';
import {
  bareRequest,
  encodeFailure,
  encodeJson,
  openRequest,
  parseRequest,
  type Surroundings,
  upgradeRequest,
} from '../messages.ts';
import { isAsked } from '../nats/received.ts';
import { downSubject, partsOf, type Role } from '../subjects.ts';
import type { Tunnels } from './tunnels.ts';

/** What a machine does when it is asked to. */
export interface Machine {
  /** Starts the daemon if none runs. */
  ensure(): Promise<unknown>;
  status(): Promise<unknown>;
  upgrade(options: { timeoutMs?: number }): Promise<unknown>;
  surroundings(): Surroundings;
}

/** Answers the requests to one machine. */
export class Requests {
  readonly #name: string;
  readonly #machine: Machine;
  readonly #tunnels: Tunnels;
  readonly #publish: (subject: string, bytes: Uint8Array) => void;

  constructor(
    name: string,
    how: { machine: Machine; tunnels: Tunnels; publish: (subject: string, bytes: Uint8Array) => void },
  ) {
    this.#name = name;
    this.#machine = how.machine;
    this.#tunnels = how.tunnels;
    this.#publish = how.publish;
  }

  /** Never throws: whoever asked is told. Nothing is done for what nobody has asked. */
  async answer(message: Msg): Promise<void> {
    const parts = partsOf(message.subject);
    if (!parts || !isAsked(message)) return;
    try {
      const ok = await this.#carryOut(parts.last, parts.role, message.data);
      message.respond(encodeJson({ ok }));
    } catch (error) {
      message.respond(encodeFailure(error));
    }
  }

  async #carryOut(verb: string, role: Role, bytes: Uint8Array): Promise<unknown> {
    switch (verb) {
      case 'open': {
        const request = parseRequest(bytes, openRequest);
        const subject = downSubject(this.#name, role, request.id);
        const send = (message: Uint8Array) => this.#publish(subject, message);
        await this.#tunnels.open(request, { role, send });
        return { windowBytes: FLEET_LIMITS.windowBytes };
      }
      case 'status':
        parseRequest(bytes, bareRequest);
        return await this.#machine.status();
      case 'upgrade': {
        if (role !== 'operate') throw forbidden();
        const { timeoutMs } = parseRequest(bytes, upgradeRequest);
        return await this.#machine.upgrade(timeoutMs === undefined ? {} : { timeoutMs });
      }
      case 'surroundings':
        if (role !== 'operate') throw forbidden();
        parseRequest(bytes, bareRequest);
        return this.#machine.surroundings();
      default:
        throw new HoldfastError('E_UNKNOWN_REQUEST', `this host has no request ${verb}`);
    }
  }
}

function forbidden(): HoldfastError {
  return new HoldfastError('E_FORBIDDEN', 'these credentials may only look');
}
