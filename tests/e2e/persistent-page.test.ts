import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { PersistentPage } from './support/persistent-page.ts';

/** A host that says these things to each page that attaches. */
async function standInHost(...said: readonly (object | Buffer)[]) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) =>
    socket.on('message', () => {
      for (const one of said) socket.send(Buffer.isBuffer(one) ? one : JSON.stringify(one));
    }),
  );
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    at: { url: `http://127.0.0.1:${port}/`, token: 'any', port, pid: process.pid },
    [Symbol.dispose]: () => server.close(),
  };
}

function frame(offset: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeBigUInt64LE(BigInt(offset));
  return Buffer.concat([header, Buffer.from(text)]);
}

const ATTACHED = { type: 'attached', offset: 0 };

test.each([
  ['output that is missing', [ATTACHED, frame(0, 'abc'), frame(7, 'def')], 'output at 7 instead of 3'],
  ['output that comes twice', [ATTACHED, frame(0, 'abc'), frame(0, 'abc')], 'output at 0 instead of 3'],
  ['output that is skipped', [ATTACHED, { type: 'resync', offset: 9 }], 'output was skipped'],
  ['input in doubt', [ATTACHED, { type: 'inputUnknown', from: 0, to: 1 }], 'input is in doubt'],
])('a page of the tests ends with the fault that it finds: %s', async (_what, said, fault) => {
  using host = await standInHost(...said);
  const page = new PersistentPage(host, 'any');
  await expect(page.ended).rejects.toThrow(fault);
});
