import { setMaxListeners } from 'node:events';
import { Client, type Connector, netConnector } from '@holdfast/client';
import { Fleet } from '@holdfast/fleet';
import { LIMITS } from '@holdfast/protocol';
import {
  eventually,
  installation,
  RawClient,
  startDaemon,
  type TestDaemon,
  TestHome,
  within,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { DaemonFile, released, RELEASES } from './support/releases.ts';
import { TestHost } from './support/test-host.ts';
import { TestNats, whyNoNats } from './support/test-nats.ts';
import { upgrade } from './support/upgrades.ts';

const GIVEN_UP = 10_000;
/** At a time: a client has twice `waitingRequestsPerClient` requests without an answer at most. */
const AT_ONCE = 1_000;

function connect(daemon: TestDaemon, limitedTo?: string): Promise<Client> {
  const connector: Connector = netConnector(daemon.home.paths.socketPath);
  return Client.connect({ connector, name: 'test', ...(limitedTo === undefined ? {} : { limitedTo }) });
}

/** What many requests at once are given up by. */
function leavingTogether(): AbortController {
  const leaving = new AbortController();
  setMaxListeners(0, leaving.signal);
  return leaving;
}

/** Begins waits for the end of a session and turns away from them. */
async function giveUp(client: Client, session: string, count: number): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE) {
    const leaving = leavingTogether();
    const waits = Array.from({ length: Math.min(AT_ONCE, count - done) }, () =>
      client.request('wait', { session }, { timeoutMs: null, signal: leaving.signal }),
    );
    const ended = Promise.allSettled(waits);
    leaving.abort();
    await ended;
  }
}

/** How many waits the daemon has of this connection: of as many as there may be, so many are refused. */
async function waitsOf(client: Client, session: string): Promise<number> {
  const leaving = leavingTogether();
  const { signal } = leaving;
  let refused = 0;
  const waits = Array.from({ length: LIMITS.waitingRequestsPerClient }, () =>
    client.request('wait', { session }, { timeoutMs: null, signal }).catch((error: unknown) => {
      if (signal.aborted) return;
      expect(error).toMatchObject({ code: 'E_LIMIT' });
      refused += 1;
    }),
  );
  // Answered behind them; those who are told of answers that came together are told in the same turn.
  await client.request('get', { session });
  await new Promise((resolve) => setImmediate(resolve));
  const found = refused;
  leaving.abort();
  await Promise.all(waits);
  return found;
}

test(`of ${GIVEN_UP} waits that were given up the daemon keeps none, and hands over none`, async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.openCommand(['/bin/cat']);
  await using client = await connect(daemon);
  const states: string[] = [];
  client.onStateChange = (state) => states.push(state);
  const kept = client.request('wait', { session: id }, { timeoutMs: null });
  await giveUp(client, id, GIVEN_UP);
  expect(await waitsOf(client, id)).toBe(1);
  // Those that are handed over are given up by their ids.
  const leaving = leavingTogether();
  const over = Array.from({ length: AT_ONCE }, () =>
    client.request('wait', { session: id }, { timeoutMs: null, signal: leaving.signal }),
  );
  const ended = Promise.allSettled(over);
  await upgrade(daemon);
  leaving.abort();
  await ended;
  await giveUp(client, id, GIVEN_UP);
  await upgrade(daemon);
  expect(await waitsOf(client, id)).toBe(1);
  expect(states).toEqual([]);
  await (await daemon.client()).request('kill', { session: id }, { timeoutMs: null });
  expect((await within('the wait that was kept', kept)).session.state).toBe('exited');
}, 120_000);

test('waits are given up while the daemon is replaced, again and again, and none is left', async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.openCommand(['/bin/cat']);
  await using client = await connect(daemon);
  for (let round = 0; round < 3; round += 1) {
    const daemonBefore = (await client.request('status', {})).daemon.pid;
    const upgraded = upgrade(daemon);
    do await giveUp(client, id, 100);
    while ((await client.request('status', {})).daemon.pid === daemonBefore);
    await upgraded;
    expect(await waitsOf(client, id)).toBe(0);
  }
}, 120_000);

test('each request has one answer, whatever is cancelled, and nothing but a wait of the same connection is', async () => {
  await using daemon = await startDaemon();
  const { id: session } = await daemon.openCommand([
    '/bin/sh',
    '-c',
    'trap "" HUP; echo ready; exec sleep 1000',
  ]);
  await (await daemon.record(session)).waitFor('ready');
  const { socketPath } = daemon.home.paths;
  using client = await RawClient.connect(socketPath);
  using stranger = await RawClient.connect(socketPath);
  for (const each of [client, stranger]) await each.hello();
  client.control({ id: 1, type: 'wait', session });
  client.control({ id: 2, type: 'wait', session });
  stranger.control({ id: 3, type: 'wait', session });
  expect(await stranger.request({ id: 4, type: 'cancel', request: 1 })).toEqual({ id: 4, ok: {} });
  expect(await client.request({ id: 4, type: 'cancel', request: 1 })).toEqual({ id: 4, ok: {} });
  expect(await client.message(({ id }) => id === 1)).toMatchObject({ error: { code: 'E_CANCELLED' } });
  // Once more, one that has never been, its own, and a bad one.
  for (const [id, request] of [1, 77, 6].entries())
    expect(await client.request({ id: 5 + id, type: 'cancel', request })).toMatchObject({ ok: {} });
  expect(await client.request({ id: 8, type: 'cancel', request: -1 })).toMatchObject({
    error: { code: 'E_BAD_REQUEST' },
  });
  // The program takes no hang-up, so that the kill has no answer yet.
  client.control({ id: 9, type: 'kill', session });
  expect(await client.request({ id: 10, type: 'cancel', request: 9 })).toMatchObject({ ok: {} });
  for (const [who, id] of [
    [client, 2],
    [client, 9],
    [stranger, 3],
  ] as const) {
    const answer = await who.message((message) => message['id'] === id, `the answer to ${id}`);
    expect(answer).toMatchObject({ ok: { session: { state: 'exited' } } });
  }
  const ids = client.messages.map(({ id }) => id).toSorted((one, other) => Number(one) - Number(other));
  expect(ids).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 10]);
}, 60_000);

test('who may only see one session gives up its waits as well', async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.openCommand(['/bin/cat']);
  await using client = await connect(daemon, id);
  await giveUp(client, id, AT_ONCE);
  expect(await waitsOf(client, id)).toBe(0);
}, 60_000);

test('what was given up is not asked for again by the connection that follows a crash', async () => {
  await using daemon = await startDaemon({ keeper: true });
  const { id } = await daemon.openCommand(['/bin/cat']);
  await using client = await connect(daemon);
  const back = new Promise<void>((resolve) => {
    client.onStateChange = (state) => {
      if (state === 'reconnecting') void giveUp(client, id, AT_ONCE);
      if (state === 'connected') resolve();
    };
  });
  await giveUp(client, id, AT_ONCE);
  const kept = client.request('wait', { session: id }, { timeoutMs: null });
  kept.catch(() => undefined);
  await daemon.killServing();
  await within('another daemon', back, 30_000);
  expect(await waitsOf(client, id)).toBe(1);
}, 60_000);

test('an older daemon keeps them and goes on; its successor drops what is given up on the same connection', async () => {
  const [version = ''] = RELEASES.slice(-1);
  const { code, build } = released(version);
  using old = new DaemonFile(code);
  await using home = new TestHome({ installation: old.installation });
  await using daemon = await startDaemon({ home });
  const { id } = await daemon.openCommand(['/bin/cat']);
  await using client = await connect(daemon);
  const states: string[] = [];
  client.onStateChange = (state) => states.push(state);
  const moveTo = (entry: string) =>
    client.request('upgrade', { node: process.execPath, execArgv: [], entry }, { timeoutMs: 30_000 });
  expect(client.daemon.build).toBe(build);
  await giveUp(client, id, AT_ONCE);
  await moveTo(installation().daemonEntry);
  await giveUp(client, id, GIVEN_UP);
  expect(await waitsOf(client, id)).toBe(AT_ONCE);
  await moveTo(old.entry);
  await giveUp(client, id, AT_ONCE);
  await moveTo(installation().daemonEntry);
  expect(await waitsOf(client, id)).toBe(2 * AT_ONCE);
  expect(states).toEqual([]);
}, 120_000);

test('nothing is left on another host either', async (context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
  await using nats = await TestNats.start();
  await using alpha = await TestHost.start({ args: ['--fleet', nats.url, '--fleet-name', 'alpha'] });
  const opened = await alpha.home.cli(['new', '-d', '--json', '--', 'cat']);
  const { id } = JSON.parse(String(opened.stdout));
  await using fleet = await Fleet.connect({ servers: nats.url });
  await using client = await Client.connect({ connector: fleet.connectorTo('alpha'), name: 'test' });
  await giveUp(client, id, GIVEN_UP);
  expect(await waitsOf(client, id)).toBe(0);
  expect((await alpha.home.cli(['upgrade'])).code).toBe(0);
  await giveUp(client, id, AT_ONCE);
  expect(await waitsOf(client, id)).toBe(0);
}, 120_000);

test('who turns away from the host leaves nothing with the daemon', async () => {
  await using host = await TestHost.start();
  const { terminal } = host.client();
  const { id: session } = await terminal.create.mutate({ command: ['/bin/cat'] });
  for (let round = 0; round < 10; round += 1) {
    const leaving = leavingTogether();
    const waits = Array.from({ length: 20 }, () =>
      terminal.wait.mutate({ session }, { signal: leaving.signal }),
    );
    const ended = Promise.allSettled(waits);
    await eventually('it is waited for', async () => (await terminal.get.query({ session })).clients === 1);
    leaving.abort();
    await ended;
    await eventually('nobody waits', async () => (await terminal.get.query({ session })).clients === 0);
  }
}, 60_000);
