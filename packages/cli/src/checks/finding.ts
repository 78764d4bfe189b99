import type { Context } from '../context.ts';

/** What a check came to. Unless all is well: why that matters, and a hint what to do about it. */
export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly why?: string;
  readonly hint?: string;
}

/** What is said of a finding that is not well. */
export interface Explanation {
  readonly why: string;
  readonly hint: string;
}

/** One thing that Holdfast needs. */
export interface Check {
  readonly name: string;
  run(context: Context): Promise<Finding> | Finding;
}

export function ok(detail: string): Finding {
  return { status: 'ok', detail };
}

export function warn(detail: string, explanation: Explanation): Finding {
  return { status: 'warn', detail, ...explanation };
}

export function fail(detail: string, explanation: Explanation): Finding {
  return { status: 'fail', detail, ...explanation };
}
