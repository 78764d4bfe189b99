import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { HoldfastError } from '@holdfast/protocol';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import * as z from 'zod/mini';
import { FLEET_LIMITS } from '../limits.ts';
import { encodeJson, parseJson, path, word } from '../messages.ts';
import { findCause } from '../nats/find-cause.ts';
import { OwnKey } from '../nats/own-key.ts';

const leaseShape = z.object({
  /** Of the process that serves: two of one name are told apart by it. */
  instance: word,
  /** Of the machine, for people. */
  machine: word,
  home: path,
  version: word,
  build: word,
  since: word,
});
export type LeaseValue = z.infer<typeof leaseShape>;

/** Undefined for what is none: whoever has written it is not believed to be honest. */
export function parseLease(bytes: Uint8Array): LeaseValue | undefined {
  if (bytes.length > FLEET_LIMITS.leaseBytes) return undefined;
  return leaseShape.safeParse(parseJson(bytes)).data;
}

/** JetStream's code for "somebody has written it since". */
const WRONG_REVISION = 10071;

/** A machine's claim to its name: held as long as it is renewed. */
export class Lease {
  /** It is ours, now or again. */
  onHeld: () => void = () => {};
  /** Somebody else has the name. */
  onTaken: (by: LeaseValue) => void = () => {};

  readonly #key: OwnKey;
  readonly #name: string;
  readonly #value: LeaseValue;
  #revision: number | undefined;
  /** Until then nobody else can have it: what the servers keep began later to run out than this. */
  #heldUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(nc: NatsConnection, name: string, what: { home: string; version: string; build: string }) {
    this.#key = new OwnKey(nc, 'hosts', name);
    this.#name = name;
    this.#value = {
      instance: randomUUID(),
      machine: hostname(),
      ...what,
      since: new Date().toISOString(),
    };
  }

  /**
   * Claims the name, and goes on renewing it. One that is held by another process of the same home may be its last breath: it is
   * waited for until it must have run out, and so are servers that are electing who keeps it. Throws E_NAME_TAKEN, and what NATS says.
   */
  async claim(): Promise<void> {
    const deadline = performance.now() + FLEET_LIMITS.leaseMs + FLEET_LIMITS.renewMs;
    while (!(await this.#isClaimed({ isLate: performance.now() > deadline })))
      await new Promise((resolve) => setTimeout(resolve, FLEET_LIMITS.renewMs / 10));
    this.#timer = setInterval(() => void this.#tick(), FLEET_LIMITS.renewMs);
  }

  /** Whether it is ours, as far as can be known here: after a partition it may be somebody else's before we hear of it. */
  get isHeld(): boolean {
    return !this.#isClosed && performance.now() < this.#heldUntil;
  }

  /** Renews it at once: it may have run out. */
  renewNow(): void {
    void this.#tick();
  }

  /** Gives the name back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#underWay;
    if (this.#revision === undefined) return;
    await this.#key.delete(this.#revision).catch(() => undefined); // it runs out
  }

  /** False: it is worth another attempt. */
  async #isClaimed({ isLate }: { isLate: boolean }): Promise<boolean> {
    let holder: LeaseValue | undefined;
    try {
      holder = await this.#renew();
    } catch (error) {
      if (findCause(error, errors.PermissionViolationError)) throw error;
      if (isLate) throw this.#whyNobodyTakesIt(error);
      return false;
    }
    if (!holder) return true;
    const isOurs = holder.home === this.#value.home && holder.machine === this.#value.machine;
    if (isOurs && !isLate) return false;
    const who = isOurs ? 'another holdfast serve of this home' : `${holder.machine} (${holder.home})`;
    const why = `${who} is "${this.#name}" in this fleet; --fleet-name gives another name`;
    throw new HoldfastError('E_NAME_TAKEN', why);
  }

  #whyNobodyTakesIt(cause: unknown): HoldfastError {
    const why =
      'the credentials are those of another host, or holdfast hosts --set-up was not run, or there is no JetStream';
    return new HoldfastError('E_FORBIDDEN', `nobody there takes a lease for "${this.#name}": ${why}`, {
      cause,
    });
  }

  #tick(): Promise<void> {
    this.#underWay = this.#underWay.then(async () => {
      if (this.#isClosed) return;
      try {
        const holder = await this.#renew();
        if (holder) this.onTaken(holder);
        else this.onHeld();
      } catch {
        // No server that has the bucket: the next time there may be.
      }
    });
    return this.#underWay;
  }

  /** Undefined: it is ours. Else whose it is. Throws what NATS says. */
  async #renew(): Promise<LeaseValue | undefined> {
    try {
      await this.#write(this.#revision ?? 0);
      return undefined;
    } catch (error) {
      if (!isWrongRevision(error)) throw error;
    }
    this.#revision = undefined;
    const entry = await this.#key.get();
    const holder = entry?.operation === 'PUT' ? parseLease(entry.value) : undefined;
    if (holder && holder.instance !== this.#value.instance) {
      this.#heldUntil = 0;
      return holder;
    }
    // Ours though nobody has told us, or given back, or run out meanwhile.
    await this.#write(entry?.revision ?? 0);
    return undefined;
  }

  async #write(previousSeq: number): Promise<void> {
    const began = performance.now();
    this.#revision = await this.#key.put(encodeJson(this.#value), { previousSeq });
    this.#heldUntil = began + FLEET_LIMITS.leaseMs;
  }
}

function isWrongRevision(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === WRONG_REVISION;
}
