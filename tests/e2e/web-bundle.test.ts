import { readFileSync } from 'node:fs';
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
