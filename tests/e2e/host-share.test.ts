import { eventually, RawClient, stopProcess } from '@holdfast/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { TestPage } from './support/test-page.ts';

let host: TestHost;
/** A session that is shown, and another one that is not. */
let shown: { id: string };
let hidden: { id: string };
let token: string;

beforeAll(async () => {
  host = await TestHost.start();
  const { create } = host.client().terminal;
  shown = await create.mutate({ command: ['sh', '-c', 'stty raw -echo; echo ready; cat'], name: 'shown' });
  hidden = await create.mutate({ command: ['sh', '-c', 'echo secret; sleep 100'], name: 'hidden' });
  token = await share('1h');
});
afterAll(() => host[Symbol.asyncDispose]());

async function share(expires: string): Promise<string> {
  const { code, stdout, stderr } = await host.home.cli([
    'share',
    'shown',
    '--read-only',
    '--expires',
    expires,
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.toString().trim();
}

/** One that was good a moment ago. */
async function expired(): Promise<string> {
  const short = await share('1s');
  await eventually('its end', async () => (await seeWith(short)).status === 401);
  return short;
}

function seeWith(other: string): Promise<Response> {
  const input = encodeURIComponent(JSON.stringify({ session: shown.id }));
  return host.fetch(`/trpc/terminal.get?input=${input}`, { headers: { authorization: `Bearer ${other}` } });
}

describe('a shared token', () => {
  test('shows its session, by the API and by a WebSocket', async () => {
    expect(await host.client(token).terminal.get.query({ session: 'shown' })).toMatchObject({ id: shown.id });
    using page = new TestPage(host.at, shown.id, { token });
    await page.untilText('ready');
    expect(await page.message('attached')).toMatchObject({ readOnly: true, leading: false });
  });

  test('opens no procedure that does anything, or tells of another session', async () => {
    const { terminal } = host.client(token);
    const { id: session } = shown;
    const attempts = [
      () => terminal.list.query(),
      () => terminal.create.mutate({}),
      () => terminal.send.mutate({ session, text: 'x' }),
      () => terminal.resize.mutate({ session, cols: 10, rows: 10 }),
      () => terminal.rename.mutate({ session, name: 'x' }),
      () => terminal.kill.mutate({ session }),
      () => terminal.forget.mutate({ session }),
      () => terminal.wait.mutate({ session: hidden.id, timeoutMs: 10 }),
      () => terminal.get.query({ session: hidden.id }),
      () => terminal.capture.query({ session: hidden.id }),
      () => terminal.get.query({ session: 'hidden' }),
      () => terminal.get.query({ session: 'no such session' }),
      () => terminal.get.query({ session, namespace: 'other' }),
      () => terminal.daemon.update.mutate(),
      () => terminal.daemon.restart.mutate(),
      () => terminal.daemon.resume.mutate(),
      () => terminal.daemon.listSessions.query(),
    ];
    for (const attempt of attempts)
      await expect(attempt()).rejects.toMatchObject({
        data: { httpStatus: 403, holdfast: { code: 'E_FORBIDDEN' } },
      });
    for (const path of ['list', 'get?session=hidden', 'daemon/listSessions']) {
      const refused = await host.fetch(`/api/terminal/${path}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect({ path, status: refused.status }).toEqual({ path, status: 403 });
    }
    for (const name of ['onSessions', 'onChanges', 'daemon.onDaemon']) {
      const stream = await host.fetch(`/trpc/terminal.${name}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(await stream.text()).toContain('E_FORBIDDEN');
    }
  });

  test('opens nothing without tRPC either, but to look at its session', async () => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const { paths } = (await (await host.fetch('/openapi.json')).json()) as { paths: Record<string, object> };
    const { id: session } = shown;
    const opened: string[] = [];
    for (const [path, methods] of Object.entries(paths))
      for (const method of Object.keys(methods)) {
        const isQuery = method === 'get';
        const body = JSON.stringify({ session, cols: 10, rows: 10, name: 'x', text: 'x', id: 'x' });
        const { status } = await host.fetch(
          isQuery ? `${path}?session=${session}` : path,
          isQuery ? { headers } : { method: 'POST', headers, body },
        );
        if (status !== 403) opened.push(`${path} ${status}`);
      }
    expect(opened.toSorted()).toEqual(['/api/terminal/capture 200', '/api/terminal/get 200']);
    const ended = await host.fetch(`/api/terminal/get?session=${session}`, {
      headers: { authorization: `Bearer ${await expired()}` },
    });
    expect(ended.status).toBe(401);
  });

  test('has few captures at once, as all links together have, and takes none from the owner', async () => {
    const { capture, share: shares } = host.client().terminal;
    const capturing = (other: string) => host.client(other).terminal.capture.query({ session: shown.id });
    const links = await Promise.all(
      Array.from({ length: 5 }, async () => (await shares.create.mutate({ session: shown.id })).token),
    );
    const [fifth = '', ...others] = links;
    await capturing(fifth);
    // From here on nobody is answered, but who is refused.
    const { daemonPid = -1 } = host.home;
    await stopProcess(daemonPid);
    const refused: unknown[] = [];
    const refusal = (error: unknown) => void refused.push((error as { data?: unknown }).data);
    const asked = others.flatMap((link) => Array.from({ length: 5 }, () => capturing(link).catch(refusal)));
    asked.push(capture.query({ session: shown.id }));
    try {
      await eventually('one of each is refused', () => refused.length === others.length);
      await capturing(fifth).catch(refusal);
    } finally {
      process.kill(daemonPid, 'SIGCONT');
    }
    expect(refused).toEqual(
      links.map(() =>
        expect.objectContaining({ httpStatus: 429, holdfast: { code: 'E_LIMIT', retry: true } }),
      ),
    );
    const made = (await Promise.all(asked)).filter((captured) => captured !== undefined);
    expect(made).toHaveLength(17);
    expect(await capturing(fifth)).toMatchObject({ cols: 80 });
  });

  test('shows no other session by a WebSocket, and types and resizes nothing', async () => {
    for (const session of [hidden.id, 'hidden']) {
      using other = new TestPage(host.at, session, { token });
      expect(await other.closed).toBe(4403);
      expect(other.text).toBe('');
    }
    const before = await host.client().terminal.get.query({ session: shown.id });
    using page = new TestPage(host.at, shown.id, { token, stream: 'a stream of keys', readOnly: false });
    await page.message('attached');
    page.say({ type: 'viewport', cols: 11, rows: 11 });
    page.type(0, 'typed by a stranger');
    expect(await page.closed).toBe(4403);
    const after = await host.client().terminal.get.query({ session: shown.id });
    expect(after).toMatchObject({ cols: before.cols, rows: before.rows, offset: before.offset });
  });

  test('is no more as a cookie than it was before', async () => {
    const login = await host.fetch('/auth/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: '' },
      body: JSON.stringify({ token }),
    });
    expect(await login.json()).toEqual({ share: { namespace: 'default', session: shown.id } });
    const [cookie = ''] = (login.headers.get('set-cookie') ?? '').split(';');
    const headers = { authorization: '', cookie };
    const statusOf = async (path: string) => (await host.fetch(path, { headers })).status;
    expect(await statusOf(`/trpc/terminal.list?share=${shown.id}`)).toBe(403);
    expect(await statusOf(`/api/terminal/get?session=shown&share=${shown.id}`)).toBe(200);
    expect(await statusOf('/trpc/terminal.list')).toBe(401);
    expect(await statusOf(`/trpc/terminal.list?share=${hidden.id}`)).toBe(401);
  });

  test('is traded for few cookies, and none of them for another', async () => {
    const trade = async (traded: string) => {
      const login = await host.fetch('/auth/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: '' },
        body: JSON.stringify({ token: traded }),
      });
      const [cookie = ''] = (login.headers.get('set-cookie') ?? '').split(';');
      return { status: login.status, cookie };
    };
    const seenWith = async (cookie: string) => {
      const path = `/api/terminal/get?session=shown&share=${shown.id}`;
      return (await host.fetch(path, { headers: { authorization: '', cookie } })).status;
    };
    const fresh = await share('1h');
    const first = await trade(fresh);
    expect(await seenWith(first.cookie)).toBe(200);
    expect((await trade(first.cookie.slice(first.cookie.indexOf('=') + 1))).status).toBe(401);
    let last = first;
    for (let at = 0; at < 32; at += 1) last = await trade(fresh);
    expect(await seenWith(last.cookie)).toBe(200);
    expect(await seenWith(first.cookie)).toBe(401);
    const listed = await host.home.cli(['tokens', '--json']);
    const tokens = listed.stdout
      .toString()
      .trim()
      .split('\n')
      .flatMap((line) => JSON.parse(line) as object);
    const [parent = ''] = fresh.split('.');
    expect(tokens.filter((token) => 'parent' in token && token.parent === parent)).toHaveLength(32);
  });

  test('is a cookie beside that of the owner, which goes on', async () => {
    const cookieOf = async (traded: string) => {
      const login = await host.fetch('/auth/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: '' },
        body: JSON.stringify({ token: traded }),
      });
      return (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    };
    // As a browser keeps them: by name.
    const jar = new Map<string, string>();
    for (const cookie of [await cookieOf(host.at.token), await cookieOf(token)])
      jar.set(cookie.split('=')[0] ?? '', cookie);
    const headers = { authorization: '', cookie: [...jar.values()].join('; ') };
    const statusOf = async (path: string, method = 'GET') =>
      (await host.fetch(path, { method, headers })).status;
    expect(await statusOf('/trpc/terminal.list')).toBe(200);
    expect(await statusOf(`/trpc/terminal.list?share=${shown.id}`)).toBe(403);
    // Each ends alone.
    expect(await statusOf(`/auth/session?share=${shown.id}`, 'DELETE')).toBe(200);
    expect(await statusOf(`/api/terminal/get?session=shown&share=${shown.id}`)).toBe(401);
    expect(await statusOf('/trpc/terminal.list')).toBe(200);
  });

  test('ends at its expiry, and what is open by it with it', async () => {
    const short = await share('2s');
    using page = new TestPage(host.at, shown.id, { token: short });
    await page.message('attached');
    expect(await page.closed).toBe(4401);
    expect((await seeWith(short)).status).toBe(401);
  });

  test('is listed and revoked, and what is open by it ends', async () => {
    const revoked = await share('1h');
    const [id = ''] = revoked.split('.');
    using page = new TestPage(host.at, shown.id, { token: revoked });
    await page.message('attached');
    const listed = await host.home.cli(['tokens', '--json']);
    expect(JSON.parse(listed.stdout.toString())).toContainEqual(
      expect.objectContaining({ id, kind: 'share', share: { namespace: 'default', session: shown.id } }),
    );
    expect(listed.stdout.toString()).not.toContain('hash');
    expect((await host.home.cli(['tokens', 'revoke', id])).code).toBe(0);
    expect(await page.closed).toBe(4401);
    expect((await seeWith(revoked)).status).toBe(401);
    expect((await host.home.cli(['tokens', 'revoke', id])).code).toBe(1);
  });
});

test('the daemon itself refuses a limited connection everything else, also after an upgrade', async () => {
  using client = await RawClient.connect(host.home.paths.socketPath);
  let ids = 0;
  const ask = (type: string, parameters: object) => client.request({ ...parameters, id: ids++, type });
  const limited = await ask('hello', {
    protocols: [1],
    client: { name: 'test', version: '1' },
    limitedTo: 'shown',
  });
  expect(limited).toMatchObject({ ok: { limitedTo: shown.id } });
  const refusals = async () => {
    const attempts: [string, object][] = [
      ['list', {}],
      ['status', {}],
      ['watch', {}],
      ['get', { session: hidden.id }],
      ['get', { session: 'none' }],
      ['capture', { session: hidden.id, format: 'text' }],
      ['subscribe', { session: shown.id, channel: 1, from: 0, mode: 'viewer' }],
      ['subscribe', { session: shown.id, channel: 1, from: 0, mode: 'exact' }],
      ['subscribe', { session: hidden.id, channel: 1, from: 0, mode: 'viewer', readOnly: true }],
      ['openInput', { session: shown.id, channel: 2, stream: '12345678' }],
      ['resize', { session: shown.id, cols: 1, rows: 1 }],
      ['signal', { session: shown.id, signal: 'SIGINT' }],
      ['kill', { session: shown.id }],
      ['stop', {}],
      ['upgrade', { node: '/x', execArgv: [], entry: '/x' }],
    ];
    for (const [type, parameters] of attempts)
      expect({ type, ...(await ask(type, parameters)) }).toMatchObject({
        type,
        error: { code: 'E_FORBIDDEN' },
      });
    expect(await ask('get', { session: 'shown' })).toMatchObject({ ok: { session: { id: shown.id } } });
    expect(await ask('capture', { session: 'shown', format: 'text' })).toMatchObject({ ok: { cols: 80 } });
  };
  await refusals();
  const before = host.home.daemonPid;
  expect((await host.home.cli(['upgrade'])).code).toBe(0);
  await eventually('another daemon', () => host.home.daemonPid !== before);
  await refusals();
});
