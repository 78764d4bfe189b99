import { Emulators, Serializer } from '@holdfast/screen';
import { randomCuts, randomlyResized, ScreenRecording, unequalCuts } from '@holdfast/testkit';
import { describe, expect, it } from 'vitest';

/** In all, of each kind. */
const CUTS = 10_000;
/** What is not equal says where: the same cut is made again by it. */
const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? 2);

const tools = { emulators: new Emulators(), serializer: new Serializer() };
const recordings = ScreenRecording.all();
const each = Math.ceil(CUTS / recordings.length);
const byName = recordings.map((recording) => [recording.name, recording] as const);

describe('attaching anywhere in the output of real programs', () => {
  it.each(byName)('of %s gives the same terminal, then and later', (_, recording) => {
    expect(unequalCuts(recording, randomCuts(recording, each, seed), tools)).toEqual([]);
  });

  it.each(byName)('of %s gives the same terminal, however the window is resized', (_, recording) => {
    const resized = randomlyResized(recording, seed);
    expect(unequalCuts(resized, randomCuts(recording, each, seed), tools)).toEqual([]);
  });
});
