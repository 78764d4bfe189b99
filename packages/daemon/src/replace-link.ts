import fs from 'node:fs';

/** Points a symbolic link at a target, in one step: nobody finds it missing. Throws Node's error. */
export function replaceLink(path: string, target: string): void {
  const fresh = `${path}.new`;
  fs.rmSync(fresh, { force: true });
  fs.symlinkSync(target, fresh);
  fs.renameSync(fresh, path);
}
