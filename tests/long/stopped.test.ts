import { test } from 'vitest';
import { daemonStands, keeperStands } from '../e2e/support/stopped.ts';

const STOPPED_MS = 10_000;

test('a keeper that is stopped for 10 s: sessions open, an upgrade fails in its time, and nothing is replaced', () =>
  keeperStands(STOPPED_MS));

test('a daemon that is stopped for 10 s: who asks for a session waits, and gets it', () =>
  daemonStands(STOPPED_MS));
