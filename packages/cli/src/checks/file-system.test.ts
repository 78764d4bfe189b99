import { expect, test } from 'vitest';
import { judgeFileSystem } from './file-system.ts';

const EXT4 = 0xef53;
const GIB = 1024 ** 3;

test.each([
  ['a disk', EXT4, 0.5, 'ok', 'a disk of this machine, 50 % full'],
  ['a full disk', EXT4, 0.97, 'warn', '97 % full'],
  ['a full disk with room', EXT4, 0.97, 'ok', '97 % full', 60 * GIB],
  ['a disk of another machine', 0x6969, 0.1, 'warn', 'NFS'],
  // As a number that a system with signed words tells.
  ['a share', 0xff53_4d42 | 0, 0.1, 'warn', 'CIFS'],
  ['memory', 0x0102_1994, 0.1, 'warn', 'tmpfs'],
] as const)('a home on %s is judged', (_name, type, usedPart, status, detail, freeBytes = GIB / 8) => {
  const finding = judgeFileSystem({ type, usedPart, freeBytes });
  expect(finding).toMatchObject({ status, detail: expect.stringContaining(detail) });
  expect(finding.hint === undefined).toBe(status === 'ok');
});
