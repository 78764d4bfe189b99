import { test } from 'vitest';
import { KILLS, killAt } from '../e2e/support/kill-points.ts';

test.for(KILLS)(
  '$victim killed while an upgrade is at $step: one daemon serves, and nothing is lost',
  ({ step, victim }) => killAt(step, victim),
);
