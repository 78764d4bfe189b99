import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { pythonPath, repository, startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const run = promisify(execFile);

test('a client written from docs/protocol.md alone opens a session, types, reads to the end, and knows the exit code', async () => {
  await using daemon = await startDaemon();
  const script = path.join(repository, 'tests', 'python', 'session_life.py');
  const { stdout } = await run(pythonPath(), [script], { env: { ...daemon.home.env } });
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
