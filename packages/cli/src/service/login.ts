import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** What systemd does with processes that are left when a user logs out. */
export interface LogoutPolicy {
  /** Whether the user's own systemd goes on without a login. */
  readonly isLingering: boolean;
  /** Whether the processes of a login are ended with it; undefined if logind doesn't tell. */
  readonly endsLogins: boolean | undefined;
}

/** By whom a process was started, as its control group says. */
export type Place = 'login' | 'user systemd' | 'elsewhere';

/** It answers in milliseconds. */
const LOGINCTL_TIMEOUT_MS = 5_000;

/** Whether this user's systemd runs without a login. */
export function isLingering(user: string): boolean {
  return fs.existsSync(path.join('/var/lib/systemd/linger', user));
}

/** What logind will do. */
export function logoutPolicy(user: string, env: NodeJS.ProcessEnv): LogoutPolicy {
  return { isLingering: isLingering(user), endsLogins: endsLogins(user, env) };
}

/** The place that /proc/PID/cgroup tells. */
export function placeOf(cgroup: string): Place {
  if (/\/user@\d+\.service(\/|$)/m.test(cgroup)) return 'user systemd';
  return /\/session-[^/]+\.scope(\/|$)/m.test(cgroup) ? 'login' : 'elsewhere';
}

function endsLogins(user: string, env: NodeJS.ProcessEnv): boolean | undefined {
  const names = ['KillUserProcesses', 'KillOnlyUsers', 'KillExcludeUsers'];
  // Without a session's name it tells of the manager.
  const { status, stdout } = spawnSync(
    'loginctl',
    ['show-session', ...names.flatMap((name) => ['-p', name])],
    { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: LOGINCTL_TIMEOUT_MS },
  );
  return status === 0 ? parseEndsLogins(stdout, user) : undefined;
}

/** From lines `Name=value`, lists separated by spaces. */
export function parseEndsLogins(properties: string, user: string): boolean | undefined {
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(properties)?.[1]?.trim();
  const list = (name: string) => value(name)?.split(/\s+/).filter(Boolean) ?? [];
  const kills = value('KillUserProcesses');
  if (kills === undefined) return undefined;
  const only = list('KillOnlyUsers');
  return (
    kills === 'yes' && !list('KillExcludeUsers').includes(user) && (only.length === 0 || only.includes(user))
  );
}
