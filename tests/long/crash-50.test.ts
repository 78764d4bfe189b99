import { settledFdCount, startDaemon, zombiesOf } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { floodUnderKills } from '../e2e/support/kills.ts';

const KILLS = 50;
const RECOVERY_MS = 1_000;

test(`a daemon that is killed ${KILLS} times under load loses no session and no acknowledged key, repeats no byte, and is back within a second`, async () => {
  await using daemon = await startDaemon({ keeper: true });
  const { recoveryMs, missingBytes, unknownKeys } = await floodUnderKills(daemon, KILLS);
  const sorted = recoveryMs.toSorted((one, other) => one - other);
  const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
  const lost = missingBytes.filter((bytes) => bytes > 0).length;
  console.log(
    `recovery p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; bytes missing at ${lost} of ${missingBytes.length} marks, at most ${Math.max(...missingBytes)}; ${unknownKeys} keys in doubt`,
  );
  expect(at(0.5)).toBeLessThan(RECOVERY_MS);
  expect(zombiesOf(daemon.pid)).toEqual([]);
  // Lock, listener, three masters, and what a keeper has open for itself and its daemon.
  expect(await settledFdCount(daemon.pid)).toBeLessThan(40);
}, 900_000);
