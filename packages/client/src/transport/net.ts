import { connect, type Socket } from 'node:net';
import { HoldfastError } from '@holdfast/protocol';
import type { Connector, Transport } from '../transport.ts';
import { after } from './after.ts';
import { withShortPath } from './short-path.ts';

/** One read: a whole OUTPUT frame and its header fit, and it stays in the processor's cache. */
const READ_BYTES = 128 * 1024;

/** Connects through Node's own sockets; for any program that leaves the event loop to Node. */
export function netConnector(socketPath: string): Connector {
  return { connect: () => withShortPath(socketPath, (path) => open(path, socketPath)), after };
}

function open(path: string, shownPath: string): Promise<Transport> {
  return new Promise((resolve, reject) => {
    // Reading into one buffer spares an allocation for each read; the socket's own 'data' is then never emitted.
    let transport: NetTransport | undefined;
    const socket = connect({
      path,
      onread: {
        buffer: new Uint8Array(READ_BYTES),
        callback: (length, buffer) => {
          transport?.received(buffer.subarray(0, length));
          return true;
        },
      },
    });
    const refused = (cause: Error) => {
      reject(new HoldfastError('E_NO_DAEMON', `can't connect to ${shownPath}: ${cause.message}`, { cause }));
    };
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      transport = new NetTransport(socket);
      resolve(transport);
    });
  });
}

class NetTransport implements Transport {
  onData: Transport['onData'] = ignore;
  onTurnEnd: Transport['onTurnEnd'] = ignore;
  onDrain: Transport['onDrain'] = ignore;
  onClose: Transport['onClose'] = ignore;
  readonly after = after;
  readonly #socket: Socket;
  #cause: Error | undefined;
  #isClosed = false;
  #isTurnOpen = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => this.onDrain());
    socket.on('error', (error) => {
      this.#cause = error;
    });
    socket.on('close', () => this.onClose(this.#cause));
  }

  received(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    if (!this.#isTurnOpen) {
      this.#isTurnOpen = true;
      // libuv reads a socket several times in one turn of its loop; setImmediate comes after all of them.
      setImmediate(() => {
        this.#isTurnOpen = false;
        if (!this.#isClosed) this.onTurnEnd();
      });
    }
    this.onData(chunk);
  }

  send(bytes: Uint8Array): boolean {
    return this.#isClosed || this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroySoon();
    // A daemon that takes no more bytes must not keep this process alive.
    this.#socket.unref();
  }
}

function ignore(): void {}
