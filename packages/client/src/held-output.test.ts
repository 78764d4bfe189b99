import { expect, test } from 'vitest';
import { type HeldItem, HeldOutput } from './held-output.ts';

function bytes(offset: number, text: string): HeldItem {
  return { kind: 'bytes', offset, bytes: Buffer.from(text) };
}

function resized(offset: number, cols: number): HeldItem {
  return { kind: 'resized', offset, cols, rows: 24 };
}

/** Everything that is held, which is nothing afterwards. */
function all(held: HeldOutput): string[] {
  const found: string[] = [];
  for (let item = held.shift(); item; item = held.shift()) {
    if (item.kind === 'bytes') found.push(`${item.offset} ${Buffer.from(item.bytes).toString()}`);
    else found.push(`${item.offset} ${item.kind === 'resized' ? item.cols : 'exited'}`);
  }
  return found;
}

test('output is held in its order, as a copy, and stands where it begins', () => {
  const held = new HeldOutput();
  const chunk = Buffer.from('abc');
  held.push({ kind: 'bytes', offset: 7, bytes: chunk });
  chunk.fill('x');
  held.push(resized(10, 90));
  held.push(bytes(10, 'de'));
  held.push({ kind: 'exited', offset: 12, exit: { code: 0 } });
  expect(held.start).toBe(7);
  expect(all(held)).toEqual(['7 abc', '10 90', '10 de', '12 exited']);
  expect(held.isEmpty).toBe(true);
  held.push(resized(20, 80));
  expect(held.start).toBe(20);
});

test('what a screen shows is cut off, in the middle of a piece too', () => {
  const held = new HeldOutput();
  held.push(bytes(0, 'abcd'));
  held.push(resized(4, 90));
  held.push(bytes(4, 'efgh'));
  held.push(resized(8, 100));
  held.cut(6, { cols: 90, rows: 24 });
  expect(held.start).toBe(6);
  expect(all(held)).toEqual(['6 gh', '8 100']);
  held.push(bytes(8, 'ij'));
  held.cut(20, { cols: 90, rows: 24 });
  expect(held.isEmpty).toBe(true);
});

test.each([
  { size: 90, left: ['4 100', '4 ef'] },
  { size: 100, left: ['4 ef'] },
  { size: 80, left: ['4 90', '4 100', '4 ef'] },
])('of sizes at the place of a screen those are told that come behind its own ($size)', ({ size, left }) => {
  const held = new HeldOutput();
  held.push(bytes(0, 'abcd'));
  held.push(resized(4, 90));
  held.push(resized(4, 100));
  held.push(bytes(4, 'ef'));
  held.cut(4, { cols: size, rows: 24 });
  expect(all(held)).toEqual(left);
});

test('only the newest bytes are held, with the last size before them', () => {
  const held = new HeldOutput();
  for (let at = 0; at < 40; at += 4) {
    held.push(resized(at, at), 10);
    held.push(bytes(at, 'abcd'), 10);
  }
  expect(held.start).toBe(32);
  expect(all(held)).toEqual(['28 28', '32 32', '32 abcd', '36 36', '36 abcd']);
});

test('no end is forgotten', () => {
  const held = new HeldOutput();
  held.push(bytes(0, 'abcd'));
  held.push({ kind: 'exited', offset: 4, exit: { code: 3 } });
  held.cut(4, { cols: 80, rows: 24 });
  expect(all(held)).toEqual(['4 exited']);
});
