import type { RequestParameters, RequestType } from '@holdfast/protocol';
import type { Connection } from './connection.ts';
import { type Reply, REQUEST_TIMEOUT_MS, type Requests } from './requests.ts';

/** What subscriptions, inputs and watchers share: the present connection, if there is one, and its requests. */
export class Link {
  readonly #requests: Requests;
  /** Who wants nothing to be read for now, across connections. */
  readonly #holders = new Set<object>();
  #connection: Connection | undefined;

  constructor(requests: Requests) {
    this.#requests = requests;
  }

  /** The greeted connection, from now on. */
  set connection(connection: Connection | undefined) {
    this.#connection = connection;
    if (this.isHeld) connection?.pause();
  }

  get isUp(): boolean {
    return this.#connection !== undefined;
  }

  /** Chunks are being read; the end of the turn will be announced. */
  get isReading(): boolean {
    return this.#connection?.isReading ?? false;
  }

  /** Somebody wants nothing to be read. */
  get isHeld(): boolean {
    return this.#holders.size > 0;
  }

  /** Sends a frame; false when congested, or when there is no connection. */
  send(frame: Uint8Array): boolean {
    return this.#connection?.send(frame) ?? false;
  }

  /** `timeoutMs` null: what is asked for takes as long as it takes. Returns what gives it up. */
  request<T extends RequestType>(
    type: T,
    parameters: RequestParameters<T>,
    reply: Reply<T>,
    timeoutMs: number | null = REQUEST_TIMEOUT_MS,
  ): () => void {
    return this.#requests.issue({ type, parameters, timeoutMs }, reply);
  }

  /** Stops reading until each holder has released. */
  hold(holder: object): void {
    if (!this.isHeld) this.#connection?.pause();
    this.#holders.add(holder);
  }

  release(holder: object): void {
    if (this.#holders.delete(holder) && !this.isHeld) this.#connection?.resume();
  }
}
