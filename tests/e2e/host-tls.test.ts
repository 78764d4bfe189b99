import { writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import path from 'node:path';
import { TestHome } from '@holdfast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { selfSigned } from './support/self-signed.ts';
import { TestHost } from './support/test-host.ts';
import { TestPage } from './support/test-page.ts';

const { cert, key } = selfSigned();
let home: TestHome;
let tls: string[];
beforeAll(() => {
  home = new TestHome();
  const folder = home.scratch('tls');
  writeFileSync(path.join(folder, 'cert.pem'), cert);
  writeFileSync(path.join(folder, 'key.pem'), key, { mode: 0o600 });
  tls = ['--tls-cert', path.join(folder, 'cert.pem'), '--tls-key', path.join(folder, 'key.pem')];
});
afterAll(() => home[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

function ask(url: URL, { body, ...options }: RequestOptions & { body?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ca: cert, ...options }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

test('with a certificate everything is encrypted: the API, the cookie, and terminals', async () => {
  await using host = await TestHost.start({ home, args: tls });
  const { url, token } = host.at;
  expect(url).toMatch(/^https:/);
  const authorization = `Bearer ${token}`;
  const health = await ask(new URL('/trpc/terminal.daemon.getHealth', url), { headers: { authorization } });
  expect(health.status).toBe(200);
  // It would hold for every port of this name.
  expect(health.headers['strict-transport-security']).toBeUndefined();
  const login = await ask(new URL('/auth/session', url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      origin: new URL(url).origin,
      // Nobody has to take this up.
      connection: 'Upgrade',
      upgrade: 'h2',
    },
    body: JSON.stringify({ token }),
  });
  expect(login.headers['set-cookie']?.[0]).toMatch(/; Secure/);
  const made = await ask(new URL('/api/terminal/create', url), {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ command: ['sh', '-c', 'stty raw -echo; echo ready; cat'] }),
  });
  const { id } = JSON.parse(made.body) as { id: string };
  using page = new TestPage(host.at, id, { stream: 'a stream of keys', ca: cert });
  await page.untilText('ready');
  page.type(0, 'typed');
  await page.untilText('typed');
  // The page of the same address without TLS is a foreign one, and nothing is answered without it.
  const foreign = { headers: { authorization, origin: `http://${new URL(url).host}` } };
  expect((await ask(new URL('/trpc/terminal.list', url), foreign)).status).toBe(403);
  await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow('fetch failed');
});

test('where other machines can reach it, it listens with TLS or --insecure, and not otherwise', async () => {
  const refused = await home.cli(['serve', '--bind', '0.0.0.0', '--port', '0', '--json']);
  expect(refused).toMatchObject({ code: 2 });
  expect(JSON.parse(refused.stdout.toString())).toMatchObject({ error: { code: 'E_USAGE' } });
  const [, certFile = ''] = tls;
  const alone = await home.cli(['serve', '--bind', '0.0.0.0', '--tls-cert', certFile]);
  expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining('belong together') });
  for (const args of [tls, ['--insecure']]) {
    await using host = await TestHost.start({ home, args: ['--bind', '0.0.0.0', ...args] });
    expect(host.at.url).toMatch(args === tls ? /^https:/ : /^http:/);
  }
});

test('it answers to the names of its certificate, and to those that it was told', async () => {
  await using host = await TestHost.start({ home, args: [...tls, '--name', 'proxied.example'] });
  const { url, token, port } = host.at;
  const statusOf = async (name: string, origin = `https://${name}`) => {
    const headers = { authorization: `Bearer ${token}`, host: name, origin };
    return (await ask(new URL('/openapi.json', url), { headers, servername: 'localhost' })).status;
  };
  expect(await statusOf(`devbox.example:${port}`)).toBe(200);
  expect(await statusOf('Proxied.Example', 'https://proxied.example')).toBe(200);
  expect(await statusOf('evil.example')).toBe(403);
  expect(await statusOf('devbox.example', 'https://evil.example')).toBe(403);
  expect(await statusOf('devbox.example', 'http://devbox.example')).toBe(403);
});

test('by a name that it was told it is reached by way of TLS that is not its own', async () => {
  await using host = await TestHost.start({ home, args: ['--name', 'proxied.example'] });
  const statusOf = (name: string) =>
    new Promise((resolve, reject) => {
      const headers = { ...host.authorization, host: name, origin: `https://${name}` };
      const asked = plainRequest(new URL('/openapi.json', host.at.url), { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject);
      asked.end();
    });
  expect(await statusOf('proxied.example')).toBe(200);
  expect(await statusOf(`localhost:${host.at.port}`)).toBe(403);
});

test('a certificate that can not be read is told of in one line', async () => {
  const none = await home.cli(['serve', '--port', '0', '--tls-cert', '/nowhere', '--tls-key', '/nowhere']);
  expect(none).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^holdfast: can't use the certificate \/nowhere .*\n$/),
  });
});
