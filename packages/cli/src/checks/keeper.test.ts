import { BUILD } from '@holdfast/protocol';
import type { KeeperReport } from '@holdfast/protocol/keeper-report';
import { expect, test } from 'vitest';
import { judgeKeeper } from './keeper.ts';

const REPORT = {
  pid: 7,
  version: '1.0.0',
  build: BUILD,
  state: 'running',
  failures: 0,
  reason: null,
} as unknown as KeeperReport;

test.each([
  ['no keeper', undefined, 'ok', 'none is running'],
  ['one of this build', REPORT, 'ok', 'process 7'],
  ['one of another build', { ...REPORT, build: 'other' }, 'warn', '1.0.0+other'],
  ['one that holds', { ...REPORT, state: 'held', failures: 3, reason: 'no disk' }, 'fail', 'no disk'],
] as const)('%s is judged', (_name, report, status, detail) => {
  const finding = judgeKeeper(report);
  expect(finding).toMatchObject({ status, detail: expect.stringContaining(detail) });
  expect(finding.hint === undefined).toBe(status === 'ok');
});
