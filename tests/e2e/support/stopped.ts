import { keeperReport } from '@holdfast/supervisor/keeper-report';
import { eventually, passTime, stopProcess, type TestDaemon, within } from '@holdfast/testkit';
import { expect } from 'vitest';
import { SERVED_MS, startKept } from './kept.ts';
import { sameBuild, upgrade } from './upgrades.ts';

/** Of an upgrade that has no chance. */
const UPGRADE_MS = 1_500;

/** A keeper that stands is not dead: nothing waits for it but upgrades, and those for their own time. */
export async function keeperStands(forMs: number): Promise<void> {
  await using kept = await startKept();
  const { daemon } = kept;
  const before = await daemon.openCommand(['/bin/cat']);
  const { keeperPid = -1, daemonPids } = daemon.home;
  await stopProcess(keeperPid);
  const standing = passTime(forMs);
  const cat = await daemon.openCommand(['/bin/cat']);
  expect(cat).toMatchObject({ state: 'running', unescrowed: true });
  const client = await daemon.client();
  const deadline = String(process.hrtime.bigint() + BigInt(UPGRADE_MS) * 1_000_000n);
  const asked = client.request('upgrade', { ...sameBuild(daemon), deadline }, { timeoutMs: null });
  await expect(within('an end', asked)).rejects.toMatchObject({ code: 'E_UPGRADE_TIMEOUT' });
  await standing;
  // As it was, and serving.
  expect([daemon.home.keeperPid, daemon.home.daemonPids]).toEqual([keeperPid, daemonPids]);
  for (const { id, pid } of [before, cat]) await expectEcho(daemon, { id, pid });
  // Asked for while it stands: it hears of the one that was given up as well.
  const next = upgrade(daemon);
  await client.request('status', {});
  process.kill(keeperPid, 'SIGCONT');
  expect((await next).from.pid).toBe(daemonPids[0]);
  expect(daemon.home.keeperPid).toBe(keeperPid);
  await eventually('it is held', async () => (await daemon.get(cat)).unescrowed === undefined);
  await passTime(SERVED_MS);
  await daemon.killServing();
  for (const { id, pid } of [before, cat]) await expectEcho(daemon, { id, pid });
}

/** A daemon that stands is not dead: it is waited for, and not replaced. */
export async function daemonStands(forMs: number): Promise<void> {
  await using kept = await startKept();
  const { daemon } = kept;
  const serving = await daemon.servingPid();
  const { keeperPid } = daemon.home;
  await stopProcess(serving);
  const opening = daemon.cli(['new', '-d', '--', '/bin/cat'], { withinMs: forMs + 30_000 });
  await passTime(forMs);
  expect(keeperReport(daemon.home.paths)).toMatchObject({ state: 'running', daemonPid: serving });
  process.kill(serving, 'SIGCONT');
  const { code, stdout, stderr } = await opening;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect([daemon.home.keeperPid, daemon.home.daemonPids]).toEqual([keeperPid, [serving]]);
  expect(await daemon.get(String(stdout).trim())).toMatchObject({ state: 'running' });
}

async function expectEcho(daemon: TestDaemon, { id, pid }: { id: string; pid: number }): Promise<void> {
  const output = await daemon.record(id);
  const input = await (await daemon.client()).openInput(id);
  const line = `at ${output.bytes.length}`;
  await input.write(Buffer.from(`${line}\n`));
  await output.waitFor(`${line}\r\n${line}\r\n`);
  await output.subscription.close();
  expect(await daemon.get(id)).toMatchObject({ state: 'running', pid });
}
