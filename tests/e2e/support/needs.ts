import type { TestContext } from 'vitest';

/** Skips the test where a system program is missing; see scripts/system-programs.json. */
export function needs(context: TestContext, program: string): void {
  if (process.env['HOLDFAST_MISSING_PROGRAMS']?.split(',').includes(program))
    context.skip(`needs ${program}`);
}
