import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { pythonPath, repository, startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const run = promisify(execFile);

test('a client written from docs/protocol.md alone opens a session, types, reads to the end, and knows the exit code', async () => {
  await using daemon = await startDaemon();
  const folder = path.join(repository, 'tests', 'python');
  const cache = path.join(folder, '__pycache__');
  rmSync(cache, { recursive: true, force: true });
  const script = path.join(folder, 'session_life.py');
  const { stdout } = await run(pythonPath(), ['-B', script], { env: { ...daemon.home.env } });
  expect(existsSync(cache), 'tests write nothing into the repository').toBe(false);
  const { head, ...rest } = JSON.parse(stdout);
  const text = 'grüße\r\ngot grüße\r\n';
  expect(rest).toEqual({
    protocol: 1,
    daemonPid: daemon.pid,
    exit: { code: 7 },
    length: Buffer.byteLength(text) + 300_000,
    zeros: 300_000,
    code: 'E_NO_SESSION',
    left: 0,
  });
  expect(head.startsWith(text)).toBe(true);
});
