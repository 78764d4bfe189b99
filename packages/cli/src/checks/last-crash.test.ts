import { expect, test } from 'vitest';
import { keeperCrash } from './last-crash.ts';

const at = (second: number, event: string) =>
  `${new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()} ${event}`;
const lost = 'keeper.lost why=it ended';

test.each([
  ['alone', [at(1, lost)], 1],
  ['and another one was started', [at(1, lost), at(2, 'keeper.started pid=1')], 1],
  ['while the daemon stops', [at(1, 'daemon.stopping'), at(2, lost)], undefined],
  ['as the system goes down', [at(1, lost), at(2, 'daemon.stopping by=SIGTERM')], undefined],
  ['long before the system goes down', [at(1, lost), at(9, 'daemon.stopping by=SIGTERM')], 1],
  ['before somebody stops the daemon', [at(1, lost), at(2, 'daemon.stopping')], 1],
  ['of a later daemon', [at(1, 'daemon.stopping'), at(2, 'daemon.serving pid=1'), at(3, lost)], 3],
  ['once more, by a shutdown', [at(1, lost), at(8, lost), at(9, 'daemon.stopping by=SIGTERM')], 1],
  ['never', [at(1, 'daemon.serving pid=1')], undefined],
] as const)('a keeper that is lost %s', (_when, lines, second) => {
  const crash = keeperCrash(`${lines.join('\n')}\n`, 'daemon.log');
  expect(crash && new Date(crash.atMs).getUTCSeconds()).toBe(second);
});
