import { fuzzRuns, hostileJson, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CastReader } from './cast-reader.ts';
import { PlayClock } from './play-clock.ts';
import { playerKeys } from './player-keys.ts';

const headers = hostileJson(
  { version: 2, width: 80, height: 24, idle_time_limit: 2 },
  { version: 3, term: { cols: 80, rows: 24, type: 'xterm' }, env: { SHELL: '/bin/sh' } },
);
const events = fc.array(hostileJson([0.5, 'o', 'text\r\n'], [1, 'r', '100x30'], [2.5, 'x', '0']), {
  maxLength: 6,
});

test('a recording is refused with the line, or played at times that there are', async () => {
  await fc.assert(
    fc.asyncProperty(headers, events, fc.integer({ min: 1, max: 64 }), async (header, lines, length) => {
      const bytes = Buffer.from([header, ...lines].join('\n'));
      const reader = new CastReader(cut(bytes, length));
      const playing = play(reader);
      const error = await playing.then(
        () => undefined,
        (error: unknown) => error,
      );
      const outcome = judge(() => {
        if (error !== undefined) throw error;
      });
      if (outcome.kind === 'refused') expect(outcome.error.message).toMatch(/line|empty|asciicast/);
    }),
    fuzzRuns(1_000),
  );
});

async function play(reader: CastReader): Promise<void> {
  const { cols, rows, idleLimit } = await reader.begin();
  expect(Math.min(cols, rows)).toBeGreaterThan(0);
  const clock = new PlayClock({ speed: 1, idleLimit }, 0);
  for (let event = await reader.next(); event; event = await reader.next()) {
    expect(event.after).toBeGreaterThanOrEqual(0);
    clock.follow(event.after);
    // An event that is never due could not even be skipped.
    if (!Number.isFinite(clock.msLeft(0))) throw new TypeError('an event is due at no time');
  }
}

async function* cut(bytes: Buffer, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

test('whatever is typed at a player is some of its keys, or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (typed) => {
      const outcome = judge(() => playerKeys(typed));
      if (outcome.kind === 'refused') throw outcome.error;
      expect(outcome.result.length).toBeLessThanOrEqual(typed.length);
    }),
    fuzzRuns(1_000),
  );
});
