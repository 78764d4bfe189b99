import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from './shell-word.ts';

test.each([
  ['sh-2', 'sh-2'],
  ['größe', 'größe'],
  ['my shell', "'my shell'"],
  ["it's", `'it'\\''s'`],
  ['$(touch x)', "'$(touch x)'"],
  ['~', "'~'"],
])('%s is typed as %s, and a shell reads it back', (text, typed) => {
  expect(shellWord(text)).toBe(typed);
  expect(spawnSync('sh', ['-c', `printf %s ${typed}`], { encoding: 'utf8' }).stdout).toBe(text);
});
