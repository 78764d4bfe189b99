import { execFile } from 'node:child_process';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { privateBytes, repository, TestHome } from '@holdfast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { TestPage } from './support/test-page.ts';

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start();
});
afterAll(() => host[Symbol.asyncDispose]());

const HEALTH = '/trpc/terminal.daemon.getHealth';

/** As it is: `fetch` sets some headers itself, and tidies the path. */
function ask(path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  const { port } = host.at;
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let body = '';
      response.on('data', (piece: Buffer) => (body += piece.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('no token, a wrong one, and one of another home are 401', async () => {
  expect(await ask(HEALTH)).toMatchObject({ status: 401 });
  for (const token of [
    'x',
    `${host.at.token}x`,
    host.at.token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
  ])
    expect({ token, ...(await ask(HEALTH, { authorization: `Bearer ${token}` })) }).toMatchObject({
      status: 401,
    });
  expect(await ask('/nothing')).toMatchObject({ status: 401 });
});

test('a foreign Host is 403, whatever the token', async () => {
  const { port } = host.at;
  for (const name of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    `evil@127.0.0.1:${port}`,
  ])
    expect({ name, ...(await ask(HEALTH, { ...host.authorization, host: name })) }).toMatchObject({
      status: 403,
    });
  for (const name of [`localhost:${port}`, `127.0.0.1:${port}`, '[::1]:1'])
    expect({ name, ...(await ask(HEALTH, { ...host.authorization, host: name })) }).toMatchObject({
      status: 200,
    });
});

test('a foreign page is 403, also one of another port or scheme', async () => {
  const { port } = host.at;
  for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', `https://127.0.0.1:${port}`])
    expect({ origin, ...(await ask(HEALTH, { ...host.authorization, origin })) }).toMatchObject({
      status: 403,
    });
  const crossSite = { ...host.authorization, 'sec-fetch-site': 'same-site' };
  expect(await ask(HEALTH, crossSite)).toMatchObject({ status: 403 });
  const own = { ...host.authorization, origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' };
  expect(await ask(HEALTH, own)).toMatchObject({ status: 200 });
});

test('a link to the page may stand anywhere; nothing else is had by following one', async () => {
  const visit = {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  };
  expect(await ask('/', visit)).toMatchObject({ status: 200 });
  expect(await ask('/openapi.json', { ...host.authorization, ...visit })).toMatchObject({ status: 403 });
  for (const more of [{ 'sec-fetch-dest': 'iframe' }, { 'sec-fetch-mode': 'no-cors' }])
    expect({ more, ...(await ask('/', { ...visit, ...more })) }).toMatchObject({ status: 403 });
});

test('encoded path traversal finds nothing', async () => {
  for (const path of [
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '/../../etc/passwd',
    '/%2e%2e%5cetc',
    '//etc/passwd',
    '/%',
  ]) {
    const { status, body } = await ask(path, host.authorization);
    expect({ path, isRefused: status >= 400 && status < 500 }).toEqual({ path, isRefused: true });
    expect(body).not.toContain('root:');
  }
});

test('a browser trades the token for a cookie that scripts and foreign pages cannot use', async () => {
  const login = await host.fetch('/auth/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: '' },
    body: JSON.stringify({ token: host.at.token }),
  });
  const set = login.headers.get('set-cookie') ?? '';
  expect(set).toMatch(/; HttpOnly/);
  expect(set).toMatch(/; SameSite=Strict/);
  const [cookie = ''] = set.split(';');
  expect(cookie).not.toContain(host.at.token);
  expect(await ask(HEALTH, { cookie })).toMatchObject({ status: 200 });
  const value = cookie.slice(cookie.indexOf('=') + 1);
  expect(await ask(HEALTH, { authorization: `Bearer ${value}` })).toMatchObject({ status: 401 });
  const logout = await host.fetch('/auth/session', {
    method: 'DELETE',
    headers: { authorization: '', cookie },
  });
  expect(logout.status).toBe(200);
  expect(await ask(HEALTH, { cookie })).toMatchObject({ status: 401 });
});

test('a request that would rather speak another protocol is answered in this one, body and all, and so is the next', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const sockets = new Set<unknown>();
  const post = (more: Record<string, string>) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const asked = request(
        new URL('/api/terminal/daemon/dismissUpdateFailure', host.at.url),
        {
          method: 'POST',
          agent,
          headers: { ...host.authorization, 'content-type': 'application/json', ...more },
        },
        (response) => {
          let body = '';
          response.on('data', (piece: Buffer) => (body += piece.toString()));
          response.on('end', () => resolve({ status: response.statusCode, body }));
        },
      );
      asked.on('socket', (socket) => sockets.add(socket));
      asked.on('error', reject);
      // More than comes with the head.
      asked.end(JSON.stringify({ padding: 'x'.repeat(300_000) }));
    });
  const h2c = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQCAAAA' };
  for (const headers of [h2c, {}, h2c]) expect(await post(headers)).toEqual({ status: 200, body: '{}' });
  expect(sockets.size).toBe(1);
  const stranger = { ...h2c, authorization: 'Bearer x' };
  expect(await post(stranger)).toMatchObject({ status: 401 });
  agent.destroy();
});

test('every answer forbids scripts, frames and connections of others, and to be kept', async () => {
  for (const address of ['/', HEALTH, '/nothing']) {
    const { headers } = await host.fetch(address);
    const policy = headers.get('content-security-policy')?.split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
      ]),
    );
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  }
});

test('a body that is too large is refused, and the host stays as it is', async () => {
  const body = JSON.stringify({ session: 'x', text: 'x'.repeat(4 * 1024 * 1024) });
  const headers = { 'content-type': 'application/json' };
  const refused = await host.fetch('/trpc/terminal.send', { method: 'POST', headers, body });
  expect(refused.status).toBe(413);
  const before = privateBytes(host.at.pid);
  const many = Array.from({ length: 20 }, () =>
    host
      .fetch('/trpc/terminal.send', { method: 'POST', headers: { ...headers, authorization: '' }, body })
      .catch(() => undefined),
  );
  for (const response of await Promise.all(many)) if (response) expect(response.status).toBe(401);
  // Of 80 MiB nothing was kept.
  expect(privateBytes(host.at.pid) - before).toBeLessThan(40 * 1024 * 1024);
});

test('10,000 wrong tokens are refused, cost no memory, and lock nobody out', async () => {
  const before = privateBytes(host.at.pid);
  const statuses = new Map<number, number>();
  for (let round = 0; round < 100; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) => ask(HEALTH, { authorization: `Bearer ${round}-${at}` })),
    );
    for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  const grownMb = (privateBytes(host.at.pid) - before) / 1024 / 1024;
  console.log(
    `10,000 wrong tokens: ${JSON.stringify([...statuses])}, the host has grown by ${grownMb.toFixed(1)} MB`,
  );
  expect(new Set(statuses.keys())).toEqual(new Set([401, 429]));
  expect(grownMb).toBeLessThan(60);
  expect(await ask(HEALTH, host.authorization)).toMatchObject({ status: 200 });
}, 120_000);

test('wrong tokens are counted together, wherever they are shown', async () => {
  await using other = await TestHost.start({ home: host.home });
  const statuses: number[] = [];
  for (let at = 0; at < 62; at += 1) {
    const isLogin = at % 2 === 0;
    const answer = isLogin
      ? other.fetch('/auth/session', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token: 'wrong' }),
        })
      : other.fetch(HEALTH, { headers: { authorization: 'Bearer wrong' } });
    statuses.push((await answer).status);
  }
  expect(statuses.slice(0, 60)).toEqual(Array.from({ length: 60 }, () => 401));
  expect(statuses.slice(60)).toEqual([429, 429]);
});

test('a token that is revoked opens nothing more, ends what it has opened, and another one is made', async () => {
  await using home = new TestHome();
  await using other = await TestHost.start({ home });
  const { id } = await other.client().terminal.create.mutate({ command: ['cat'], name: 'kept' });
  const login = await other.fetch('/auth/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: other.at.token }),
  });
  const [cookie = ''] = (login.headers.get('set-cookie') ?? '').split(';');
  const statusOf = async (headers: Record<string, string>) => (await other.fetch(HEALTH, { headers })).status;
  expect(await statusOf({ authorization: '', cookie })).toBe(200);
  using page = new TestPage(other.at, id);
  await page.message('attached');
  const { token } = other.at;
  expect(await home.cli(['tokens', 'revoke', token.split('.')[0] ?? ''])).toMatchObject({ code: 0 });
  expect(await page.closed).toBe(4401);
  expect(await statusOf({})).toBe(401);
  expect(await statusOf({ authorization: '', cookie })).toBe(401);
  await other.end();
  await other.start();
  expect(other.at.token).not.toBe(token);
  expect(await other.client().terminal.list.query()).toMatchObject([{ name: 'kept', state: 'running' }]);
});

test('a port that is taken is told of, and leaves nothing that runs', async () => {
  const taken = await host.home.cli(['serve', '--port', String(host.at.port)]);
  expect(taken).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/EADDRINUSE.*--port 0 any that is free/),
  });
  // Whoever has the host within a program of his own has that end by itself, too.
  const script = `
    const { startHost } = await import(${JSON.stringify(path.join(repository, 'dist/host/main.js'))});
    const options = { port: ${host.at.port}, bind: '127.0.0.1', env: process.env, programs: {}, pageFolder: '/nowhere', namespace: 'default' };
    await startHost(options).catch((error) => console.log(error.code));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: host.home.env,
    timeout: 20_000,
  });
  expect(stdout).toBe('E_INTERNAL\n');
});

test('another address than loopback needs TLS, or --insecure', async () => {
  const { home } = host;
  const refused = await home.cli(['serve', '--bind', '0.0.0.0', '--port', '0', '--json']);
  expect(refused.code).toBe(2);
  expect(refused.stdout.toString()).toContain('E_USAGE');
});
