import type { Duplex } from 'node:stream';
import type { Connector, Transport } from '../transport.ts';
import { after } from './after.ts';
import { DuplexTransport } from './duplex.ts';

/** Connects through streams of any kind, each of which leads to the same daemon. `open` rejects with HoldfastError. */
export function streamConnector(open: () => Promise<Duplex>): Connector {
  return { connect: async () => transportBy(await open()), after };
}

function transportBy(stream: Duplex): Transport {
  const transport = new DuplexTransport(stream, () => {
    // What the other end does not take now is not waited for.
    if (stream.writableLength > 0) stream.destroy();
    else stream.end();
    stream.resume();
  });
  // It flows from the next tick on: whoever waits for this transport has set its handlers by then.
  stream.on('data', (chunk: Uint8Array) => transport.received(chunk));
  return transport;
}
