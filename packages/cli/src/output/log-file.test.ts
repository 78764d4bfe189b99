import { mkdtempSync, rmSync } from 'node:fs';
import { rename, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { LogFile } from './log-file.ts';

test('a log is followed through growth, cutting and replacement', async () => {
  await using scene = new Scene();
  const { file, log } = scene;
  expect(await log.copyNew()).toBe(false);
  await scene.append('one\n');
  expect(await log.copyNew()).toBe(true);
  await scene.append('two\n');
  await log.copyNew();
  await log.copyNew();
  expect(scene.shown).toBe('one\ntwo\n');

  await truncate(file);
  await scene.append('cut\n');
  await log.copyNew();
  await scene.rotate();
  await scene.append('a new file\n');
  await log.copyNew();
  expect(scene.shown).toBe('one\ntwo\ncut\na new file\n');
});

test('the last lines before a log is renamed are shown, however often it is', async () => {
  await using scene = new Scene();
  const { log } = scene;
  await scene.append('one\n');
  await log.copyNew();
  await scene.append('last of the first\n');
  await scene.rotate();
  await log.copyNew();
  expect(scene.shown).toBe('one\nlast of the first\n');
  await scene.append('second\n');
  await log.copyNew();

  await scene.append('last of the second\n');
  await scene.rotate();
  await scene.append('all of the third\n');
  await scene.rotate();
  await scene.append('fourth\n');
  await log.copyNew();
  expect(scene.shown).toBe('one\nlast of the first\nsecond\nlast of the second\nall of the third\nfourth\n');
});

/** A log as the daemon keeps it, and somebody who follows it. */
class Scene implements AsyncDisposable {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'hf-'));
  readonly file = path.join(this.#folder, 'log');
  shown = '';
  readonly log = new LogFile(this.file, (bytes) => {
    this.shown += Buffer.from(bytes).toString();
    return Promise.resolve();
  });

  append(text: string): Promise<void> {
    return writeFile(this.file, text, { flag: 'a' });
  }

  rotate(): Promise<void> {
    return rename(this.file, `${this.file}.1`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }
}
