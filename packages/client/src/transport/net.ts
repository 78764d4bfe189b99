import { connect } from 'node:net';
import { HoldfastError } from '@holdfast/protocol';
import type { Connector, Transport } from '../transport.ts';
import { after } from './after.ts';
import { DuplexTransport } from './duplex.ts';
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
    let transport: DuplexTransport | undefined;
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
      transport = new DuplexTransport(socket, () => {
        socket.destroySoon();
        // A daemon that takes no more bytes must not keep this process alive.
        socket.unref();
      });
      resolve(transport);
    });
  });
}
