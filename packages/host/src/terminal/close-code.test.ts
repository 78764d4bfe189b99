import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CLOSE } from './close-code.ts';

/** Of the WebSocket protocol itself: the connection broke, the service starts anew, a frame was too large. */
const OF_THE_PROTOCOL = [1006, 1009, 1012];

test('docs/api.md lists every close code, and no other', () => {
  const page = readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| ((?:\d{4}(?:, )?)+) \| (?:yes|no)\b/gm)];
  const told = rows.flatMap(([, codes = '']) => codes.split(', ').map(Number));
  expect(new Set(told)).toEqual(new Set([...Object.values(CLOSE), ...OF_THE_PROTOCOL]));
});
