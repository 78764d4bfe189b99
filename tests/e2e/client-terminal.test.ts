import { Client, netConnector, Terminal } from '@holdfast/client';
import { eventually, startDaemon, type TestDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const connect = ({ home }: TestDaemon) =>
  Client.connect({ connector: netConnector(home.paths.socketPath), name: 'test' });

const open = (client: Client, { home }: TestDaemon, script: string, more: object = {}) =>
  Terminal.open(client, { command: ['sh', '-c', script], cwd: '/', env: home.env, ...more });

test('a terminal is driven on through a crash of the daemon: nothing is found twice, nothing missed', async () => {
  await using daemon = await startDaemon({ keeper: true });
  await using client = await connect(daemon);
  await using terminal = await open(client, daemon, 'while read -r line; do echo "got $line"; done');
  await terminal.type('one\r');
  await terminal.expect('got one');
  const waiting = terminal.expect(/got (\w+)/);
  await daemon.killServing();
  await terminal.type('two\rthree\r');
  expect(await waiting).toMatchObject({ groups: ['two'] });
  expect(await terminal.expect(/got (\w+)/)).toMatchObject({ groups: ['three'] });
  const { offset } = await terminal.refresh();
  const parts: Buffer[] = [];
  const reasons: string[] = [];
  for await (const piece of terminal.output({ to: offset }))
    if (piece.kind === 'output') parts.push(Buffer.from(piece.bytes));
    else reasons.push(piece.reason);
  const echoed = Buffer.concat(parts).toString();
  expect(echoed.match(/^got \w+/gm)).toEqual(['got one', 'got two', 'got three']);
  expect(reasons).toEqual(['crash']);
});

test('what waits ends at its signal with the reason, and lets go of the session', async () => {
  await using daemon = await startDaemon();
  await using client = await connect(daemon);
  await using terminal = await open(client, daemon, 'stty raw -echo; echo ready; exec sleep 1000');
  await terminal.expect('ready');
  const waits: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => terminal.expect('never', { signal }),
    (signal) => terminal.prompt({ signal }),
    (signal) => terminal.idle(60_000, { signal, timeoutMs: Number.POSITIVE_INFINITY }),
    (signal) => terminal.exited({ signal }),
    (signal) => terminal.output({ from: 'now', signal }).next(),
    (signal) => client.request('wait', { session: terminal.id }, { timeoutMs: null, signal }),
  ];
  for (const wait of waits) {
    const stop = new AbortController();
    const waiting = wait(stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(wait(AbortSignal.abort(reason))).rejects.toBe(reason);
  }
  // A program that never reads.
  const stop = new AbortController();
  const typing = terminal.type(new Uint8Array(1_000_000).fill(0x78), { signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(typing).rejects.toThrow('enough');
  await eventually('no subscriber', async () => (await terminal.refresh()).clients === 0);
});

test('what waits for too long ends with E_TIMEOUT, and at the end of the session with E_EXITED: both say what came', async () => {
  await using daemon = await startDaemon();
  await using client = await connect(daemon);
  await using terminal = await open(client, daemon, 'printf "\\033[1mhere\\033[0m"; read -r _; exit 7');
  const late = terminal.expect('there', { timeoutMs: 200 });
  await expect(late).rejects.toMatchObject({
    code: 'E_TIMEOUT',
    message: 'there did not come within 200 ms; the output ends with "here"',
  });
  await expect(terminal.exited({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  const missed = terminal.expect('there');
  await terminal.type('\r');
  await expect(missed).rejects.toMatchObject({ code: 'E_EXITED' });
  expect(await terminal.exited()).toEqual({ code: 7 });
  await expect(terminal.type('x')).rejects.toMatchObject({ code: 'E_EXITED' });
});

test('an expression that would backtrack for ever is given up, whatever the time, and the process goes on', async () => {
  await using daemon = await startDaemon();
  await using client = await connect(daemon);
  await using terminal = await open(client, daemon, `echo ${'a'.repeat(40)}!; exec sleep 1000`);
  for (const timeoutMs of [30_000, 5e9, Number.POSITIVE_INFINITY]) {
    await expect(terminal.expect(/(a+)+$/, { from: 0, timeoutMs })).rejects.toMatchObject({
      code: 'E_BAD_REQUEST',
      message: 'the search for /(a+)+$/g was given up after 1000 ms: it backtracks',
    });
    expect(await terminal.expect('a!', { from: 0, timeoutMs })).toMatchObject({ from: 39 });
  }
  const late = terminal.expect(/(a+)+$/, { from: 0, timeoutMs: 200 });
  await expect(late).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  await eventually('no subscriber', async () => (await terminal.refresh()).clients === 0);
});

test('a terminal that was opened ends with its block; one that is kept, or was found, does not', async () => {
  await using daemon = await startDaemon();
  await using client = await connect(daemon);
  const state = async (name: string) => (await client.request('get', { session: name })).session.state;
  {
    await using _own = await open(client, daemon, 'exec sleep 1000', { name: 'own' });
    await using _kept = await open(client, daemon, 'exec sleep 1000', { name: 'kept', keep: true });
  }
  expect([await state('own'), await state('kept')]).toEqual(['exited', 'running']);
  {
    await using found = await Terminal.find(client, 'kept');
    expect(found.session.name).toBe('kept');
  }
  expect(await state('kept')).toBe('running');

  const stop = new AbortController();
  const opening = open(client, daemon, 'exec sleep 1000', { name: 'unwanted', signal: stop.signal });
  stop.abort(new Error('not any more'));
  await expect(opening).rejects.toThrow('not any more');
  await eventually('the end of what nobody wants', async () => {
    const { sessions } = await client.request('list', {});
    return sessions.find(({ name }) => name === 'unwanted')?.state === 'exited';
  });
});

test('a connect is given up at its signal', async () => {
  await using daemon = await startDaemon();
  const { socketPath } = daemon.home.paths;
  // It takes connections, and never says hello.
  process.kill(daemon.pid, 'SIGSTOP');
  try {
    const signal = AbortSignal.timeout(100);
    const connecting = Client.connect({ connector: netConnector(socketPath), name: 'test', signal });
    await expect(connecting).rejects.toMatchObject({ name: 'TimeoutError' });
  } finally {
    process.kill(daemon.pid, 'SIGCONT');
  }
});
