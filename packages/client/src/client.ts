import {
  type DaemonIdentity,
  type Event,
  HoldfastError,
  LIMITS,
  type RequestParameters,
  type RequestResult,
  type RequestType,
  VERSION,
} from '@holdfast/protocol';
import { abortable } from './abortable.ts';
import { Channels } from './channels.ts';
import type { ChannelWiring } from './channel-wiring.ts';
import type { Greeting } from './connection.ts';
import { Input, type InputOptions } from './input.ts';
import { Lifeline } from './lifeline.ts';
import { Link } from './link.ts';
import { REQUEST_TIMEOUT_MS, Requests } from './requests.ts';
import { ScreenView, type ScreenViewOptions } from './screen-view.ts';
import { type Snapshot, type SnapshotOptions, takeSnapshot } from './snapshot.ts';
import type { SubscribeOptions } from './subscribe-options.ts';
import { Subscription } from './subscription.ts';
import type { Connector } from './transport.ts';
import { type Watch, Watchers, type WatchListener } from './watch.ts';

/** How long an outage may last: a daemon that crashed is back, or held back for good, well before. */
const GIVE_UP_AFTER_MS = 15_000;

/** Which daemon, and how a client behaves towards it. */
export interface ClientOptions {
  /** How the daemon is reached: by `netConnector`, `streamConnector`, or one of your own. */
  connector: Connector;
  /** What this program is, for the daemon's log; at most 64 characters. */
  name: string;
  /** Its version, at most 64 characters; by default this build's. */
  version?: string;
  /** Whether to connect again when the connection is lost (by default), and for how long (15 s). */
  reconnect?: boolean | { giveUpAfterMs: number };
  /** How long the daemon may take to answer hello, in milliseconds; 5,000 by default. */
  helloTimeoutMs?: number;
  /** The one session that this client shall be able to see, and do nothing; the daemon sees to it. */
  limitedTo?: string;
  /** Gives up connecting: `connect` rejects with its reason. Of no meaning once that is done. */
  signal?: AbortSignal;
}

/** Requests that stand for themselves; those about a channel are made by subscriptions and inputs. */
export type PlainRequestType = Exclude<
  RequestType,
  | 'hello'
  | 'cancel'
  | 'subscribe'
  | 'unsubscribe'
  | 'viewport'
  | 'openInput'
  | 'closeInput'
  | 'endInput'
  | 'watch'
>;

/** `reconnecting` as long as there is no connection and another may come; `closed` when none will. */
export type ConnectionState = 'connected' | 'reconnecting' | 'closed';

/** A client of one daemon, across reconnects. `await using` closes it. */
export class Client implements AsyncDisposable {
  /** Called on each change after `connect`, with the reason where there is one. `closed` is final. */
  onStateChange: (state: ConnectionState, cause?: HoldfastError) => void = () => {};

  readonly #lifeline: Lifeline;
  readonly #requests: Requests;
  readonly #link: Link;
  readonly #channels = new Channels();
  readonly #watchers: Watchers;
  #lastGreeting: Greeting | undefined;
  #isClosing = false;
  /** Why there will be no connection any more. */
  #ending: HoldfastError | undefined;

  /**
   * Connects and says hello. Rejects with HoldfastError: E_NO_DAEMON if nobody listens or answers in time, E_VERSION if there is no
   * common protocol, or the daemon can't limit it as asked, or what else the daemon answers.
   */
  static connect(options: ClientOptions): Promise<Client> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    let client: Client | undefined;
    const connecting = new Promise<Client>((resolve, reject) => {
      const made: Client = new Client(options, { connected: () => resolve(made), failed: reject });
      client = made;
    });
    return abortable(connecting, signal, () => client?.close());
  }

  private constructor(
    options: ClientOptions,
    first: { connected: () => void; failed: (error: HoldfastError) => void },
  ) {
    const { connector, name, version = VERSION, helloTimeoutMs = LIMITS.helloTimeoutMs } = options;
    const { limitedTo } = options;
    this.#requests = new Requests(connector, () => this.#link.isHeld);
    this.#link = new Link(this.#requests);
    this.#watchers = new Watchers(this.#link);
    this.#lifeline = new Lifeline(
      {
        connector,
        hello: { name, version, limitedTo, timeoutMs: helloTimeoutMs },
        giveUpAfterMs: giveUpAfterMs(options.reconnect ?? true),
      },
      {
        up: (greeting) => {
          const isFirst = this.#lastGreeting === undefined;
          this.#lastGreeting = greeting;
          this.#up();
          if (isFirst) first.connected();
          else this.onStateChange('connected');
        },
        down: (cause) => {
          this.#link.connection = undefined;
          this.#channels.detach();
          this.#requests.disconnected(cause);
          this.onStateChange('reconnecting', cause);
        },
        ended: (error) => {
          this.#ended(error);
          if (this.#lastGreeting) this.onStateChange('closed', error);
          else first.failed(error);
        },
        answer: (answer) => this.#requests.take(answer),
        event: (event) => this.#event(event),
        output: (channel, offset, bytes) => {
          this.#channels.output(channel, offset, bytes);
          this.#lifeline.proven();
        },
        inputDone: (channel, offset) => {
          this.#channels.inputDone(channel, offset);
          this.#lifeline.proven();
        },
        turnEnded: () => this.#channels.flushAcks(),
        drained: () => this.#channels.drained(),
      },
    );
  }

  /** The daemon of the present connection, or of the last one. */
  get daemon(): DaemonIdentity {
    return this.#greeting.daemon;
  }

  /** The daemon's home, as it names it. */
  get home(): string {
    return this.#greeting.home;
  }

  /** The protocol version in use. */
  get protocol(): number {
    return this.#greeting.protocol;
  }

  /** How it is with the connection now. */
  get state(): ConnectionState {
    const { state } = this.#lifeline;
    return state === 'connected' || state === 'closed' ? state : 'reconnecting';
  }

  /**
   * Asks the daemon. Rejects with the daemon's error, with E_TIMEOUT (10 s by default; null for none, as `wait`,
   * `kill` and `stop` take as long as they take), or with E_DISCONNECTED if the connection was lost before the answer
   * and repeating could do harm. `status`, `list`, `get`, `capture`, `timeline` and `wait` are repeated. With E_LIMIT when the request
   * has more than `LIMITS.controlFrameBytes`, or too many wait for an answer. With the reason of `signal`, when that aborts: the
   * daemon may carry it out all the same. It is told of a `wait` that was given up, by `signal` or the time, and drops it; a daemon of an
   * earlier build keeps it until the session has exited, and of those a connection has `LIMITS.waitingRequestsPerClient` at most.
   */
  request<T extends PlainRequestType>(
    type: T,
    parameters: RequestParameters<T>,
    options: { timeoutMs?: number | null; signal?: AbortSignal | undefined } = {},
  ): Promise<RequestResult<T>> {
    if (this.#ending) return Promise.reject(this.#ending);
    const { timeoutMs = REQUEST_TIMEOUT_MS, signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    let giveUp: () => void = () => undefined;
    const asked = new Promise<RequestResult<T>>((resolve, reject) => {
      const ok = (result: RequestResult<T>) => {
        this.#lifeline.proven();
        resolve(result);
      };
      giveUp = this.#requests.issue({ type, parameters, timeoutMs }, { ok, failed: reject });
    });
    return abortable(asked, signal, giveUp);
  }

  /**
   * Subscribes to a session's output: an id, a unique prefix of one, or a name. Rejects with the daemon's error, or with the reason of
   * `options.signal`.
   */
  subscribe(session: string, options: SubscribeOptions): Promise<Subscription> {
    return this.#openChannel((wiring) => {
      const subscription = new Subscription(wiring, session, options);
      this.#channels.addSubscription(wiring.channel, subscription);
      return subscription;
    }, options.signal);
  }

  /**
   * Shows a session in a terminal: what is on its screen now, and then its output from exactly there. A session: an id, a unique
   * prefix of one, or a name. Rejects with the daemon's error, or with the reason of `options.signal`.
   */
  view(session: string, options: ScreenViewOptions): Promise<ScreenView> {
    return ScreenView.open(this, session, options);
  }

  /**
   * What puts a terminal into the state of a session's. Rejects with the daemon's error, E_TIMEOUT (10 s by default), or the reason of
   * `options.signal`.
   */
  snapshot(session: string, options: SnapshotOptions = {}): Promise<Snapshot> {
    const { signal } = options;
    return takeSnapshot(
      (parameters, timeoutMs) => this.request('capture', parameters, { timeoutMs, signal }),
      session,
      options,
    );
  }

  /**
   * Opens numbered input to a session: an id, a unique prefix of one, or a name. Rejects with the daemon's error, or with the reason of
   * `options.signal`.
   */
  openInput(session: string, options: InputOptions = {}): Promise<Input> {
    return this.#openChannel((wiring) => {
      const input = new Input(wiring, session, options);
      this.#channels.addInput(wiring.channel, input);
      return input;
    }, options.signal);
  }

  /**
   * Tells the listener of all sessions, and of each change of one. Resolves when it has been told of all; rejects with the reason of
   * `signal` if that aborts before, of no meaning later.
   */
  watch(listener: WatchListener, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<Watch> {
    if (this.#ending) return Promise.reject(this.#ending);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { watching, close } = this.#watchers.add(listener);
    return abortable(watching, signal, close);
  }

  /** Ends everything: what is pending rejects with E_DISCONNECTED, no handler but `onStateChange` is called. */
  close(): void {
    if (this.#ending) return;
    this.#channels.flushAcks();
    this.#isClosing = true;
    this.#lifeline.close(new HoldfastError('E_DISCONNECTED', 'the client was closed'));
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  get #greeting(): Greeting {
    if (!this.#lastGreeting) throw new Error('the client is not connected yet');
    return this.#lastGreeting;
  }

  #up(): void {
    const { connection } = this.#lifeline;
    if (!connection) return;
    this.#link.connection = connection;
    this.#requests.connected((frame) => connection.send(frame));
    // Channels come first: what waits to be sent may be about one of them.
    this.#channels.attach();
    this.#watchers.attach();
    this.#requests.sendWaiting();
  }

  #event(event: Event): void {
    if (event.event === 'session' || event.event === 'forgotten') this.#watchers.event(event);
    else if ('channel' in event) this.#channels.event(event);
  }

  #ended(error: HoldfastError): void {
    this.#ending = error;
    this.#link.connection = undefined;
    // Channels come first, since they take a failed request for a reason to go on.
    this.#channels.abandon(error, this.#isClosing);
    this.#watchers.abandon(error, this.#isClosing);
    this.#requests.abandon(error);
  }

  #openChannel<T extends Subscription | Input>(
    make: (wiring: ChannelWiring<T>) => T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (this.#ending) return Promise.reject(this.#ending);
    if (signal?.aborted) return Promise.reject(signal.reason);
    let made: T | undefined;
    const opening = new Promise<T>((resolve, reject) => {
      const channel = this.#channels.allot();
      const opened = (result: T | HoldfastError) => {
        if (result instanceof HoldfastError) reject(result);
        else resolve(result);
      };
      made = make({ link: this.#link, channel, opened, forget: () => this.#channels.forget(channel) });
      if (this.#link.isUp) made.attach();
    });
    return abortable(opening, signal, () => void made?.close());
  }
}

function giveUpAfterMs(reconnect: boolean | { giveUpAfterMs: number }): number | undefined {
  if (typeof reconnect === 'object') return reconnect.giveUpAfterMs;
  return reconnect ? GIVE_UP_AFTER_MS : undefined;
}
