import { test } from 'vitest';
import { holdingIsTold, isServedAgain, keeperIsReplaced } from '../e2e/support/recovery.ts';

/** What is promised, on a machine that has nothing else to do; tests/e2e/crash-keeper.test.ts allows for one that has. */
const REPLACED_MS = 1_000;
const SERVED_AGAIN_MS = 1_000;
const TOLD_MS = 2_000;

test('a keeper that is killed under load is replaced within a second by one that holds everything and is the parent', () =>
  keeperIsReplaced(REPLACED_MS));

test('within a second of the death of a daemon a session can be opened, listed and killed', () =>
  isServedAgain(SERVED_AGAIN_MS));

test('`status` says within 2 s that daemons die again and again', () => holdingIsTold(TOLD_MS));
