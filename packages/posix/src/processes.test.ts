import { describe, expect, test } from 'vitest';
import { parseStat } from './processes.ts';

const rest = 'S 7 42 43 34816 42 4194304 100 0 0 0 1 2 0 0 20 0 1 0 123456 8658944 250 0';

describe('/proc/PID/stat', () => {
  test.for(['cat', 'a) R 1 (b', ')', '(', '))((', 'x) Z 1 1 1 1', ' ', '', 'two\nlines'])(
    'is read right for %j',
    (command) => {
      expect(parseStat(`42 (${command}) ${rest}`)).toEqual({
        pid: 42,
        command,
        parent: 7,
        group: 42,
        session: 43,
        terminal: 34_816,
        isZombie: false,
        startTime: 123_456,
      });
    },
  );

  test('shows zombies and the dead as such', () => {
    for (const state of ['Z', 'X'])
      expect(parseStat(`1 (x) ${rest.replace('S', state)}`)?.isZombie).toBe(true);
    for (const state of ['S', 'R', 'D', 'T', 'I'])
      expect(parseStat(`1 (x) ${rest.replace('S', state)}`)?.isZombie).toBe(false);
  });

  test('is nothing when it is something else', () => {
    for (const text of ['', 'nonsense', ')(', '12 cat S']) expect(parseStat(text)).toBeUndefined();
  });
});
