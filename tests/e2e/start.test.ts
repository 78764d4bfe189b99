import { spawn } from 'node:child_process';
import { ByteLog, repository, TestHome, within } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import type { Accepting } from './support/test-host.ts';

/** It builds, if something was edited since the last build. */
const START_MS = 120_000;

test('npm start serves the page and the API, and Ctrl-C ends it and no session', {
  timeout: 180_000,
}, async () => {
  await using home = new TestHome();
  const started = spawn('npm', ['start', '--', '--port', '0', '--json'], {
    cwd: repository,
    env: home.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const group = -(started.pid ?? 0);
  const ended = new Promise<void>((resolve) => started.on('close', () => resolve()));
  const output = new ByteLog();
  started.stdout.on('data', (piece: Buffer) => output.push(piece));
  started.stderr.on('data', (piece: Buffer) => output.push(piece));
  try {
    const [line] = await output.waitFor(/^\{.*\}$/m, START_MS);
    const { url, token } = JSON.parse(line) as Accepting;
    const page = await fetch(url);
    expect(page.headers.get('content-type')).toContain('text/html');
    const made = await fetch(new URL('/api/terminal/create', url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ command: ['sleep', '100'], name: 'kept' }),
    });
    expect(await made.json()).toMatchObject({ state: 'running' });
  } finally {
    // As a terminal does it: to all of them.
    process.kill(group, 'SIGINT');
    await within('the end of npm start', ended, 30_000);
  }
  const { stdout } = await home.cli(['ls', '--json']);
  expect(JSON.parse(stdout.toString())).toMatchObject([{ name: 'kept', state: 'running' }]);
});
