import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const run = promisify(execFile);

test('run waits for a reader that takes nothing for longer than a lease, and loses nothing', async () => {
  await using daemon = await startDaemon();
  const { bin } = daemon.home.installation;
  // Seven seconds of a pager's life: longer than the lease of five, while the program has more to say than is kept.
  const script = `${bin} run -- seq 1 500000 | (sleep 7; cksum)`;
  const { stdout, stderr } = await run('/bin/sh', ['-c', script], { env: daemon.home.env });
  const expected = await run('/bin/sh', ['-c', "seq 1 500000 | sed 's/$/\\r/' | cksum"]);
  expect(stderr).toBe('');
  expect(stdout).toBe(expected.stdout);
}, 60_000);
