import { HoldfastError } from '@holdfast/protocol';
import { Connection, type ConnectionUser, type Greeting, type HelloOptions } from './connection.ts';
import { disconnected } from './failure.ts';
import { Patience } from './patience.ts';
import { type ClientMove, type ClientState, nextState } from './state.ts';
import type { Connector, Timer, Transport } from './transport.ts';

/** Who hangs on the lifeline: gets the frames of whichever connection there is. */
export interface LifelineUser extends Omit<ConnectionUser, 'greeted' | 'closed'> {
  up(greeting: Greeting): void;
  /** The connection is lost; another one is being made. */
  down(cause: HoldfastError): void;
  /** There will be no connection any more. The last call. */
  ended(error: HoldfastError): void;
}

export interface LifelineOptions {
  connector: Connector;
  hello: HelloOptions;
  /** Undefined: a lost connection is the end. */
  giveUpAfterMs: number | undefined;
}

/** One connection after another to the same daemon: connects, greets, and connects again when it is lost. */
export class Lifeline {
  readonly #options: LifelineOptions;
  readonly #user: LifelineUser;
  #state: ClientState = 'connecting';
  /** How long to try: first for a daemon whose queue of connects is full, then in each outage. */
  #patience: Patience;
  #wasConnected = false;
  #connection: Connection | undefined;
  #retry: Timer | undefined;

  constructor(options: LifelineOptions, user: LifelineUser) {
    this.#options = options;
    this.#user = user;
    this.#patience = new Patience({ giveUpAfterMs: options.hello.timeoutMs });
    this.#dial();
  }

  get state(): ClientState {
    return this.#state;
  }

  /** The connection, once it is greeted. */
  get connection(): Connection | undefined {
    return this.#state === 'connected' ? this.#connection : undefined;
  }

  /** The connection brought something that was wanted: an outage that comes next is a new one. */
  proven(): void {
    this.#patience.proven();
  }

  /** Ends it for good. */
  close(error: HoldfastError): void {
    if (this.#state !== 'closed') this.#end(error);
  }

  #dial(): void {
    this.#options.connector.connect().then(
      (transport) => this.#opened(transport),
      (error: unknown) => {
        if (this.#state !== 'closed') this.#attemptFailed(asHoldfastError(error));
      },
    );
  }

  #opened(transport: Transport): void {
    if (this.#state === 'closed') return transport.close();
    this.#move('opened');
    const remainingMs = this.#patience.remainingMs() ?? Number.POSITIVE_INFINITY;
    const hello = { ...this.#options.hello };
    hello.timeoutMs = Math.min(hello.timeoutMs, remainingMs);
    const user = this.#user;
    this.#connection = new Connection(transport, hello, {
      greeted: (greeting) => this.#greeted(greeting),
      answer: (answer) => user.answer(answer),
      event: (event) => user.event(event),
      output: (channel, offset, bytes) => user.output(channel, offset, bytes),
      inputDone: (channel, offset) => user.inputDone(channel, offset),
      turnEnded: () => user.turnEnded(),
      drained: () => user.drained(),
      closed: (error) => this.#connectionClosed(error),
    });
  }

  #greeted(greeting: Greeting): void {
    this.#move('greeted');
    if (!this.#wasConnected) {
      this.#wasConnected = true;
      this.#patience = new Patience({ giveUpAfterMs: this.#options.giveUpAfterMs ?? 0 });
    }
    this.#patience.connected();
    this.#user.up(greeting);
  }

  #connectionClosed(error: HoldfastError): void {
    this.#connection = undefined;
    if (this.#state === 'closed') return;
    if (this.#state === 'hello') return this.#attemptFailed(error);
    if (this.#options.giveUpAfterMs === undefined) return this.#end(error);
    this.#move('lost');
    this.#user.down(error);
    // The user may have closed the client when it heard of it.
    if (this.#state === 'reconnecting') this.#tryAgain(error);
  }

  #attemptFailed(error: HoldfastError): void {
    const canRetry = this.#wasConnected ? error.retry : isQueueFull(error);
    if (!canRetry) return this.#end(error);
    this.#move('lost');
    this.#tryAgain(error);
  }

  #tryAgain(error: HoldfastError): void {
    const delayMs = this.#patience.nextDelayMs();
    if (delayMs === undefined) return this.#end(this.#wasConnected ? disconnected(error) : error);
    this.#retry = this.#options.connector.after(delayMs, () => this.#dial());
  }

  #end(error: HoldfastError): void {
    this.#move('ended');
    this.#retry?.cancel();
    this.#connection?.close(error);
    this.#user.ended(error);
  }

  #move(move: ClientMove): void {
    this.#state = nextState(this.#state, move);
  }
}

/** Linux refuses a connect with EAGAIN while the listener's queue is full; the daemon is there, and busy. */
function isQueueFull(error: HoldfastError): boolean {
  return error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'EAGAIN';
}

function asHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  return new HoldfastError('E_NO_DAEMON', `can't connect: ${String(error)}`, { cause: error });
}
