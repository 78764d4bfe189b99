import { test } from 'vitest';
import { killAt, type Victim } from './support/kill-points.ts';
import type { Step } from './support/upgrade-steps.ts';

/** Where it matters most who has what; all others are in tests/long/kill-points.test.ts. */
const CASES: readonly { readonly step: Step; readonly victim: Victim }[] = [
  { step: 'successor.loaded', victim: 'successor' },
  { step: 'successor.received', victim: 'predecessor' },
  { step: 'successor.committed', victim: 'predecessor' },
  { step: 'successor.serving', victim: 'successor' },
  { step: 'successor.serving', victim: 'keeper' },
];

test.for(CASES)(
  '$victim killed while an upgrade is at $step: one daemon serves, and nothing is lost',
  { timeout: 60_000 },
  ({ step, victim }) => killAt(step, victim),
);
