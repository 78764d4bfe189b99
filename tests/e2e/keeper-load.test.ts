import {
  cpuMs,
  eventually,
  fdCount,
  passTime,
  privateBytes,
  processState,
  settledFdCount,
  stopProcess,
  zombiesOf,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { TestKeeper } from './support/test-keeper.ts';

const MEASURED_MS = 2_000;
const MIB = 1024 * 1024;
const PRIVATE_MIB_MAX = 14;

test('it is small, and uses no processor time when nothing happens', async () => {
  await using keeper = await TestKeeper.start();
  for (let id = 0; id < 20; id += 1) await keeper.open(`s${id}`, ['/bin/cat']);
  await keeper.kill();
  const mib = privateBytes(keeper.pid) / MIB;
  console.log(`keeper: ${mib.toFixed(1)} MiB of private memory`);
  expect(mib).toBeLessThan(PRIVATE_MIB_MAX);
  let leastMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3 && leastMs > 0; round += 1) {
    const before = cpuMs(keeper.pid);
    await passTime(MEASURED_MS);
    leastMs = Math.min(leastMs, cpuMs(keeper.pid) - before);
  }
  expect(leastMs).toBe(0);
});

test('a daemon that does not read holds up nothing, costs nothing, and gets everything when it does', async () => {
  await using keeper = await TestKeeper.start();
  for (let id = 0; id < 50; id += 1) await keeper.open(`s${id}`, ['/bin/cat']);
  const { daemon } = keeper;
  const times = 60;
  const fds = fdCount(keeper.pid);
  const order = keeper.order({ do: 'stall', times });
  await eventually('it stands still', () => processState(daemon) === 'T');
  expect(await keeper.request({ type: 'status' })).toContain(`"daemonPid":${daemon}`);
  const before = cpuMs(keeper.pid);
  await passTime(1_000);
  expect(cpuMs(keeper.pid) - before).toBeLessThan(100);
  expect(fdCount(keeper.pid)).toBe(fds);
  process.kill(daemon, 'SIGCONT');
  await order;
  await keeper.hears({ by: daemon, type: 'given', count: 52 }, times);
  expect(keeper.heard({ by: daemon, type: 'give', name: 'session/s49', fds: 1 })).toHaveLength(times);
});

test('a daemon that lets more wait than may wait loses its channel, and the keeper goes on', async () => {
  await using keeper = await TestKeeper.start();
  for (let id = 0; id < 20; id += 1) await keeper.open(`s${id}`, ['/bin/cat']);
  const { daemon } = keeper;
  void keeper.order({ do: 'stall', times: 1_200 }).catch(() => undefined);
  await eventually('it stands still', () => processState(daemon) === 'T');
  expect(keeper.heard({ type: 'broken' })).toHaveLength(1);
  expect(await keeper.request({ type: 'status' })).toContain(`"daemonPid":${daemon}`);
  process.kill(daemon, 'SIGKILL');
  await keeper.hears({ type: 'obeying' }, 2);
  expect(keeper.heard({ by: keeper.daemon, type: 'given', count: 22 })).toHaveLength(1);
});

test('a keeper that stands still takes some, then says that it takes no more, and takes the rest later', async () => {
  await using keeper = await TestKeeper.start();
  await stopProcess(keeper.pid);
  await keeper.order({ do: 'flood' });
  const { count } = await keeper.hears({ type: 'full' });
  expect(count).toBeGreaterThan(50);
  process.kill(keeper.pid, 'SIGCONT');
  await keeper.hears({ type: 'held' }, Number(count) + 2);
});

test('after many crashes nothing is left over: no descriptor, no zombie, no second daemon', async () => {
  await using keeper = await TestKeeper.start();
  for (let id = 0; id < 5; id += 1) await keeper.open(`s${id}`, ['/bin/cat']);
  await keeper.kill();
  const before = await settledFdCount(keeper.pid);
  for (let crash = 0; crash < 4; crash += 1) {
    await passTime(2_000); // a death that comes sooner counts as a failure
    await keeper.kill();
  }
  await eventually('as many descriptors', () => fdCount(keeper.pid) === before);
  expect(zombiesOf(keeper.pid)).toEqual([]);
  expect(keeper.heard({ by: keeper.daemon, type: 'give' })).toHaveLength(7);
});

test('many messages later it is as small as before', async () => {
  await using keeper = await TestKeeper.start();
  await keeper.order({ do: 'chatter', times: 20_000 });
  await keeper.open('a', ['/bin/cat']);
  const mib = privateBytes(keeper.pid) / MIB;
  console.log(`keeper: ${mib.toFixed(1)} MiB of private memory after 20,000 messages`);
  expect(mib).toBeLessThan(PRIVATE_MIB_MAX);
});
