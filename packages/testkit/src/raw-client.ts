import net from 'node:net';
import { encodeControl, FRAME, FrameReader, PROTOCOLS } from '@holdfast/protocol';
import { eventually, within } from './eventually.ts';

/** A connection without a client library, for saying what no honest client would. */
export class RawClient implements Disposable {
  readonly socket: net.Socket;
  /** Control frames that came, parsed. */
  readonly messages: Record<string, unknown>[] = [];
  /** Bytes of output that came. */
  outputBytes = 0;
  /** Resolves when the daemon, or we, have closed it. */
  readonly closed: Promise<void>;
  isClosed = false;
  readonly #reader = new FrameReader(
    {
      control: (json) => this.messages.push(JSON.parse(json)),
      data: (_type, _channel, _offset, bytes) => {
        this.outputBytes += bytes.length;
      },
      ack: () => undefined,
    },
    { accepts: [FRAME.CONTROL, FRAME.OUTPUT, FRAME.INPUT_ACK] },
  );

  static async connect(socketPath: string): Promise<RawClient> {
    const client = new RawClient(net.connect({ path: socketPath, allowHalfOpen: true }));
    await within(
      'a connection',
      new Promise<void>((resolve, reject) => {
        client.socket.on('connect', resolve);
        client.socket.on('error', reject);
      }),
    );
    return client;
  }

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.#reader.push(chunk));
    socket.on('error', () => undefined); // ECONNRESET, EPIPE: 'close' follows
    this.closed = new Promise((resolve) => {
      const over = () => {
        this.isClosed = true;
        resolve();
      };
      socket.on('close', over);
      socket.on('end', over);
    });
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  control(message: object): void {
    this.send(encodeControl(message));
  }

  /** Says hello and resolves with the answer. */
  async hello(): Promise<Record<string, unknown>> {
    const client = { name: 'raw', version: '0' };
    return this.request({ id: 0, type: 'hello', protocols: PROTOCOLS, client });
  }

  /** Sends a request and resolves with its answer. */
  async request(message: {
    id: number;
    type: string;
    [parameter: string]: unknown;
  }): Promise<Record<string, unknown>> {
    this.control(message);
    return this.message(({ id }) => id === message.id, `the answer to ${message.type}`);
  }

  /** Resolves with the first message that fits, earlier ones included. */
  message(
    fits: (message: Record<string, unknown>) => boolean,
    what: string = 'a message',
  ): Promise<Record<string, unknown>> {
    return eventually(what, () => this.messages.find(fits));
  }

  /** Resolves with the code of the daemon's farewell. */
  async farewell(): Promise<unknown> {
    await within('the end of the connection', this.closed);
    return this.messages.find(({ event }) => event === 'closing')?.['code'];
  }

  /** Takes nothing more from the kernel. */
  stopReading(): void {
    this.socket.pause();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
