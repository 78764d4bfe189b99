import { createHash } from 'node:crypto';
import { within } from '@holdfast/testkit';
import { WebSocket } from 'ws';
import type { Accepting } from './test-host.ts';

const HEADER_BYTES = 8;

export interface PageOptions {
  readonly from?: number | 'new';
  readonly readOnly?: boolean;
  readonly stream?: string;
  readonly again?: boolean;
  /** Whether it begins with what the session shows; by default with raw output. */
  readonly screen?: boolean;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly namespace?: string;
  /** The certificate of a host with TLS. */
  readonly ca?: string;
  /** Whether it would have its frames compressed; by default it would not. */
  readonly deflate?: boolean;
  /** Whether it acknowledges what it gets, as a terminal that keeps up; by default it does. */
  readonly acknowledges?: boolean;
}

export type Message = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A page's terminal, as docs/api.md describes it, on one WebSocket. */
export class TestPage implements Disposable {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  onBytes: (bytes: Buffer, offset: number) => void = () => undefined;
  onMessage: (message: Message) => void = () => undefined;
  /** Resolves with the close code; rejects with what the page has found to be wrong. */
  readonly closed: Promise<number>;
  /** Of all output from `start` on. */
  readonly #hash = createHash('sha256');
  readonly #acknowledges: boolean;
  #text = '';
  #start: number | undefined;
  #offset = 0;
  #fault: unknown;
  #watchers = new Set<() => void>();

  constructor(host: Accepting, session: string, options: PageOptions = {}) {
    const { from = 'new', readOnly, stream, again, screen, token = host.token, headers, namespace } = options;
    this.#acknowledges = options.acknowledges ?? true;
    const url = new URL(`/terminal/${session}`, host.url);
    if (namespace !== undefined) url.searchParams.set('namespace', namespace);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.socket = new WebSocket(url, {
      headers: token === '' ? { ...headers } : { authorization: `Bearer ${token}`, ...headers },
      perMessageDeflate: options.deflate ?? false,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
    this.socket.on('open', () =>
      this.say({ type: 'attach', from, cols: 80, rows: 24, readOnly, stream, again, screen }),
    );
    this.socket.on('message', (data: Buffer, isBinary) => {
      try {
        if (isBinary) this.#output(data);
        else this.#message(JSON.parse(data.toString()) as Message);
      } catch (fault) {
        this.#fault ??= fault;
        this.socket.terminate();
      }
      for (const watcher of this.#watchers) watcher();
    });
    this.socket.on('error', () => undefined); // 'close' or 'unexpected-response' says more.
    this.closed = new Promise((resolve, reject) => {
      this.socket.on('close', (code) => {
        for (const watcher of this.#watchers) watcher();
        if (this.#fault === undefined) resolve(code);
        else reject(this.#fault);
      });
    });
    // Who does not wait for it is told when the page is done with.
    this.closed.catch(() => undefined);
  }

  /** Offset of the next byte. */
  get offset(): number {
    return this.#offset;
  }

  get start(): number {
    return this.#start ?? -1;
  }

  /** The last of it. */
  get text(): string {
    return this.#text;
  }

  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  say(message: object): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(message));
  }

  type(offset: number, bytes: Uint8Array | string): void {
    const body = Buffer.from(bytes);
    const frame = Buffer.alloc(HEADER_BYTES + body.length);
    frame.writeBigUInt64LE(BigInt(offset));
    body.copy(frame, HEADER_BYTES);
    this.socket.send(frame);
  }

  /** Resolves when it holds; looks at each message, and at the end. */
  async until(what: string, holds: () => boolean, withinMs?: number): Promise<void> {
    let watcher: () => void = () => undefined;
    const held = new Promise<void>((resolve, reject) => {
      watcher = () => {
        if (this.#fault !== undefined) reject(this.#fault);
        else if (holds()) resolve();
      };
      this.#watchers.add(watcher);
      watcher();
    });
    try {
      await within(
        `${what}: ${this.#text.slice(-200)} ${JSON.stringify(this.messages.slice(-3))}`,
        held,
        withinMs,
      );
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  /** Resolves when the WebSocket is open, and `attach` was sent. */
  async untilOpen(): Promise<void> {
    if (this.socket.readyState === this.socket.CONNECTING)
      await within('the WebSocket opens', new Promise((resolve) => this.socket.once('open', resolve)));
  }

  /** Resolves when the host has read all that was sent so far. */
  async pong(): Promise<void> {
    const answered = new Promise((resolve) => this.socket.once('pong', resolve));
    this.socket.ping();
    await within('the host answers a ping', answered);
  }

  untilText(text: string, withinMs?: number): Promise<void> {
    return this.until(`the page shows ${text}`, () => this.#text.includes(text), withinMs);
  }

  async message(type: string, withinMs?: number): Promise<Message> {
    const find = () => this.messages.find((message) => message.type === type);
    await this.until(`the message ${type}`, () => find() !== undefined, withinMs);
    return find() ?? { type };
  }

  /** Throws what it has found to be wrong. */
  [Symbol.dispose](): void {
    this.socket.terminate();
    if (this.#fault !== undefined) throw this.#fault;
  }

  #output(frame: Buffer): void {
    const offset = Number(frame.readBigUInt64LE());
    const bytes = frame.subarray(HEADER_BYTES);
    if (offset !== this.#offset) throw new Error(`output at ${offset} instead of ${this.#offset}`);
    this.#offset = offset + bytes.length;
    this.#hash.update(bytes);
    this.onBytes(bytes, offset);
    this.#text = (this.#text + bytes.toString('latin1')).slice(-4_096);
    if (this.#acknowledges) this.say({ type: 'ack', offset: this.#offset });
  }

  #message(message: Message): void {
    this.messages.push(message);
    this.onMessage(message);
    const begins = (message.type === 'attached' && message['screen'] !== true) || message.type === 'screen';
    if (begins) this.#start ??= message['offset'] as number;
    if (begins || message.type === 'resync') this.#offset = message['offset'] as number;
  }
}
