import { startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { descriptorsOf, untilDescriptors } from '../chaos/descriptors.ts';

/** More than are spared, and fewer than those and the ones of a worker. */
const LEAKED = 6;
/** An idle worker is let go after 60 s. */
const LET_GO_MS = 75_000;

test('chaos sees descriptors leak as well when the worker of the daemon has been let go', async () => {
  await using daemon = await startDaemon();
  const before = await descriptorsOf(daemon);
  await untilDescriptors(daemon, before);
  for (let count = 0; count < LEAKED; count += 1) await daemon.connect();
  await expect(untilDescriptors(daemon, before, LET_GO_MS)).rejects.toThrow(
    'descriptors as at the beginning',
  );
});
