import { eventually, firstDifference, startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const LINES = 40_000;
const HISTORY_BYTES = 64 * 1024;

test('a session opened with a lease waits for its first exact subscriber, who misses nothing of a flood', async () => {
  await using daemon = await startDaemon();
  const flood = await daemon.open('flood.py', [LINES], { leaseMs: 60_000, historyBytes: HISTORY_BYTES });
  const client = await daemon.client();
  const holder = await eventually(
    'the program is held back',
    async () => (await client.request('status', {})).holders[0],
  );
  expect(holder).toMatchObject({ session: flood.id, by: 'lease', clientPid: null });
  const recording = await daemon.record(flood, { from: 0 });
  expect((await recording.exited()).exit).toEqual({ code: 0 });
  expect(recording.gaps).toEqual([]);
  expect(recording.bytes).toHaveLength(LINES * 16);
  expect(firstDifference(recording.bytes, 0)).toBe(-1);
});

test('the lease of an opened session runs down if nobody comes, also across an upgrade', async () => {
  await using daemon = await startDaemon();
  const flood = await daemon.open('flood.py', [LINES], { leaseMs: 500, historyBytes: HISTORY_BYTES });
  const client = await daemon.client();
  const target = { node: process.execPath, execArgv: [], entry: daemon.home.installation.daemonEntry };
  await client.request('upgrade', target, { timeoutMs: 30_000 });
  await client.request('wait', { session: flood.id }, { timeoutMs: null });
  const recording = await daemon.record(flood, { from: 0 });
  await recording.exited();
  expect(recording.gaps).toMatchObject([{ from: 0, reason: 'evicted' }]);
});

test('run passes on every byte of a flood that begins before it listens', async () => {
  await using daemon = await startDaemon();
  const bytes = 2 * 1024 * 1024;
  for (let round = 0; round < 5; round += 1) {
    const command = ['sh', '-c', `stty raw; head -c ${bytes} /dev/zero`];
    const { stdout, stderr } = await daemon.cli(['run', '--history', '64K', '--', ...command]);
    expect(stderr).toBe('');
    expect(stdout).toHaveLength(bytes);
  }
});
