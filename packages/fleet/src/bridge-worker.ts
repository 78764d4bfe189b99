// The bridge of a command, in a thread of its own: the command's own has its loop in the reactor.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod/mini';
import { asHoldfastError, connectFleet } from './nats/connect.ts';
import { openBridge } from './remote/bridge.ts';
import { Lines } from './remote/lines.ts';

const order = z.object({
  address: z.object({ servers: z.string(), creds: z.optional(z.string()), ca: z.optional(z.string()) }),
  host: z.string(),
});

const port = parentPort;
if (!port) throw new Error('this is a program for a worker');

/** Answers once: the bridge, or why there is none. */
async function main(port: MessagePort): Promise<void> {
  const { address, host } = z.parse(order, workerData);
  const { servers, creds, ca } = address;
  const at = { servers, ...(creds === undefined ? {} : { creds }), ...(ca === undefined ? {} : { ca }) };
  try {
    const nc = await connectFleet(at, { name: `holdfast --host ${host}`, isPatient: false });
    port.postMessage({ ok: await openBridge(new Lines(nc).dialerTo(host)) }, []);
  } catch (error) {
    const { code, message } = asHoldfastError(error, at);
    port.postMessage({ error: { code, message } }, []);
  }
}

void main(port);
