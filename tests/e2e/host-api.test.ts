import { Agent, get } from 'node:http';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually, passTime, stopProcess, TestHome } from '@holdfast/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReplaceableDaemon } from './support/replaceable-daemon.ts';
import { type Accepting, TestHost } from './support/test-host.ts';
import { TestPage } from './support/test-page.ts';

describe('the API', () => {
  let host: TestHost;
  beforeAll(async () => {
    host = await TestHost.start();
    const { getHealth } = host.client().terminal.daemon;
    await eventually('its daemon serves', async () => (await getHealth.query()).reachable);
  });
  afterAll(() => host[Symbol.asyncDispose]());

  test('a session is created, listed, typed into, resized, renamed, killed and forgotten', async () => {
    const { terminal } = host.client();
    const script = 'read line; echo "got $line"; read line';
    const made = await terminal.create.mutate({
      command: ['sh', '-c', script],
      name: 'one',
      env: { A: 'b' },
    });
    expect(made).toMatchObject({ name: 'one', state: 'running', cols: 80, rows: 24 });
    expect(await terminal.list.query()).toHaveLength(1);
    expect(await terminal.send.mutate({ session: 'one', text: 'hello', enter: true })).toEqual({ bytes: 6 });
    expect(await terminal.wait.mutate({ session: 'one', text: 'got hello' })).toMatchObject({ met: 'text' });
    expect(await terminal.wait.mutate({ session: 'one', idleMs: 50 })).toMatchObject({ met: 'idle' });
    expect(await terminal.wait.mutate({ session: 'one', timeoutMs: 50 })).toMatchObject({ met: 'timeout' });
    const resized = await terminal.resize.mutate({ session: made.id, cols: 100, rows: 30 });
    expect(resized).toMatchObject({ cols: 100, rows: 30 });
    expect(await terminal.rename.mutate({ session: made.id, name: 'two' })).toMatchObject({ name: 'two' });
    const killed = await terminal.kill.mutate({ session: 'two' });
    expect(killed).toMatchObject({ state: 'exited', exit: { signal: 'SIGHUP' } });
    expect(await terminal.wait.mutate({ session: 'two' })).toMatchObject({ met: 'exited' });
    const restored = await terminal.restore.mutate({ session: 'two' });
    expect(restored).toMatchObject({ id: made.id, name: 'two', state: 'running', exit: null, cols: 100 });
    await expect(terminal.restore.mutate({ session: 'two' })).rejects.toMatchObject({
      data: { code: 'CONFLICT', holdfast: { code: 'E_RUNNING', retry: false } },
    });
    await terminal.kill.mutate({ session: 'two' });
    // None of the two was lost.
    expect(await terminal.restoreLost.mutate()).toEqual({ restored: [], failed: [] });
    await terminal.forget.mutate({ session: 'two' });
    expect(await terminal.list.query()).toEqual([]);
  });

  test('a failure has its code, and says whether to try again', async () => {
    const failed = host.client().terminal.get.query({ session: 'none' });
    await expect(failed).rejects.toMatchObject({
      data: { code: 'NOT_FOUND', httpStatus: 404, holdfast: { code: 'E_NO_SESSION', retry: false } },
    });
    const bad = await host.fetch('/trpc/terminal.get?input=%7B%7D');
    expect(bad.status).toBe(400);
    const body = await bad.text();
    expect(body).toContain('E_BAD_REQUEST');
    expect(body).not.toContain('stack');
  });

  test('health and update status tell of the daemon, and never wait', async () => {
    const { daemon } = host.client().terminal;
    await eventually('it is seen', async () => (await daemon.getHealth.query()).reachable);
    expect(await daemon.getHealth.query()).toEqual({ reachable: true, unreachableForMs: null });
    expect(await daemon.getUpdateStatus.query()).toMatchObject({ pending: false, failure: null });
    const began = performance.now();
    expect(await daemon.getHealth.query({ namespace: 'nobody' })).toMatchObject({ reachable: false });
    expect(performance.now() - began).toBeLessThan(2_500);
    await expect(host.client().terminal.list.query({ namespace: 'nobody' })).rejects.toMatchObject({
      data: { httpStatus: 503, holdfast: { code: 'E_NO_DAEMON', retry: true } },
    });
  });

  test('without tRPC the same is had at /api/, as /openapi.json says', async () => {
    const described: unknown = await (await host.fetch('/openapi.json')).json();
    expect(described).toMatchObject({
      paths: { '/api/terminal/get': { get: {} }, '/api/terminal/create': { post: {} } },
    });
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'rest', command: ['sleep', '100'] });
    const made = await host.fetch('/api/terminal/create', { method: 'POST', headers, body });
    expect(await made.json()).toMatchObject({ name: 'rest', state: 'running' });
    expect(await (await host.fetch('/api/terminal/get?session=rest')).json()).toMatchObject({ name: 'rest' });
    const none = await host.fetch('/api/terminal/get?session=none');
    expect(none.status).toBe(404);
    expect(await none.json()).toMatchObject({ error: { code: 'E_NO_SESSION', retry: false } });
    await host.client().terminal.kill.mutate({ session: 'rest' });
  });

  test('what a terminal shows is had as text, with colours and as HTML, and lines above it', async () => {
    const { terminal } = host.client();
    const script = String.raw`stty -echo; seq 30; printf "\033]2;a title\007\033[31mred & done\033[0m"; exec cat`;
    const { id: session } = await terminal.create.mutate({ command: ['sh', '-c', script] });
    await terminal.wait.mutate({ session, text: 'done' });
    const shown = await terminal.capture.query({ session });
    expect(shown).toMatchObject({ cols: 80, rows: 24, title: 'a title', alternate: false, incomplete: [] });
    expect(shown.text).toMatch(/^8\n[^]*30\nred & done\n?$/);
    expect((await terminal.capture.query({ session, format: 'ansi' })).text).toContain('\u001b[');
    expect((await terminal.capture.query({ session, format: 'html' })).text).toContain('red &#38; done');
    const { text } = await terminal.capture.query({ session, historyLines: 3 });
    expect(text).toMatch(/^5\n6\n7\n8\n/);
    const plain = await host.fetch(`/api/terminal/capture?session=${session}&historyLines=3`);
    expect(await plain.json()).toMatchObject({ text });
    const { token } = await terminal.share.create.mutate({ session });
    expect(await host.client(token).terminal.capture.query({ session })).toMatchObject({ text: shown.text });
    await terminal.kill.mutate({ session });
  });

  test('any number of requests on one connection leave nothing behind in the host', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const options = { agent, headers: host.authorization };
        get(new URL('/api/terminal/daemon/getHealth', host.at.url), options, (response) =>
          response.resume().on('end', () => resolve(response.statusCode)),
        ).on('error', reject);
      });
    // Node tells of more listeners of a kind than ten.
    for (let asked = 0; asked < 12; asked += 1) expect(await ask()).toBe(200);
    expect(host.process.stderr.text).toBe('');
    agent.destroy();
  });

  test('who waits without tRPC, and leaves, is waited for no more', async () => {
    const { terminal } = host.client();
    const { id: session } = await terminal.create.mutate({ command: ['sleep', '100'] });
    const viewers = async () => (await terminal.get.query({ session })).clients;
    const leaving = new AbortController();
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ session, text: 'never' });
    const { signal } = leaving;
    const waiting = host.fetch('/api/terminal/wait', { method: 'POST', headers, body, signal });
    await eventually('it is waited for', async () => (await viewers()) === 1);
    leaving.abort();
    await expect(waiting).rejects.toThrow('aborted');
    await eventually('it is waited for no more', async () => (await viewers()) === 0);
    await terminal.kill.mutate({ session });
  });

  test('an update is done, and a failure is a value', async () => {
    const { daemon } = host.client().terminal;
    expect(await daemon.update.mutate()).toMatchObject({ ok: true, clients: { dropped: 0 } });
    expect(await daemon.update.mutate({ namespace: 'nobody' })).toMatchObject({
      ok: false,
      code: 'E_NO_DAEMON',
    });
    expect(await daemon.dismissUpdateFailure.mutate({ namespace: 'nobody' })).toEqual({});
    expect(await daemon.getUpdateStatus.query({ namespace: 'nobody' })).toMatchObject({ failure: null });
  });

  test('onSessions tells of all sessions and then of each change', async () => {
    const leaving = new AbortController();
    const events = host.events('terminal.onSessions', leaving.signal);
    expect((await events.next()).value).toMatchObject({ type: 'all' });
    const { id } = await host.client().terminal.create.mutate({ command: ['sleep', '100'] });
    for await (const event of events) if (JSON.stringify(event).includes(id)) break;
    leaving.abort();
  });
});

test.concurrent('who waits for a text misses none, though nothing was printed for longer than a lease', async () => {
  await using host = await TestHost.start();
  const { terminal } = host.client();
  const script =
    'printf ready; read line; printf needle; head -c 300000 /dev/zero | tr "\\0" x; exec sleep 100';
  const { id: session } = await terminal.create.mutate({
    command: ['sh', '-c', script],
    historyBytes: 65_536,
  });
  const waiting = terminal.wait.mutate({ session, text: 'needle', timeoutMs: 30_000 });
  const observer = await host.home.connect();
  const look = async () => (await observer.request('get', { session })).session;
  await eventually('it is waited for', async () => (await look()).clients === 1);
  // Longer than a lease lasts that nobody keeps up.
  await passTime(6_000);
  await stopProcess(host.at.pid);
  try {
    await (await observer.openInput(session)).write(Buffer.from('\r'));
    await eventually('it is held back', async () => (await look()).offset >= 30_000);
    await passTime(500);
    // All of it is in the history yet.
    expect((await look()).offset).toBeLessThan(65_536);
  } finally {
    process.kill(host.at.pid, 'SIGCONT');
  }
  expect(await waiting).toMatchObject({ met: 'text' });
});

test.concurrent('a restart ends the sessions that were listed, and is in the history; a daemon that is held is resumed', async () => {
  await using replaceable = await ReplaceableDaemon.start();
  const { host } = replaceable;
  const { terminal } = host.client();
  const { daemon } = terminal;
  const { id, pid } = await terminal.create.mutate({ command: ['cat'], name: 'listed' });
  expect(await daemon.listSessions.query()).toEqual([
    { id, name: 'listed', pid, cols: 80, rows: 24, state: 'running' },
  ]);
  expect(await daemon.restart.mutate()).toEqual({ ended: 1 });
  expect(await terminal.list.query()).toMatchObject([{ id, state: 'exited' }]);
  const history = async () => daemon.getHistory.query({ limit: 1 });
  await eventually('it is written down', async () => (await history())[0]?.kind === 'restarted');
  const plain = await host.fetch('/api/terminal/daemon/getHistory?limit=1');
  expect(await plain.json()).toMatchObject([{ kind: 'restarted', sessions: 1 }]);

  const kept = await terminal.create.mutate({ command: ['cat'] });
  replaceable.breakIt();
  process.kill(host.home.daemonPid ?? -1, 'SIGKILL');
  const codeOf = (error: unknown) => (error as { data: { holdfast: { code: string } } }).data.holdfast.code;
  await eventually(
    'it is held',
    async () => (await terminal.list.query().then(() => '', codeOf)) === 'E_HELD',
    30_000,
  );
  replaceable.mend();
  expect(await daemon.resume.mutate()).toMatchObject({ sessions: 1 });
  expect(await terminal.get.query({ session: kept.id })).toMatchObject({ pid: kept.pid, state: 'running' });
});

test.concurrent('the host ends and starts again with the same token, and no session hears of it', async () => {
  await using host = await TestHost.start();
  const before = await host.client().terminal.create.mutate({ command: ['sleep', '100'] });
  const { token, port } = host.at;
  await host.crash();
  await host.start();
  expect(host.at).toMatchObject({ token, port });
  const [after] = await host.client().terminal.list.query();
  expect(after).toMatchObject({ id: before.id, pid: before.pid, state: 'running' });
});

test.concurrent('a host that is told to end while its daemon starts ends at once, and well', async () => {
  await using home = new TestHome();
  const points = path.join(home.scratch('points'), 'points.json');
  writeFileSync(points, JSON.stringify({ 'daemon.starting': 1_000 }));
  const host = home.startCli(['serve', '--port', '0', '--json'], { env: { HOLDFAST_TEST_POINTS: points } });
  await host.stdout.waitFor(/^.*\n/);
  await eventually('its daemon starts', () => home.daemonPid);
  host.kill('SIGTERM');
  expect(await host.result()).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test.concurrent('requests are accepted while no daemon answers, and those about terminals fail in bounded time', async () => {
  await using host = await TestHost.start();
  await host.client().terminal.create.mutate({ command: ['sleep', '100'] });
  const { daemonPid } = host.home;
  process.kill(daemonPid ?? 0, 'SIGSTOP');
  try {
    const began = performance.now();
    const failed = host.client().terminal.list.query();
    await expect(failed).rejects.toMatchObject({ data: { holdfast: { code: 'E_TIMEOUT', retry: true } } });
    expect(performance.now() - began).toBeLessThan(25_000);
    const { getHealth } = host.client().terminal.daemon;
    await eventually('it is told', async () => !(await getHealth.query()).reachable);
  } finally {
    process.kill(daemonPid ?? 0, 'SIGCONT');
  }
  expect(await host.client().terminal.list.query()).toHaveLength(1);
});

test.concurrent('the token is in a file that nobody else may read', async () => {
  await using host = await TestHost.start();
  const file = path.join(host.home.folder, '.host', 'token');
  expect(readFileSync(file, 'utf8').trim()).toBe(host.at.token);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
});

test.concurrent('a session has the mask and the limits of the shell that the host was started in', async () => {
  await using home = new TestHome();
  const { bin } = home.installation;
  // A Node in between, as npm is one: it raises the limit for all that it starts.
  const serve = `require('child_process').spawnSync('${bin}', ['serve', '--port', '0', '--json'], { stdio: 'inherit' })`;
  using shell = home.terminalWith(['/bin/sh', '-c', `umask 027; ulimit -Sn 333; node -e "${serve}"; :`]);
  const at = JSON.parse((await shell.waitFor(/\{.*\}/))[0]) as Accepting;
  const asked = await fetch(new URL('/api/terminal/create', at.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${at.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ command: ['sh', '-c', 'echo "<$(umask) $(ulimit -Sn)>"; cat'] }),
  });
  const { id } = (await asked.json()) as { id: string };
  using page = new TestPage(at, id);
  await page.untilText('<0027 333>');
});
