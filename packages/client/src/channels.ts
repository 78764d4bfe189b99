import type { Event, HoldfastError } from '@holdfast/protocol';
import { protocolError } from './failure.ts';
import type { Input } from './input.ts';
import type { Subscription } from './subscription.ts';

export type ChannelEvent = Extract<Event, { channel: number }>;

/** The subscriptions and inputs of one client by channel number; a number means the same on every connection. */
export class Channels {
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #inputs = new Map<number, Input>();
  #next = 1;

  /** A number that this client has not used yet. */
  allot(): number {
    return this.#next++;
  }

  addSubscription(channel: number, subscription: Subscription): void {
    this.#subscriptions.set(channel, subscription);
  }

  addInput(channel: number, input: Input): void {
    this.#inputs.set(channel, input);
  }

  forget(channel: number): void {
    this.#subscriptions.delete(channel);
    this.#inputs.delete(channel);
  }

  output(channel: number, offset: number, bytes: Uint8Array): void {
    const subscription = this.#subscriptions.get(channel);
    if (!subscription) throw protocolError(`output on the unknown channel ${channel}`);
    subscription.output(offset, bytes);
  }

  inputDone(channel: number, offset: number): void {
    const input = this.#inputs.get(channel);
    if (!input) throw protocolError(`an acknowledgement on the unknown channel ${channel}`);
    input.done(offset);
  }

  event(event: ChannelEvent): void {
    const subscription = this.#subscriptions.get(event.channel);
    const input = this.#inputs.get(event.channel);
    if (subscription && event.event !== 'inputUnknown') subscription.event(event);
    else if (input && (event.event === 'inputUnknown' || event.event === 'exited')) input.event(event);
    else throw protocolError(`${event.event} on channel ${event.channel}, which is not open for that`);
  }

  attach(): void {
    for (const channel of this.#all()) channel.attach();
  }

  detach(): void {
    for (const channel of this.#all()) channel.detach();
  }

  flushAcks(): void {
    for (const subscription of this.#subscriptions.values()) subscription.flushAck();
  }

  drained(): void {
    for (const input of this.#inputs.values()) input.drained();
  }

  abandon(error: HoldfastError, isExpected: boolean): void {
    for (const channel of this.#all()) channel.abandon(error, isExpected);
    this.#subscriptions.clear();
    this.#inputs.clear();
  }

  #all(): (Subscription | Input)[] {
    return [...this.#subscriptions.values(), ...this.#inputs.values()];
  }
}
