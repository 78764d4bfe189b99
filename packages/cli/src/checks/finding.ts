import type { Context } from '../context.ts';

/** What a check came to. A hint says what to do about it. */
export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly hint?: string;
}

/** One thing that Holdfast needs. */
export interface Check {
  readonly name: string;
  run(context: Context): Promise<Finding> | Finding;
}

export function ok(detail: string): Finding {
  return { status: 'ok', detail };
}

export function warn(detail: string, hint: string): Finding {
  return { status: 'warn', detail, hint };
}

export function fail(detail: string, hint: string): Finding {
  return { status: 'fail', detail, hint };
}
