import { expect, test } from 'vitest';
import { followProgram, type LinkedPid } from './restored-behind.ts';

/** How often the news, one after the other, call for another link. */
function restored(news: readonly { pid: number | undefined; hasEnded: boolean }[]): number {
  let linked: LinkedPid;
  let times = 0;
  for (const one of news) {
    const following = followProgram(linked, one);
    ({ linked } = following);
    if (following.isRestored) times += 1;
  }
  return times;
}

const unknown = { pid: undefined, hasEnded: false };
const first = { pid: 1, hasEnded: false };
const firstEnded = { pid: 1, hasEnded: true };
const second = { pid: 2, hasEnded: false };
const secondEnded = { pid: 2, hasEnded: true };

test.each([
  ['the end is told first', [unknown, first, firstEnded, secondEnded]],
  ['the page hears of the new program before it hears of the end', [unknown, first, second, secondEnded]],
  ['the session is not known for a while', [first, unknown, { ...unknown, hasEnded: true }, secondEnded]],
])('a session that is restored gets another link once: %s', (_, news) => {
  expect(restored([...news, second])).toBe(1);
});

test('each restore gets one, and an end alone gets none', () => {
  expect(restored([first, firstEnded, firstEnded])).toBe(0);
  expect(restored([first, firstEnded, secondEnded, second, secondEnded, firstEnded])).toBe(2);
});
