import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { repository } from '@holdfast/testkit';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { SupervisedHome } from './support/supervised.ts';

interface Recipe {
  readonly title: string;
  readonly program: string;
  /** What the page says that it prints. */
  readonly prints: string;
}

const page = readFileSync(path.join(repository, 'docs', 'recipes.md'), 'utf8');
const recipes: Recipe[] = page
  .split(/^## /m)
  .slice(1)
  .map((section) => {
    const [, program = ''] = /^```ts\n([^]*?)^```/m.exec(section) ?? [];
    const [, prints = ''] = /^```text\n([^]*?)^```/m.exec(section) ?? [];
    return { title: section.split('\n', 1)[0] ?? '', program, prints };
  });

test('the page has recipes, and says of each what it prints', () => {
  expect(recipes.length).toBeGreaterThan(5);
  for (const { program, prints } of recipes) {
    expect(program).not.toBe('');
    expect(prints).not.toBe('');
  }
});

test.for(recipes)(
  '$title: the recipe runs, and prints what the page says',
  { timeout: 90_000 },
  async (recipe) => {
    await using home = new SupervisedHome();
    await home.supervisor().ensure();
    const { outputFiles } = await build({
      stdin: {
        contents: recipe.program,
        loader: 'ts',
        resolveDir: path.join(repository, 'packages', 'supervisor'),
      },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      // The oldest Node that is supported: `await using` becomes what it understands.
      target: 'node20.19',
      conditions: ['source'],
      external: ['koffi'],
    });
    const file = path.join(home.scratch('program'), 'recipe.mjs');
    writeFileSync(file, outputFiles[0]?.contents ?? '');
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], {
      env: { ...home.env },
      timeout: 60_000,
    });
    expect({ stdout, stderr }).toEqual({ stdout: recipe.prints, stderr: '' });
  },
);
