import { expect, test } from 'vitest';
import { soak } from '../soak/soak.ts';

const MINUTES = Number(process.env['HOLDFAST_SOAK_MINUTES'] ?? 3);
const SESSIONS = Number(process.env['HOLDFAST_SOAK_SESSIONS'] ?? 30);
const UPGRADE_SECONDS = Number(process.env['HOLDFAST_SOAK_UPGRADE_SECONDS'] ?? 5);

test(
  `${MINUTES} minutes with ${SESSIONS} sessions and an upgrade each ${UPGRADE_SECONDS} s: memory and descriptors stay as they are`,
  async () => {
    const report = await soak({
      ms: MINUTES * 60_000,
      sessions: SESSIONS,
      upgradeEveryMs: UPGRADE_SECONDS * 1_000,
      onSample: (line) => console.log(line),
    });
    console.log(String(report));
    expect(report.complaints).toEqual([]);
  },
  MINUTES * 60_000 + 600_000,
);
