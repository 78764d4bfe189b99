import os from 'node:os';

/** A user without an entry in the password file, as in many containers, is known by what the login says, or the number. */
export function userName(env: NodeJS.ProcessEnv): string {
  try {
    return os.userInfo().username;
  } catch {
    return env['USER'] || String(process.getuid?.()); // ENOENT
  }
}
