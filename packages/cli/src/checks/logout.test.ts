import os from 'node:os';
import { expect, test, vi } from 'vitest';
import { judgeLogout, userName } from './logout.ts';

const LINGERS = { isLingering: true, endsLogins: true };
const ENDS = { isLingering: false, endsLogins: true };
const LEAVES = { isLingering: false, endsLogins: false };
const UNKNOWN = { isLingering: true, endsLogins: undefined };

test.each([
  ['user systemd', LINGERS, 'ok', undefined],
  ['user systemd', LEAVES, 'warn', 'loginctl enable-linger'],
  ['login', LEAVES, 'ok', undefined],
  ['login', ENDS, 'warn', 'holdfast service install'],
  // Lingering does not save what belongs to a login.
  ['login', LINGERS, 'warn', 'holdfast service install'],
  ['login', UNKNOWN, 'warn', 'KillUserProcesses'],
  ['elsewhere', ENDS, 'ok', undefined],
] as const)('a keeper of a %s under %o is %s', (place, policy, status, hint) => {
  for (const runs of [true, false]) {
    const finding = judgeLogout({ place, runs, policy });
    expect(finding.status).toBe(status);
    if (hint === undefined) expect(finding.hint).toBeUndefined();
    else expect(finding.hint).toContain(hint);
  }
});

test('a user without an entry in the password file has a name all the same', () => {
  const userInfo = vi.spyOn(os, 'userInfo').mockImplementation(() => {
    throw new Error('ENOENT');
  });
  try {
    expect(userName({ USER: 'somebody' })).toBe('somebody');
    expect(userName({})).toBe(String(process.getuid?.()));
  } finally {
    userInfo.mockRestore();
  }
});
