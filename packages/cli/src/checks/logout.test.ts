import { expect, test } from 'vitest';
import { judgeLogout } from './logout.ts';

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
