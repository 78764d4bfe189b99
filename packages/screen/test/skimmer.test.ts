import { Emulators, modeDifferences, SafeOffset, Skimmer } from '@holdfast/screen';
import { randomCuts, ScreenRecording } from '@holdfast/testkit';
import { describe, expect, it } from 'vitest';

const GAPS = 6;
/** Not a divisor of anything: pieces end within sequences. */
const PIECE = 977;

const emulators = new Emulators();
const recordings = ScreenRecording.all();

function safeAt(bytes: Uint8Array, offset: number): number {
  const output = new SafeOffset();
  output.push(bytes.subarray(0, offset));
  return output.safe;
}

function skim(bytes: Uint8Array): Buffer {
  const skimmer = new Skimmer();
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) pieces.push(skimmer.skim(bytes.subarray(at, at + PIECE)));
  return Buffer.concat(pieces);
}

describe('a gap that is skimmed', () => {
  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    'in %s leaves all modes as they are',
    (_, recording) => {
      const { bytes } = recording;
      for (const { at, later } of randomCuts(recording, GAPS, 3)) {
        const [from, to] = [safeAt(bytes, at), safeAt(bytes, later)];
        using always = emulators.open({ cols: 80, rows: 24 });
        using skimmed = emulators.open({ cols: 80, rows: 24 });
        always.feed(bytes.subarray(0, to));
        skimmed.feed(bytes.subarray(0, from));
        skimmed.feed(skim(bytes.subarray(from, to)));
        expect(modeDifferences(always, skimmed)).toEqual([]);
      }
    },
  );

  it.each([
    ['\x1b[1;31m\x1b[22m\x1b[2mdim', '\x1b[22;2;31m'],
    ['a\x1b[38;5;9mb\x1b[38;2;1;2;3mc', '\x1b[38;2;1;2;3m'],
    ['\x1b[4:3m\x1b[58:2::1:2:3mx\x1b[m', '\x1b[0m'],
    ['\x1b[?2004h\x1b[?25l\x1b[?2004l', '\x1b[?25l\x1b[?2004l'],
    ['text\x1b[6n\x1b[c\x1b[2J\x1b[H\x1b]11;?\x07', ''],
    ['\x1b]0;a\x07\x1b]2;b\x07\x1b]0;c\x07', '\x1b]0;c\x1b\\'],
    ['\x1bPq\x1b\\\x1b_G\x1b\\\x0e', '\x0e'],
    ['\x1b[31m\x1b7\x1b[32m\x1b8', '\x1b[31m\x1b7\x1b[32m\x1b8'],
    ['\x1b[31m\x1bc\x1b[1m', '\x1bc\x1b[0;1m'],
  ])('%j becomes %j', (written, kept) => {
    expect(new Skimmer().skim(Buffer.from(written)).toString()).toBe(kept);
  });
});
