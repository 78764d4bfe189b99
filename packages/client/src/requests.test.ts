import { encodeControl, HoldfastError, LIMITS, type Request } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { ScriptedDaemon } from '../test/kit/scripted-daemon.ts';
import { Client } from './client.ts';

async function connect(daemon: ScriptedDaemon, reconnect: boolean | { giveUpAfterMs: number } = true) {
  return Client.connect({ connector: daemon.connector, name: 'test', reconnect });
}

test('a request is answered, or fails with the daemon’s error', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one');
  const client = await connect(daemon);
  const { session } = await client.request('get', { session: 'one' });
  expect(session.id).toBe('one');
  await expect(client.request('get', { session: 'two' })).rejects.toMatchObject({
    code: 'E_NO_SESSION',
    message: 'no session two',
  });
  client.close();
});

test('a request that is not answered is E_TIMEOUT; its late answer is ignored', async () => {
  await using daemon = await ScriptedDaemon.listen();
  let late: Request | undefined;
  daemon.scripts.set('list', (_peer, request) => {
    late = request;
  });
  daemon.scripts.set('status', (peer, request) => {
    if (late?.type === 'list') peer.answer(late, { sessions: [] });
    peer.refuse(request, 'E_INTERNAL');
  });
  const client = await connect(daemon);
  await expect(client.request('list', {}, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  await expect(client.request('status', {})).rejects.toMatchObject({ code: 'E_INTERNAL' });
  expect(client.state).toBe('connected');
  client.close();
});

test('a request that is too large is refused here, and the connection goes on', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one');
  const client = await connect(daemon);
  const env = { LARGE: 'x'.repeat(LIMITS.controlFrameBytes) };
  const opened = client.request('open', { command: [], cwd: '/', env, cols: 80, rows: 24 });
  await expect(opened).rejects.toMatchObject({ code: 'E_LIMIT' });
  await client.request('get', { session: 'one' });
  expect(daemon.connections).toBe(1);
  client.close();
});

test('a lost connection repeats what is safe to repeat, and rejects the rest', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one');
  daemon.scripts.set('wait', () => {});
  daemon.scripts.set('kill', (peer) => {
    daemon.scripts.delete('wait');
    daemon.scripts.set('wait', (again, request) => {
      if (request.type === 'wait') again.refuse(request, 'E_STOPPING', 'repeated');
    });
    peer.cutOff();
  });
  const client = await connect(daemon);
  const waited = client
    .request('wait', { session: 'one' }, { timeoutMs: null })
    .catch((error: unknown) => error);
  const killed = client.request('kill', { session: 'one' }, { timeoutMs: null });
  await expect(killed).rejects.toMatchObject({ code: 'E_DISCONNECTED' });
  expect(await waited).toMatchObject({ code: 'E_STOPPING', message: 'repeated' });
  expect(daemon.connections).toBe(2);
  client.close();
});

test('a request made while there is no connection waits for the next', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one');
  const client = await connect(daemon);
  const killed = new Promise((resolve) => {
    client.onStateChange = (state) => {
      if (state === 'reconnecting') resolve(client.request('resize', { session: 'one', cols: 1, rows: 1 }));
    };
  });
  (await daemon.connected.next()).cutOff();
  await expect(killed).rejects.toMatchObject({ code: 'E_UNKNOWN_REQUEST' });
  client.close();
});

test('a daemon is told once of a wait that was given up, by its caller or its time, and of nothing else', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one');
  const waits: Request[] = [];
  daemon.scripts.set('wait', (_peer, request) => waits.push(request));
  daemon.scripts.set('list', () => {});
  daemon.scripts.set('kill', () => {});
  const cancelled: unknown[] = [];
  daemon.scripts.set('cancel', (peer, request) => {
    cancelled.push(request.parameters);
    // As a daemon answers that has no such request.
    peer.refuse(request, 'E_UNKNOWN_REQUEST');
  });
  const client = await connect(daemon);
  const session = 'one';
  for (const type of ['list', 'kill', 'wait'] as const)
    await expect(client.request(type, { session }, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'E_TIMEOUT',
    });
  const leaving = new AbortController();
  const left = client.request('wait', { session }, { timeoutMs: null, signal: leaving.signal });
  leaving.abort();
  await expect(left).rejects.toBe(leaving.signal.reason);
  await client.request('get', { session });
  expect(cancelled).toEqual(waits.map(({ id }) => ({ request: id })));
  expect(cancelled).toHaveLength(2);
  expect(daemon.connections).toBe(1);
  client.close();
});

test('a wait that was given up is neither asked for on the next connection nor cancelled there', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one');
  const asked: string[] = [];
  const heard = (_peer: unknown, { type }: Request) => void asked.push(type);
  daemon.scripts.set('wait', heard);
  daemon.scripts.set('cancel', heard);
  const client = await connect(daemon);
  const wait = () => {
    const leaving = new AbortController();
    const { signal } = leaving;
    client.request('wait', { session: 'one' }, { timeoutMs: null, signal }).catch(() => undefined);
    return leaving;
  };
  const [before, during] = [wait(), wait()];
  before.abort();
  const lost = new Promise<void>((resolve) => {
    client.onStateChange = (state) => {
      if (state !== 'reconnecting') return;
      during.abort();
      wait().abort();
      resolve();
    };
  });
  await client.request('get', { session: 'one' });
  expect(asked).toEqual(['wait', 'wait', 'cancel']);
  (await daemon.connected.next()).cutOff();
  await lost;
  await client.request('get', { session: 'one' });
  expect(daemon.connections).toBe(2);
  expect(asked).toEqual(['wait', 'wait', 'cancel']);
  client.close();
});

test('closing the client rejects what is pending, and what is asked afterwards', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.scripts.set('list', () => {});
  const client = await connect(daemon);
  const states: string[] = [];
  client.onStateChange = (state) => states.push(state);
  const pending = client.request('list', {});
  client.close();
  await expect(pending).rejects.toMatchObject({ code: 'E_DISCONNECTED', message: 'the client was closed' });
  await expect(client.request('list', {})).rejects.toBeInstanceOf(HoldfastError);
  await expect(client.openInput('one')).rejects.toBeInstanceOf(HoldfastError);
  expect(states).toEqual(['closed']);
});

test('a daemon that does not come back is given up', async () => {
  const daemon = await ScriptedDaemon.listen();
  const client = await connect(daemon, { giveUpAfterMs: 100 });
  const closed = new Promise((resolve) => {
    client.onStateChange = (state, cause) => {
      if (state === 'closed') resolve(cause);
    };
  });
  await daemon[Symbol.asyncDispose]();
  expect(await closed).toMatchObject({ code: 'E_DISCONNECTED' });
});

test.each([
  ['bytes that are no frame', new Uint8Array(64).fill(255)],
  ['an answer that nobody asked for', encodeControl({ id: 1_000_000, ok: {} })],
  ['a second answer to hello', encodeControl({ id: 0, ok: {} })],
  ['neither an answer nor an event', encodeControl({ hello: 'you' })],
  ['an event of the wrong shape', encodeControl({ event: 'exited', channel: 'x' })],
  ['output on a channel that nobody opened', encodeOutput()],
])('%s closes the connection and rejects what is pending', async (_what, garbage) => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.scripts.set('list', (peer) => peer.send(garbage));
  const client = await connect(daemon, false);
  const peer = await daemon.connected.next();
  const closed = new Promise((resolve) => {
    client.onStateChange = (state, cause) => resolve({ state, cause });
  });
  const pending = client.request('list', {});
  await expect(pending).rejects.toSatisfy(isProtocolFault);
  expect(await closed).toMatchObject({ state: 'closed' });
  await peer.closed.next();
});

test('an answer of the wrong shape rejects its request, which is not repeated', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.scripts.set('list', (peer, request) =>
    peer.send(encodeControl({ id: request.id, ok: { sessions: 7 } })),
  );
  const client = await connect(daemon);
  await expect(client.request('list', {})).rejects.toMatchObject({ code: 'E_PROTOCOL' });
  client.close();
});

test('an event that this build does not know is ignored', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const client = await connect(daemon);
  (await daemon.connected.next()).event({ event: 'tomorrow', channel: 'of another kind' });
  expect(await client.request('list', {})).toEqual({ sessions: [] });
  expect(daemon.connections).toBe(1);
  client.close();
});

function isProtocolFault(error: unknown): boolean {
  return error instanceof HoldfastError && (error.code === 'E_PROTOCOL' || error.code === 'E_LIMIT');
}

function encodeOutput(): Uint8Array {
  // u32 length | OUTPUT | u32 channel 9 | u64 offset 0 | one byte
  return new Uint8Array([14, 0, 0, 0, 2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 65]);
}
