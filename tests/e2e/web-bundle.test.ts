import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { repository } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const FIRST_PAINT_BYTES = 500 * 1024;

test('the first paint needs at most 500 KB, and no terminal', () => {
  const folder = path.join(repository, 'dist', 'web');
  const html = readFileSync(path.join(folder, 'index.html'), 'utf8');
  // Scripts, what they import at once (modulepreload), and styles.
  const files = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map(
    ([, file = '']) => file,
  );
  expect(files.length).toBeGreaterThanOrEqual(2);
  const contents = files.map((file) => readFileSync(path.join(folder, file)));
  const bytes = [Buffer.from(html), ...contents].reduce((sum, content) => sum + gzipSync(content).length, 0);
  expect(bytes).toBeLessThan(FIRST_PAINT_BYTES);
  expect(contents.some((content) => content.includes('xterm-helper-textarea'))).toBe(false);
});

test('of the protocol the page has tables and types, and none of the schemas by which messages are parsed', () => {
  const folder = path.join(repository, 'dist', 'web', 'assets');
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(1);
  // Each schema has a field of that name, which no bundler shortens.
  const withSchemas = scripts.filter((name) =>
    readFileSync(path.join(folder, name), 'utf8').includes('_zod'),
  );
  expect(withSchemas).toEqual([]);
});
