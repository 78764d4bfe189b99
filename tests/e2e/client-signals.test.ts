import { getEventListeners } from 'node:events';
import { Client, netConnector, Terminal } from '@holdfast/client';
import { eventually, startDaemon, stopProcess, within } from '@holdfast/testkit';
import { expect, test } from 'vitest';

/** Long before any time-out of the client's own. */
const AT_ONCE_MS = 2_000;

const DEAF = 'stty raw -echo; echo ready; exec sleep 1000';

test('whatever waits for a daemon that stands still ends at its signal, and leaves nothing on it or with the daemon', async () => {
  await using daemon = await startDaemon();
  const connector = netConnector(daemon.home.paths.socketPath);
  await using client = await Client.connect({ connector, name: 'test' });
  await using terminal = await Terminal.open(client, {
    command: ['sh', '-c', DEAF],
    cwd: '/',
    env: daemon.home.env,
  });
  await terminal.expect('ready', { from: 0 });
  const { id } = terminal;
  const input = await client.openInput(id);
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(what);
  const size = { cols: 90, rows: 30 };
  const waits: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    connect: (signal) => Client.connect({ connector, name: 'test', signal }),
    request: (signal) => client.request('status', {}, { signal }),
    'request without end': (signal) => client.request('wait', { session: id }, { timeoutMs: null, signal }),
    subscribe: (signal) =>
      client.subscribe(id, { from: 'start', mode: 'exact', onData: tell('subscribe'), signal }),
    openInput: (signal) => client.openInput(id, { signal }),
    watch: (signal) => client.watch({ onSessions: tell('watch') }, { signal }),
    snapshot: (signal) => client.snapshot(id, { signal }),
    view: (signal) => client.view(id, { onScreen: tell('view'), onData: tell('view'), signal }),
    write: (signal) => input.write(Buffer.from('x'), { signal }),
    end: (signal) => input.end({ midLine: false, signal }),
    find: (signal) => Terminal.find(client, id, { signal }),
    refresh: (signal) => terminal.refresh({ signal }),
    type: (signal) => terminal.type('x', { signal }),
    expect: (signal) => terminal.expect('never', { signal }),
    prompt: (signal) => terminal.prompt({ signal }),
    idle: (signal) => terminal.idle(60_000, { signal }),
    exited: (signal) => terminal.exited({ signal }),
    output: (signal) => terminal.output({ signal }).next(),
    screen: (signal) => terminal.screen({ signal }),
    resize: (signal) => terminal.resize(size, { signal }),
    sendSignal: (signal) => terminal.sendSignal('SIGURG', { signal }),
  };
  await stopProcess(daemon.pid);
  // One signal for all, as that of a program's end.
  const stop = new AbortController();
  const { signal } = stop;
  const reason = new Error('enough');
  const waiting = Object.entries(waits).map(async ([name, wait]) => {
    const thrown = await wait(signal).then(
      () => 'it did not wait',
      (error: unknown) => error,
    );
    return [name, thrown] as const;
  });
  stop.abort(reason);
  const outcomes = await within('all have ended', Promise.all(waiting), AT_ONCE_MS);
  expect(outcomes).toEqual(Object.keys(waits).map((name) => [name, reason]));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  // Nor does anything begin at one that has aborted.
  for (const wait of Object.values(waits)) await expect(wait(signal)).rejects.toBe(reason);
  expect(getEventListeners(signal, 'abort')).toEqual([]);

  process.kill(daemon.pid, 'SIGCONT');
  await eventually('nobody is subscribed', async () => (await terminal.refresh()).clients === 0);
  await eventually('this client is the only one', async () => {
    const { clients } = await client.request('status', {});
    return clients === 1;
  });
  expect(told).toEqual([]);
}, 60_000);

test('a signal that aborts when what it was for is done changes nothing', async () => {
  await using daemon = await startDaemon();
  const connector = netConnector(daemon.home.paths.socketPath);
  const stop = new AbortController();
  const { signal } = stop;
  await using client = await Client.connect({ connector, name: 'test', signal });
  const { id } = await daemon.openCommand(['/bin/cat']);
  let shown = '';
  await client.subscribe(id, {
    from: 'start',
    mode: 'viewer',
    readOnly: true,
    onData: (bytes) => {
      shown += Buffer.from(bytes).toString();
    },
    signal,
  });
  const input = await client.openInput(id, { signal });
  const names = new Set<string>();
  await client.watch({ onSession: ({ name }) => names.add(name) }, { signal });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  stop.abort();
  await input.write(Buffer.from('after\n'));
  await eventually('it comes', () => shown === 'after\r\nafter\r\n');
  await client.request('rename', { session: id, name: 'renamed' });
  await eventually('it is told', () => names.has('renamed'));
});

test('what was given up while there was no connection is not asked for on the next one', async () => {
  await using daemon = await startDaemon({ keeper: true });
  const connector = netConnector(daemon.home.paths.socketPath);
  await using client = await Client.connect({ connector, name: 'test' });
  const { id } = await daemon.openCommand(['/bin/cat']);
  await stopProcess(daemon.pid); // the keeper: nobody starts another daemon
  const [pid = 0] = daemon.home.daemonPids;
  const away = new Promise<void>((resolve) => {
    client.onStateChange = (state) => state === 'reconnecting' && resolve();
  });
  process.kill(pid, 'SIGKILL');
  await within('the loss', away);
  const stop = new AbortController();
  const reason = new Error('enough');
  const waits = [
    client.subscribe(id, { from: 'start', mode: 'viewer', onData: () => undefined, signal: stop.signal }),
    client.openInput(id, { signal: stop.signal }),
    client.request('rename', { session: id, name: 'given-up' }, { signal: stop.signal }),
  ];
  const ended = Promise.allSettled(waits);
  stop.abort(reason);
  expect(await within('all have ended', ended, AT_ONCE_MS)).toEqual(
    waits.map(() => ({ status: 'rejected', reason })),
  );
  const back = new Promise<void>((resolve) => {
    client.onStateChange = (state) => state === 'connected' && resolve();
  });
  process.kill(daemon.pid, 'SIGCONT');
  await within('another daemon', back, 30_000);
  const { session } = await client.request('get', { session: id });
  expect(session).toMatchObject({ name: 'cat', clients: 0 });
}, 60_000);
