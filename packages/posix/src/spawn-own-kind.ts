import fs from 'node:fs';
import { spawnWithDescriptors } from './spawn-with-descriptors.ts';

/**
 * Starts a process of this program's own kind: in a session of its own, in `/`, with this process's environment, and with
 * nothing to read or to write to but `stderr`. `descriptors` are its 3, 4 and so on; null is /dev/null. The given ones stay
 * open here. Returns the pid. Throws PosixError, or Node's error if /dev/null can't be opened.
 */
export function spawnOwnKind(
  argv: readonly [string, ...string[]],
  { stderr, descriptors }: { stderr: number; descriptors: readonly (number | null)[] },
): number {
  const nothing = fs.openSync('/dev/null', 'r+');
  try {
    const program = { file: argv[0], argv, cwd: '/', env: ownEnvironment() };
    return spawnWithDescriptors(program, [
      nothing,
      nothing,
      stderr,
      ...descriptors.map((fd) => fd ?? nothing),
    ]);
  } finally {
    fs.closeSync(nothing);
  }
}

function ownEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  return env;
}
