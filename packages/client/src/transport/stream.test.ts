import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { exactThroughCuts } from '../../test/kit/exact-through-cuts.ts';
import { ScriptedDaemon } from '../../test/kit/scripted-daemon.ts';
import { streamConnector } from './stream.ts';

test('output and input are exact through streams that are cut anywhere, and closing ends the last one', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const opened: Duplex[] = [];
  const connector = streamConnector(async () => {
    const stream = connect(daemon.socketPath);
    await once(stream, 'connect');
    opened.push(stream);
    return stream;
  });
  const client = await exactThroughCuts(daemon, { connector, seed: 11 });
  expect(opened.length).toBeGreaterThan(2);
  client.close();
  await Promise.all(opened.filter(({ closed }) => !closed).map((stream) => once(stream, 'close')));
});

/** One that neither brings nor takes anything. */
function stuck(): Duplex {
  return new Duplex({ read: () => undefined, write: () => undefined });
}

test('closing does not wait for what the other end has not taken, and its end comes later, once', async () => {
  const stream = stuck();
  const transport = await streamConnector(async () => stream).connect();
  const ends: unknown[] = [];
  transport.onClose = (cause) => void ends.push(cause);
  let isFull = false;
  while (!isFull) isFull = !transport.send(new Uint8Array(16_000));
  const closed = once(stream, 'close');
  transport.close();
  transport.close();
  expect(ends).toEqual([]);
  expect(transport.send(new Uint8Array(1))).toBe(true);
  await closed;
  await new Promise((resolve) => setImmediate(resolve));
  expect(ends).toEqual([undefined]);
});

test.for(['about to end', 'over'])(
  'a stream that is %s when it is handed over ends with its cause',
  async (when) => {
    const fault = new Error('the line is cut');
    const stream = stuck();
    stream.on('error', () => undefined);
    stream.destroy(fault);
    if (when === 'over') await new Promise((resolve) => stream.once('close', resolve));
    const transport = await streamConnector(async () => stream).connect();
    const cause = await new Promise((resolve) => {
      transport.onClose = resolve;
    });
    expect(cause).toBe(fault);
  },
);
