import { writeFileSync } from 'node:fs';
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
  expect(health.headers['strict-transport-security']).toMatch(/^max-age=\d{7,}/);
  const login = await ask(new URL('/auth/session', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(url).origin },
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

test('a certificate that can not be read is told of in one line', async () => {
  const none = await home.cli(['serve', '--port', '0', '--tls-cert', '/nowhere', '--tls-key', '/nowhere']);
  expect(none).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^holdfast: can't serve: .*\/nowhere.*\n$/),
  });
});
