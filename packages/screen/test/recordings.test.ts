import { differences, Emulators, SafeOffset, Serializer } from '@holdfast/screen';
import {
  randomCuts,
  randomlyResized,
  ScreenRecording,
  unequalCuts,
  unlikeRestored,
  written,
} from '@holdfast/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const CUTS = 10;
const RESIZED_CUTS = 5;
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
      expect(unequalCuts(recording, randomCuts(recording, CUTS), { emulators, serializer })).toEqual([]);
    },
  );

  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    'of %s looks the same when the window is resized again and again',
    (_, recording) => {
      const resized = randomlyResized(recording);
      const cuts = randomCuts(recording, RESIZED_CUTS);
      expect(unequalCuts(resized, cuts, { emulators, serializer })).toEqual([]);
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
        expect(serializer.unrepresented).toEqual([]);
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
    const runs = 1_000;
    const seed = fc.readConfigureGlobal().seed;
    const unlike = fc
      .sample(written, { numRuns: runs, ...(seed === undefined ? {} : { seed }) })
      .map((one) => unlikeRestored(one, { emulators, serializer }))
      .filter((one) => one !== undefined);
    expect(unlike.filter(({ said }) => said.length === 0)).toEqual([]);
    expect(unlike.length).toBeLessThanOrEqual(runs / 500);
  });
});
