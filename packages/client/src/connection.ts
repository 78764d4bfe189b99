import {
  encodeControl,
  type Event,
  FRAME,
  FrameReader,
  type FromDaemon,
  HoldfastError,
  LIMITS,
  parseFromDaemon,
  parseResult,
  PROTOCOLS,
  type RequestResult,
} from '@holdfast/protocol';
import { disconnected, errorFromWire, protocolError } from './failure.ts';
import type { Timer, Transport } from './transport.ts';

export type Greeting = RequestResult<'hello'>;
export type Answer = Extract<FromDaemon, { kind: 'answer' | 'failure' }>;

/** The request id of hello; those of other requests begin behind it. */
export const HELLO_ID = 0;

/** Who uses a connection. What these throw closes the connection. */
export interface ConnectionUser {
  /** Hello is answered; everything else may be sent from here on. */
  greeted(greeting: Greeting): void;
  answer(answer: Answer): void;
  event(event: Event): void;
  /** Output of a channel. `bytes` is valid only during the call. */
  output(channel: number, offset: number, bytes: Uint8Array): void;
  inputDone(channel: number, offset: number): void;
  turnEnded(): void;
  drained(): void;
  /** The last call, made exactly once, whoever closed it. */
  closed(error: HoldfastError): void;
}

export interface HelloOptions {
  name: string;
  version: string;
  /** See `ClientOptions`. */
  limitedTo: string | undefined;
  timeoutMs: number;
}

/** One connection, from its hello to its end: control messages and data frames, in and out. */
export class Connection {
  readonly #transport: Transport;
  readonly #user: ConnectionUser;
  readonly #reader: FrameReader;
  readonly #helloTimer: Timer;
  readonly #limitedTo: string | undefined;
  #state: 'hello' | 'connected' | 'closed' = 'hello';
  #isReading = false;
  #goodbye: HoldfastError | undefined;

  /** Says hello on a fresh transport. */
  constructor(transport: Transport, hello: HelloOptions, user: ConnectionUser) {
    this.#transport = transport;
    this.#user = user;
    const sink = {
      control: (json: string) => this.#control(json),
      data: (_type: number, channel: number, offset: number, bytes: Uint8Array) => {
        if (this.#state === 'hello') throw protocolError('output came before the answer to hello');
        if (this.#state === 'connected') user.output(channel, offset, bytes);
      },
      ack: (_type: number, channel: number, offset: number) => {
        if (this.#state === 'hello')
          throw protocolError('an acknowledgement came before the answer to hello');
        if (this.#state === 'connected') user.inputDone(channel, offset);
      },
    };
    this.#reader = new FrameReader(sink, {
      accepts: [FRAME.CONTROL, FRAME.OUTPUT, FRAME.INPUT_ACK],
      maxControlBytes: LIMITS.answerFrameBytes,
    });
    transport.onData = (chunk) => this.#received(chunk);
    transport.onTurnEnd = () => {
      this.#isReading = false;
      if (this.#state === 'connected') user.turnEnded();
    };
    transport.onDrain = () => {
      if (this.#state === 'connected') user.drained();
    };
    transport.onClose = (cause) => this.close(this.#goodbye ?? disconnected(cause));
    this.#helloTimer = transport.after(hello.timeoutMs, () => {
      this.close(new HoldfastError('E_NO_DAEMON', `the daemon did not answer within ${hello.timeoutMs} ms`));
    });
    const client = { name: hello.name, version: hello.version };
    const { limitedTo } = hello;
    this.#limitedTo = limitedTo;
    transport.send(encodeControl({ id: HELLO_ID, type: 'hello', protocols: PROTOCOLS, client, limitedTo }));
  }

  /** True while the chunks of one turn are being read; its end is announced. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** False: congested, `drained` will be called. */
  send(frame: Uint8Array): boolean {
    return this.#state === 'closed' || this.#transport.send(frame);
  }

  pause(): void {
    this.#transport.pause();
  }

  resume(): void {
    this.#transport.resume();
  }

  close(error: HoldfastError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#isReading = false;
    this.#helloTimer.cancel();
    this.#transport.close();
    this.#user.closed(error);
  }

  #received(chunk: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#isReading = true;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      // The rest of the chunk is unread, so the stream can't go on, whoever is at fault.
      this.close(
        error instanceof HoldfastError ? error : protocolError(`a handler failed: ${String(error)}`),
      );
      if (!(error instanceof HoldfastError)) throw error;
    }
  }

  #control(json: string): void {
    if (this.#state === 'closed') return;
    const message = parseFromDaemon(json);
    switch (message.kind) {
      case 'answer':
      case 'failure':
        if (message.id === HELLO_ID) this.#helloAnswered(message);
        else if (this.#state === 'hello') throw protocolError('an answer came before the one to hello');
        else this.#user.answer(message);
        break;
      case 'event':
        if (message.event.event === 'closing') this.#goodbye = errorFromWire(message.event);
        else if (this.#state === 'hello') throw protocolError('an event came before the answer to hello');
        else this.#user.event(message.event);
        break;
      case 'ignored':
        break;
      case 'bad':
        throw protocolError(`the daemon sent a message that can't be read: ${message.message}`);
    }
  }

  #helloAnswered(answer: Answer): void {
    if (this.#state !== 'hello') throw protocolError('hello was answered twice');
    if (answer.kind === 'failure') throw errorFromWire(answer);
    const parsed = parseResult('hello', answer.ok);
    if (parsed.kind === 'bad') throw protocolError(`the answer to hello can't be read: ${parsed.message}`);
    const { protocol } = parsed.result;
    if (!PROTOCOLS.includes(protocol)) {
      throw new HoldfastError(
        'E_VERSION',
        `the daemon chose protocol ${protocol}; this build has ${PROTOCOLS.join(', ')}`,
      );
    }
    if (this.#limitedTo !== undefined && parsed.result.limitedTo === undefined) {
      throw new HoldfastError('E_VERSION', 'this daemon is too old to limit a connection to one session');
    }
    this.#helloTimer.cancel();
    this.#state = 'connected';
    this.#user.greeted(parsed.result);
  }
}
