import { expect, test } from 'vitest';
import { parseEndsLogins, placeOf } from './login.ts';

test.each([
  ['0::/user.slice/user-1000.slice/session-3.scope\n', 'login'],
  ['1:name=systemd:/user.slice/user-0.slice/session-c1.scope\n0::/\n', 'login'],
  ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/holdfast.service\n', 'user systemd'],
  // A window of a desktop.
  ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-term-5.scope\n', 'user systemd'],
  ['0::/system.slice/cron.service\n', 'elsewhere'],
  ['0::/\n', 'elsewhere'],
])('%j is of a %s', (cgroup, place) => {
  expect(placeOf(cgroup)).toBe(place);
});

test.each([
  ['KillUserProcesses=no\nKillOnlyUsers=\nKillExcludeUsers=root\n', false],
  ['KillOnlyUsers=\nKillExcludeUsers=root\nKillUserProcesses=yes\n', true],
  ['KillUserProcesses=yes\nKillOnlyUsers=\nKillExcludeUsers=root ada\n', false],
  ['KillUserProcesses=yes\nKillOnlyUsers=bob\nKillExcludeUsers=root\n', false],
  ['KillUserProcesses=yes\nKillOnlyUsers=bob ada\nKillExcludeUsers=\n', true],
  ['', undefined],
])('of %j, that ends the processes of ada: %s', (properties, expected) => {
  expect(parseEndsLogins(properties, 'ada')).toBe(expected);
});
