import { LIMITS } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { noise, seeded, sha256 } from '../test/kit/random.ts';
import { ScriptedDaemon } from '../test/kit/scripted-daemon.ts';
import { Client } from './client.ts';

function connect(daemon: ScriptedDaemon): Promise<Client> {
  return Client.connect({ connector: daemon.connector, name: 'test' });
}

/** Input to a session whose program reads nothing until it is told to. */
async function openBlocked(daemon: ScriptedDaemon) {
  const session = daemon.addSession('one');
  session.isBlocked = true;
  const client = await connect(daemon);
  const peer = await daemon.connected.next();
  return { session, client, peer, input: await client.openInput('one') };
}

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  );
}

test.each([1, 2, 3, 4])(
  'input is typed exactly once when connections are cut anywhere (seed %i)',
  async (seed) => {
    await using daemon = await ScriptedDaemon.listen();
    const session = daemon.addSession('one');
    const random = seeded(seed);
    daemon.cut = () => ({ sentBytes: 600 + random(4_000), receivedBytes: 400 + random(200_000) });
    const client = await connect(daemon);
    const input = await client.openInput('one');
    const expected = noise(1_500_000);
    const order: number[] = [];
    const writes: Promise<unknown>[] = [];
    for (let at = 0; at < expected.length; ) {
      const length = random(3) === 0 ? 1 + random(10) : random(150_000);
      const piece = expected.slice(at, at + length);
      const end = at + piece.length;
      writes.push(input.write(piece).then(() => order.push(end)));
      piece.fill(0); // What was written is the caller's again.
      at = end;
    }
    await Promise.all(writes);
    expect(sha256(...session.typed)).toBe(sha256(expected));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(input.bufferedBytes).toBe(0);
    expect(daemon.connections).toBeGreaterThan(5);
    expect(daemon.complaints).toEqual([]);
    client.close();
  },
);

test('never more than the window is unacknowledged, and drain tells when the rest fits', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const { session, client, peer, input } = await openBlocked(daemon);
  const drained = new Promise<number>((resolve) => {
    input.onDrain = () => resolve(input.bufferedBytes);
  });
  const written = Promise.all([input.write(noise(400_000)), input.write(noise(600_000))]);
  // Requests and input share the stream: once this is answered, the daemon has all that was sent before.
  await client.request('list', {});
  while (session.mostUnacknowledged < LIMITS.inputWindowBytes) await client.request('list', {});
  session.isBlocked = false;
  peer.acknowledgeInput();
  expect(await drained).toBeLessThanOrEqual(LIMITS.inputWindowBytes);
  await written;
  expect(session.mostUnacknowledged).toBe(LIMITS.inputWindowBytes);
  client.close();
});

test('released, it lets go when the daemon has got all, not when all is typed', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const { session, client, peer, input } = await openBlocked(daemon);
  const codes = [codeOf(input.write(noise(200_000))), codeOf(input.write(noise(LIMITS.inputWindowBytes)))];
  expect(input.unsentBytes).toBe(200_000);
  let isReleased = false;
  const released = input.release().then(() => {
    isReleased = true;
  });
  while (session.mostUnacknowledged < LIMITS.inputWindowBytes) await client.request('list', {});
  expect(isReleased).toBe(false);
  session.isBlocked = false;
  peer.acknowledgeInput();
  await released;
  expect(input.unsentBytes).toBe(0);
  expect(session.typed.reduce((sum, { length }) => sum + length, 0)).toBe(200_000 + LIMITS.inputWindowBytes);
  expect((await Promise.all(codes))[0]).toBe('done');
  client.close();
});

test('released, it lets go when the daemon is gone for good', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one').isBlocked = true;
  const client = await connect(daemon);
  const input = await client.openInput('one');
  const code = codeOf(input.write(noise(1_000_000)));
  const released = input.release();
  client.close();
  await released;
  expect(await code).toBe('E_INPUT_UNKNOWN');
});

test('input whose fate is unknown rejects exactly the writes that it touches', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const { session, client, peer, input } = await openBlocked(daemon);
  const codes = Promise.all([10, 10, 10, 10].map((length) => codeOf(input.write(noise(length)))));
  await client.request('list', {});
  peer.event({ event: 'inputUnknown', channel: 1, from: 15, to: 21 });
  session.isBlocked = false;
  await client.request('list', {});
  expect(await codes).toEqual(['done', 'E_INPUT_UNKNOWN', 'E_INPUT_UNKNOWN', 'done']);
  client.close();
});

test('input that another process wrote, and whose fate is unknown, is told when the stream is opened, and not again', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one');
  session.streams.set('stream-1', { received: 30, done: 21 });
  daemon.scripts.set('openInput', (peer, request) => {
    peer.event({ event: 'inputUnknown', channel: 1, from: 15, to: 21 });
    peer.answerAsUsual(request);
  });
  const client = await connect(daemon);
  const peer = await daemon.connected.next();
  const told: object[] = [];
  const onUnknown = (range: object) => told.push(range);
  const input = await client.openInput('one', { stream: 'stream-1', onUnknown });
  expect(told).toEqual([{ from: 15, to: 21 }]);
  expect(input.endOffset).toBe(30);
  peer.cutOff();
  await daemon.connected.next();
  await client.request('list', {});
  await input.write(Buffer.from('on'));
  expect(told).toHaveLength(1);
  client.close();
});

test('what another process had sent is told of, too, when it comes into doubt later', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one');
  session.streams.set('stream-1', { received: 30, done: 15 });
  session.isBlocked = true;
  const client = await connect(daemon);
  const peer = await daemon.connected.next();
  const told: object[] = [];
  const onUnknown = (range: object) => told.push(range);
  const input = await client.openInput('one', { stream: 'stream-1', onUnknown });
  const code = codeOf(input.write(Buffer.from('typed')));
  await client.request('list', {});
  peer.event({ event: 'inputUnknown', channel: 1, from: 15, to: 21 });
  session.isBlocked = false;
  peer.acknowledgeInput();
  expect(await code).toBe('done');
  expect(told).toEqual([{ from: 15, to: 21 }]);
  client.close();
});

test('a daemon that no longer knows the stream: what was sent is unknown, what was not is not typed', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one');
  const client = await connect(daemon);
  const peer = await daemon.connected.next();
  const input = await client.openInput('one');
  await input.write(noise(1));
  session.isBlocked = true;
  const sent = codeOf(input.write(noise(LIMITS.inputWindowBytes)));
  const unsent = codeOf(input.write(noise(10)));
  await client.request('list', {});
  session.streams.clear();
  peer.cutOff();
  expect(await sent).toBe('E_INPUT_UNKNOWN');
  expect(await unsent).toBe('E_DISCONNECTED');
  expect(await codeOf(input.write(noise(1)))).toBe('E_DISCONNECTED');
  client.close();
});

test('what was sent on a stream that the daemon no longer knows is not typed a second time, be it the first byte', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one');
  const { typed } = session;
  session.isBlocked = true;
  const client = await connect(daemon);
  const peer = await daemon.connected.next();
  const input = await client.openInput('one');
  const sent = codeOf(input.write(noise(3)));
  await client.request('list', {});
  session.streams.clear();
  peer.cutOff();
  expect(await sent).toBe('E_INPUT_UNKNOWN');
  expect(await codeOf(input.write(noise(1)))).toBe('E_DISCONNECTED');
  await client.request('list', {});
  expect(Buffer.concat(typed)).toHaveLength(3);
  client.close();
});

test('an input on which nothing was sent goes on where the daemon no longer knows its stream', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one');
  const client = await connect(daemon);
  const peer = await daemon.connected.next();
  const input = await client.openInput('one');
  session.streams.clear();
  peer.cutOff();
  await daemon.connected.next();
  await client.request('list', {});
  await input.write(noise(3));
  expect(Buffer.concat(session.typed)).toHaveLength(3);
  client.close();
});

test('a session that exits rejects what it did not take', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const { client, peer, input } = await openBlocked(daemon);
  const taken = codeOf(input.write(noise(10)));
  const written = codeOf(input.write(noise(10)));
  await client.request('list', {});
  peer.event({ event: 'inputClosed', channel: 1, done: 10 });
  expect(await Promise.all([taken, written])).toEqual(['done', 'E_EXITED']);
  expect(await codeOf(input.end({ midLine: false }))).toBe('E_EXITED');
  client.close();
});

test('input to a session that does not exist is refused', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const client = await connect(daemon);
  expect(await codeOf(client.openInput('one'))).toBe('E_NO_SESSION');
  client.close();
});

test('the end is typed after everything before it is done', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one');
  const client = await connect(daemon);
  const input = await client.openInput('one');
  void input.write(noise(300_000));
  daemon.scripts.set('endInput', (peer, request) => {
    expect(session.typed.reduce((sum, { length }) => sum + length, 0)).toBe(300_000);
    peer.answerAsUsual(request);
  });
  expect(await input.end({ midLine: true })).toBe(true);
  client.close();
});

test('an end that was asked for when the connection was lost is asked for again on the next one', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one');
  const client = await connect(daemon);
  const input = await client.openInput('one');
  let asked = 0;
  daemon.scripts.set('endInput', (peer, request) => {
    asked += 1;
    if (asked < 3) peer.cutOff();
    else peer.answerAsUsual(request);
  });
  expect(await input.end({ midLine: false })).toBe(true);
  expect(asked).toBe(3);
  client.close();
});

test('an end that nobody will type any more is refused', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one');
  const client = await connect(daemon);
  const input = await client.openInput('one');
  daemon.scripts.set('endInput', () => client.close());
  expect(await codeOf(input.end({ midLine: false }))).toBe('E_DISCONNECTED');
  expect(await codeOf(input.end({ midLine: false }))).toBe('E_DISCONNECTED');
});

test('a stream that another process began goes on where it was', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one');
  const first = await connect(daemon);
  await (await first.openInput('one', { stream: 'stream-1' })).write(Buffer.from('one '));
  first.close();
  const second = await connect(daemon);
  await (await second.openInput('one', { stream: 'stream-1' })).write(Buffer.from('two'));
  expect(Buffer.concat(session.typed).toString()).toBe('one two');
  second.close();
});

test('closing the input, and closing the client, reject what is pending', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one').isBlocked = true;
  const client = await connect(daemon);
  const one = await client.openInput('one');
  const two = await client.openInput('one');
  const codes = Promise.all([codeOf(one.write(noise(10))), codeOf(two.write(noise(10)))]);
  await one.close();
  client.close();
  expect(await codes).toEqual(['E_INPUT_UNKNOWN', 'E_INPUT_UNKNOWN']);
});
