import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LogFile } from './log-file.ts';

test('a log is followed through growth, cutting and replacement', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hf-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'log');
  let shown = '';
  const log = new LogFile(file, (bytes) => {
    shown += Buffer.from(bytes).toString();
    return Promise.resolve();
  });

  expect(await log.copyNew()).toBe(false);
  await writeFile(file, 'one\n');
  expect(await log.copyNew()).toBe(true);
  await writeFile(file, 'two\n', { flag: 'a' });
  await log.copyNew();
  await log.copyNew();
  expect(shown).toBe('one\ntwo\n');

  await truncate(file);
  await writeFile(file, 'cut\n');
  await log.copyNew();
  await rename(file, `${file}.1`);
  await writeFile(file, 'a new file\n');
  await log.copyNew();
  expect(shown).toBe('one\ntwo\ncut\na new file\n');
});
