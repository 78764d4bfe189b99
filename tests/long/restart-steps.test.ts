import { test } from 'vitest';
import { endAmid } from '../e2e/support/end-amid.ts';
import { STEPS } from '../e2e/support/upgrade-steps.ts';

test.each(['restart', 'stop'] as const)(
  '%s in the midst of each step of an upgrade ends everything, and leaves at most one daemon',
  (verb) => endAmid(verb, STEPS),
);
