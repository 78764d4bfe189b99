import type { Event, HoldfastError } from '@holdfast/protocol';
import { protocolError } from './failure.ts';
import type { Input } from './input.ts';
import type { Subscription } from './subscription.ts';

type ChannelEvent = Extract<Event, { channel: number }>;

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
    if (subscription) subscription.output(offset, bytes);
    else this.#expectLate('output', channel);
  }

  inputDone(channel: number, offset: number): void {
    const input = this.#inputs.get(channel);
    if (input) input.acknowledged(offset);
    else this.#expectLate('an acknowledgement', channel);
  }

  event(event: ChannelEvent): void {
    switch (event.event) {
      case 'inputUnknown':
      case 'inputClosed': {
        const input = this.#inputs.get(event.channel);
        return input ? input.event(event) : this.#expectLate(event.event, event.channel);
      }
      case 'exited':
      case 'gap':
      case 'resync':
      case 'resized':
      case 'leading': {
        const subscription = this.#subscriptions.get(event.channel);
        return subscription ? subscription.event(event) : this.#expectLate(event.event, event.channel);
      }
    }
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

  /** What was under way when its channel was closed comes late; a channel that was never opened is a fault. */
  #expectLate(what: string, channel: number): void {
    if (channel < 1 || channel >= this.#next)
      throw protocolError(`${what} on the unknown channel ${channel}`);
  }

  #all(): (Subscription | Input)[] {
    return [...this.#subscriptions.values(), ...this.#inputs.values()];
  }
}
