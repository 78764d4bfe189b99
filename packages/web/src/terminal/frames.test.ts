import { expect, test } from 'vitest';
import { splitFrame } from './frames.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const split = (at: number) =>
  splitFrame({ offset: 100, bytes: bytes('hello') }, at).map(
    ({ offset, bytes }) => `${offset}:${new TextDecoder().decode(bytes)}`,
  );

test('a frame is cut where the output ends that was there before, if that is within it', () => {
  expect(split(99)).toEqual(['100:hello']);
  expect(split(100)).toEqual(['100:hello']);
  expect(split(102)).toEqual(['100:he', '102:llo']);
  expect(split(104)).toEqual(['100:hell', '104:o']);
  expect(split(105)).toEqual(['100:hello']);
  expect(split(1_000)).toEqual(['100:hello']);
});
