import { test } from 'vitest';
import { killAt, STEPS, VICTIMS } from '../e2e/support/kill-points.ts';

const CASES = STEPS.flatMap((step) => VICTIMS.map((victim) => ({ step, victim })));

test.for(CASES)(
  '$victim killed while an upgrade is at $step: one daemon serves, and nothing is lost',
  ({ step, victim }) => killAt(step, victim),
);
