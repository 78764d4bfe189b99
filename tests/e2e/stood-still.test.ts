import { eventually, passTime, startDaemon, stopProcess } from '@holdfast/testkit';
import { expect, test } from 'vitest';

/** More than a lease lasts, and than any timer of the daemon's and the wait for it together. */
const STOOD_STILL_MS = 13_000;

test('who holds a program back loses no byte when all of it is stopped for longer than a lease, and goes on', async () => {
  await using daemon = await startDaemon({ keeper: true });
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [200_000, gate.path]);
  const tail = daemon.home.startCli(['tail', flood.id, '--follow', '--lease', '10']);
  await eventually('a follower', async () => (await daemon.get(flood)).clients === 1);
  await stopProcess(tail.pid);
  await gate.open();
  const client = await daemon.client();
  await eventually('it is held back', async () => {
    const { holders } = await client.request('status', {});
    return holders.some(({ by }) => by === 'lease');
  });
  const all = [await daemon.servingPid(), daemon.pid, flood.pid];
  for (const pid of all) await stopProcess(pid);
  await passTime(STOOD_STILL_MS);
  for (const pid of all) process.kill(pid, 'SIGCONT');
  // The daemon is the first to go on.
  await client.request('status', {});
  process.kill(tail.pid, 'SIGCONT');
  const { code, stdout, stderr } = await tail.result();
  expect({ code, stderr, bytes: stdout.length }).toEqual({ code: 0, stderr: '', bytes: 200_000 * 16 });
}, 60_000);
