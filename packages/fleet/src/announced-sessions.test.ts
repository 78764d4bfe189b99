import { deflateRawSync } from 'node:zlib';
import { LIMITS } from '@holdfast/protocol';
import { announcedSession } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { parseAnnouncement } from './announced-sessions.ts';

const SESSION = announcedSession();

function parsed(list: { sessions: readonly object[]; omitted: number }) {
  return parseAnnouncement(deflateRawSync(JSON.stringify(list)));
}

test('of more sessions than a daemon has, so many are believed, and the others are counted', () => {
  const list = parsed({ sessions: Array.from({ length: 10_000 }, () => SESSION), omitted: 7 });
  expect(list?.sessions).toHaveLength(LIMITS.sessions);
  expect(list?.sessions[0]).toEqual(SESSION);
  expect(list?.omitted).toBe(10_000 - LIMITS.sessions + 7);
});

test('what becomes too large when it is inflated is no list', () => {
  expect(parsed({ sessions: Array.from({ length: 125_000 }, () => SESSION), omitted: 0 })).toBeUndefined();
  expect(parsed({ sessions: [{ ...SESSION, name: 'x'.repeat(15_000_000) }], omitted: 0 })).toBeUndefined();
  expect(parseAnnouncement(Buffer.from('not compressed'))).toBeUndefined();
});

test('a session with more text than one has is left out, and counted', () => {
  const long = 'x'.repeat(LIMITS.controlFrameBytes / 4);
  for (const field of [
    { id: long },
    { name: long },
    { command: [long] },
    { command: Array.from({ length: 5_000 }, () => '') },
    { cwd: long },
    { exit: { signal: long } },
    { createdAt: long },
  ])
    expect(parsed({ sessions: [{ ...SESSION, ...field }, SESSION], omitted: 0 })).toEqual({
      sessions: [SESSION],
      omitted: 1,
    });
});

test('there is no list from which less than nothing is left out', () => {
  expect(parsed({ sessions: [SESSION], omitted: -5 })).toBeUndefined();
  expect(parsed({ sessions: [{}], omitted: Number.MAX_SAFE_INTEGER })?.omitted).toBe(Number.MAX_SAFE_INTEGER);
});
