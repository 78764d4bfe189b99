import { eventually, fdCount, type TestDaemon } from '@holdfast/testkit';
import { mastersOf } from '../e2e/support/upgrades.ts';

/** What a daemon may have open more than at its beginning: a log, the channel to a keeper that came later. */
const SPARE_DESCRIPTORS = 4;
/** For a busy machine to close what it has open for a moment. */
const PATIENCE_MS = 120_000;

/** Open descriptors of a daemon that has a worker. An idle one is let go, and with it go descriptors in whose place others could leak. */
export async function descriptorsOf(daemon: TestDaemon): Promise<number> {
  await startWorker(daemon);
  return fdCount(await daemon.servingPid());
}

/** Resolves when a daemon without sessions has what it had before. What it has open for a moment is closed by itself; a leak is not. */
export async function untilDescriptors(
  daemon: TestDaemon,
  before: number,
  withinMs: number = PATIENCE_MS,
): Promise<void> {
  await eventually(
    'descriptors as at the beginning',
    async () =>
      (await descriptorsOf(daemon)) <= before + SPARE_DESCRIPTORS &&
      mastersOf(await daemon.servingPid()) === 0,
    withinMs,
  );
}

async function startWorker(daemon: TestDaemon): Promise<void> {
  const client = await daemon.client();
  const { id } = await daemon.openCommand(['/bin/true']);
  await client.request('wait', { session: id }, { timeoutMs: null });
  await client.request('capture', { session: id, format: 'text' });
  await client.request('forget', { session: id });
}
