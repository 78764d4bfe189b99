import { differences, Emulators, SafeOffset, Serializer } from '@holdfast/screen';
import { randomCuts, ScreenRecording, unequalCuts } from '@holdfast/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequence } from './escape-grammar.ts';

const CUTS = 12;
const CHAIN = 50;

const emulators = new Emulators();
const serializer = new Serializer();
const recordings = ScreenRecording.all();

describe('the output of real programs', () => {
  it('is recorded of all of them', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(20);
  });

  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    'of %s looks the same to who attaches anywhere, then and later',
    (_, recording) => {
      const unequal = unequalCuts(recording, randomCuts(recording, CUTS), { emulators, serializer });
      expect(unequal.filter(({ unrepresented }) => unrepresented.length === 0)).toEqual([]);
    },
  );

  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    'of %s goes through a chain of checkpoints with the same screen in the end',
    (_, recording) => {
      const { bytes } = recording;
      using always = emulators.open(recording.sizeAt(0));
      const output = new SafeOffset();
      let current = emulators.open(recording.sizeAt(0));
      let at = 0;
      for (let link = 1; link <= CHAIN; link += 1) {
        output.push(bytes.subarray(output.end, Math.floor((bytes.length * link) / CHAIN)));
        for (const emulator of [always, current]) recording.play(emulator, at, output.safe);
        at = output.safe;
        const checkpoint = serializer.serialize(current);
        if (serializer.unrepresented.length > 0) break; // what htop does after a shrink is not carried
        current[Symbol.dispose]();
        current = emulators.open(recording.sizeAt(at));
        current.feed(checkpoint);
        expect(serializer.serialize(current).equals(checkpoint)).toBe(true);
        expect(differences(always, current)).toEqual([]);
      }
      current[Symbol.dispose]();
    },
  );
});

describe('anything that can be written', () => {
  it('is restored, or said not to be', () => {
    let unequal = 0;
    const runs = 400;
    const sizes = fc.constantFrom({ cols: 20, rows: 6 }, { cols: 40, rows: 12 }, { cols: 3, rows: 3 });
    fc.assert(
      fc.property(
        fc.array(sequence, { minLength: 1, maxLength: 50 }),
        fc.array(sequence, { maxLength: 25 }),
        sizes,
        (before, after, size) => {
          using original = emulators.open(size, 50);
          using restored = emulators.open(size, 50);
          original.feed(Buffer.from(before.join('')));
          fc.pre(original.internals.isGround);
          restored.feed(serializer.serialize(original));
          const isSaid = serializer.unrepresented.length > 0;
          const rest = Buffer.from(after.join(''));
          const found = differences(original, restored);
          original.feed(rest);
          restored.feed(rest);
          found.push(...differences(original, restored));
          if (found.length > 0 && isSaid) unequal += 1;
          else expect(found).toEqual([]);
        },
      ),
      { numRuns: runs },
    );
    expect(unequal).toBeLessThan(runs / 100);
  });
});
