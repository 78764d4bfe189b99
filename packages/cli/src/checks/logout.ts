import fs from 'node:fs';
import { keeperReport } from '@holdfast/supervisor/keeper-report';
import { type LogoutPolicy, logoutPolicy, type Place, placeOf } from '../service/login.ts';
import { userName } from '../service/user-name.ts';
import { type Check, type Finding, ok, warn } from './finding.ts';

/** Whether the keeper, and with it every session, stays when the user logs out. */
export const logout: Check = {
  name: 'logout',
  run({ env, home }) {
    if (!fs.existsSync('/run/systemd/system')) return ok('systemd does not run here, and ends nothing');
    const keeper = keeperReport(home)?.pid;
    const place = placeOf(fs.readFileSync(`/proc/${keeper ?? 'self'}/cgroup`, 'utf8'));
    return judgeLogout({
      place,
      runs: keeper !== undefined,
      policy: logoutPolicy(userName(env), env),
    });
  },
};

/** `runs` = the place is that of a keeper, and not of this command, where a keeper would be started. */
export function judgeLogout(how: { place: Place; runs: boolean; policy: LogoutPolicy }): Finding {
  const { place, runs, policy } = how;
  const who = runs ? 'the keeper belongs to' : 'a keeper started here belongs to';
  if (place === 'elsewhere') return ok(`${who} no login: no logout ends it`);
  if (place === 'user systemd') return ofSystemd(who, policy);
  return ofLogin(who, policy, runs ? ' once this keeper has been stopped' : '');
}

function ofSystemd(who: string, { isLingering }: LogoutPolicy): Finding {
  if (isLingering) return ok(`${who} your systemd, which lingers: no logout ends it`);
  return warn(`${who} your systemd, which ends with your last login`, {
    why: 'all sessions end with it',
    hint: 'loginctl enable-linger keeps it',
  });
}

function ofLogin(who: string, { endsLogins }: LogoutPolicy, when: string): Finding {
  if (endsLogins === undefined)
    return warn(`${who} a login, and logind does not tell whether its processes end with that`, {
      why: 'if they do, a logout ends all sessions',
      hint: 'see KillUserProcesses in logind.conf',
    });
  if (!endsLogins) return ok(`${who} a login, and KillUserProcesses=no leaves it running`);
  return warn(`${who} a login, and KillUserProcesses=yes ends it with that`, {
    why: 'a logout ends all sessions',
    hint: `loginctl enable-linger, and holdfast service install${when}`,
  });
}
