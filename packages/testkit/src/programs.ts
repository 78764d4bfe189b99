import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { repository } from './installation.ts';

let python: string | undefined;

/**
 * The command that runs a program of tests/programs: `program('flood.py', 10)`. Python starts without its site packages and writes no cache,
 * in about 20 ms.
 */
export function program(file: string, ...args: readonly (string | number)[]): string[] {
  const script = path.join(repository, 'tests', 'programs', file);
  const words = args.map(String);
  if (file.endsWith('.sh')) return ['/bin/sh', script, ...words];
  if (file.endsWith('.mjs')) return [process.execPath, script, ...words];
  return [pythonPath(), '-SEB', script, ...words];
}

/** The interpreter itself: what stands in PATH may be a shell script of a version manager that takes half a second. */
export function pythonPath(): string {
  python ??= execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  }).trim();
  return python;
}
