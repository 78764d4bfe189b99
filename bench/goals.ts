import type { Goal } from './measure.ts';

export type Verdict = 'pass' | 'MISS' | 'not measured';

export function verdict({ is, limit, value }: Goal): Verdict {
  if (value === undefined || Number.isNaN(value)) return 'not measured';
  return (is === 'at least' ? value >= limit : value <= limit) ? 'pass' : 'MISS';
}
