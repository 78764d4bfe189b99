import { Emulators, Serializer } from '@holdfast/screen';
import { randomCuts, ScreenRecording, unequalCuts } from '@holdfast/testkit';
import { describe, expect, it } from 'vitest';

/** 10,000 in all. */
const CUTS = 10_000;

const emulators = new Emulators();
const serializer = new Serializer();
const recordings = ScreenRecording.all();
const each = Math.ceil(CUTS / recordings.length);

describe('attaching anywhere in the output of real programs', () => {
  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    'of %s gives the same terminal, then and later',
    (_, recording) => {
      const unequal = unequalCuts(recording, randomCuts(recording, each, 2), { emulators, serializer });
      const unsaid = unequal.filter(({ unrepresented }) => unrepresented.length === 0);
      expect(unsaid).toEqual([]);
      // htop deletes characters after its window has been made narrower.
      const said = new Set(unequal.map(({ at }) => at)).size;
      expect(said / each).toBeLessThan(0.05);
    },
  );
});
