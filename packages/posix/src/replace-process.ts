import { isCloseOnExec, setCloseOnExec } from './descriptors.ts';
import { lastError } from './errors.ts';
import { libc } from './libc.ts';

/**
 * Has another program take the place of the one that runs (execve): same pid, same children, and of the descriptors 0 to 2 and
 * `keep`, under their numbers. Nothing of this program runs any more, no exit handler either. Throws PosixError if it can't be
 * started: ENOENT, EACCES, E2BIG, ENOMEM; everything is as before then.
 */
export function replaceProcess(
  program: { readonly file: string; readonly argv: readonly string[]; readonly env: NodeJS.ProcessEnv },
  keep: readonly number[],
): never {
  const closing = keep.filter(isCloseOnExec);
  for (const fd of closing) setCloseOnExec(fd, false);
  const env = Object.entries(program.env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  libc.execve(program.file, [...program.argv, null], [...env, null]);
  const error = lastError('execve', program.file);
  for (const fd of closing) setCloseOnExec(fd);
  throw error;
}
