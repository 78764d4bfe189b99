import fs from 'node:fs';

/**
 * Points a symbolic link at a target, in one step: nobody finds it missing. Nothing is written where it points there already.
 * Throws Node's error.
 */
export function replaceLink(path: string, target: string): void {
  if (targetOf(path) === target) return;
  const fresh = `${path}.new`;
  fs.rmSync(fresh, { force: true });
  fs.symlinkSync(target, fresh);
  fs.renameSync(fresh, path);
}

function targetOf(path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch {
    // ENOENT, EINVAL: there is no link yet.
    return undefined;
  }
}
