import { encodeControl, HoldfastError, LIMITS } from '@holdfast/protocol';
import type { Session } from '../session/session.ts';
import type { Subscription } from '../session/subscription.ts';
import { InputChannel, type InputStreamName } from './input-channel.ts';
import type { Batch } from './outbox.ts';
import type { SuspendedInputChannel } from './suspended-connection.ts';

interface SubscribedChannel {
  readonly session: Session;
  readonly subscription: Subscription;
}

export interface ChannelEvents {
  /** Something that was typed has reached the program. */
  progressed(input: InputChannel): void;
  /** The program has ended; the channel is closed. */
  inputEnded(input: InputChannel): void;
}

/** What one client has open, by the numbers that it gave: outputs that it reads, and inputs that it types into. */
export class Channels {
  readonly #events: ChannelEvents;
  readonly #subscribed = new Map<number, SubscribedChannel>();
  readonly #inputs = new Map<number, InputChannel>();
  /** Subscriptions that may have something to send, in turn. */
  readonly #ready = new Set<Subscription>();
  /** Inputs whose progress is to be acknowledged. */
  readonly #toAcknowledge = new Set<InputChannel>();

  constructor(events: ChannelEvents) {
    this.#events = events;
  }

  /** Throws HoldfastError if the channel is in use, or there are too many. */
  check(channel: number): void {
    if (this.#subscribed.has(channel) || this.#inputs.has(channel)) {
      throw new HoldfastError('E_BAD_REQUEST', `channel ${channel} is in use`);
    }
    if (this.#subscribed.size + this.#inputs.size >= LIMITS.channelsPerClient) {
      throw new HoldfastError('E_LIMIT', `a connection has at most ${LIMITS.channelsPerClient} channels`);
    }
  }

  // Output

  addSubscription(session: Session, subscription: Subscription): void {
    this.#subscribed.set(subscription.channel, { session, subscription });
  }

  /** Undefined if nothing is subscribed on that channel, any more or yet. */
  findSubscription(channel: number): SubscribedChannel | undefined {
    return this.#subscribed.get(channel);
  }

  /** Throws HoldfastError(E_BAD_REQUEST) if nothing is subscribed on that channel. */
  subscription(channel: number): SubscribedChannel {
    const found = this.#subscribed.get(channel);
    if (!found) throw new HoldfastError('E_BAD_REQUEST', `nothing is subscribed on channel ${channel}`);
    return found;
  }

  removeSubscription(channel: number): void {
    const { session, subscription } = this.subscription(channel);
    this.#subscribed.delete(channel);
    this.#ready.delete(subscription);
    session.unsubscribe(subscription, false);
  }

  hasOutput(subscription: Subscription): void {
    this.#ready.add(subscription);
  }

  /** Adds what one subscription has to say next, bytes or an event. False if none has anything. */
  addOutput(batch: Batch): boolean {
    for (const subscription of this.#ready) {
      // To the end of the line, so that sessions take turns.
      this.#ready.delete(subscription);
      if (this.#addOutputOf(subscription, batch)) return true;
    }
    return false;
  }

  #addOutputOf(subscription: Subscription, batch: Batch): boolean {
    const subscribed = this.#subscribed.get(subscription.channel);
    const next = subscribed && subscription.next();
    if (!next) return false;
    if (next.kind === 'bytes') {
      const address = subscribed.session.history.addressOf(next.offset);
      batch.addData({ channel: subscription.channel, offset: next.offset, address, length: next.length });
    } else {
      batch.addControl(encodeControl(next.event));
    }
    if (subscription.isOver) this.removeSubscription(subscription.channel);
    else this.#ready.add(subscription);
    return true;
  }

  // Input

  /** Throws HoldfastError: E_EXITED, E_LIMIT. */
  openInput(
    channel: number,
    session: Session,
    how: { stream: InputStreamName; viewer: number | undefined },
  ): InputChannel {
    const input = new InputChannel({
      channel,
      session,
      ...how,
      progressed: () => {
        this.#toAcknowledge.add(input);
        this.#events.progressed(input);
      },
      ended: () => {
        this.#forgetInput(input);
        this.#events.inputEnded(input);
      },
    });
    this.#inputs.set(channel, input);
    return input;
  }

  /** Undefined if no input is open on that channel, any more or yet. */
  findInput(channel: number): InputChannel | undefined {
    return this.#inputs.get(channel);
  }

  /** Throws HoldfastError(E_BAD_REQUEST) if no input is open on that channel. */
  input(channel: number): InputChannel {
    const found = this.#inputs.get(channel);
    if (!found) throw new HoldfastError('E_BAD_REQUEST', `no input is open on channel ${channel}`);
    return found;
  }

  closeInput(channel: number): void {
    const input = this.input(channel);
    input.close();
    this.#forgetInput(input);
  }

  #forgetInput(input: InputChannel): void {
    this.#inputs.delete(input.channel);
    this.#toAcknowledge.delete(input);
  }

  /** Adds how far one input has got. False if nothing is new. */
  addAcknowledgement(batch: Batch): boolean {
    for (const input of this.#toAcknowledge) {
      this.#toAcknowledge.delete(input);
      batch.addInputAck(input.channel, input.takeProgress());
      return true;
    }
    return false;
  }

  // Hand-over and end

  suspendInputs(): SuspendedInputChannel[] {
    return [...this.#inputs.values()].map((input) => input.suspend());
  }

  /** Whatever there is may be to be told: a predecessor may have told it or not. */
  tellAll(): void {
    for (const input of this.#inputs.values()) this.#toAcknowledge.add(input);
    for (const { subscription } of this.#subscribed.values()) this.#ready.add(subscription);
  }

  /** The client has gone. */
  close(): void {
    for (const { session, subscription } of this.#subscribed.values())
      session.unsubscribe(subscription, true);
    for (const input of this.#inputs.values()) input.close();
    this.#subscribed.clear();
    this.#inputs.clear();
    this.#ready.clear();
    this.#toAcknowledge.clear();
  }
}
