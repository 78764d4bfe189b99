import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A hanging user manager must not hang the command. It answers in milliseconds. */
const SYSTEMCTL_TIMEOUT_MS = 60_000;

/** Why the systemd of this user can't be used here; undefined if it can. */
export function whyNoSystemd(env: NodeJS.ProcessEnv): string | undefined {
  if (process.platform === 'darwin')
    return 'this system has launchd: contrib/holdfast.plist is an agent for it';
  // What systemd itself asks whether it runs (sd_booted).
  if (!fs.existsSync('/run/systemd/system')) return 'systemd does not run here';
  if (!env['XDG_RUNTIME_DIR'])
    return "XDG_RUNTIME_DIR is not set, so the user's systemd can't be found: log in anew (su and sudo are no logins)";
  return undefined;
}

/** Where the units of this user are. */
export function unitFolder(env: NodeJS.ProcessEnv): string {
  const given = env['XDG_CONFIG_HOME'];
  const config = given && path.isAbsolute(given) ? given : path.join(env['HOME'] || os.homedir(), '.config');
  return path.join(config, 'systemd', 'user');
}

/** Runs `systemctl --user`. Throws with what it said. */
export function systemctl(env: NodeJS.ProcessEnv, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('systemctl', ['--user', ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: SYSTEMCTL_TIMEOUT_MS,
  });
  if (status === 0) return;
  const why = error?.message ?? (stderr.trim() || `it ended with ${status}`);
  throw new Error(`systemctl --user ${args.join(' ')}: ${why}`, { cause: error });
}
