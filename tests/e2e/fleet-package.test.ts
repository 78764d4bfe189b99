import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { install, packAll } from './support/npm.ts';

test('without its package a fleet is asked for with the command that installs it; with it, what is installed reaches one', {
  timeout: 240_000,
}, async (context) => {
  await using folders = new TestHome();
  const tarballs = await packAll(folders.scratch('packed'));
  const { holdfast = '', 'holdfast-fleet': fleet = '' } = tarballs;
  expect(readFileSync(fleet).length).toBeLessThan(200_000);
  const into = folders.scratch('installed');
  const tries = async () => {
    const bin = path.join(into, 'lib', 'node_modules', 'holdfast', 'bin', 'holdfast');
    await using home = new TestHome({
      installation: { ...folders.installation, bin },
      env: { HOLDFAST_FLEET: 'nats://127.0.0.1:9' },
    });
    return await home.cli(['hosts']);
  };

  await install(context, { into, tarballs: [holdfast], global: true });
  const missing = await tries();
  expect(missing.code).toBe(2);
  expect(missing.stderr).toMatch(/: npm install -g @holdfast\/fleet@\d+\.\d+\.\d+\n$/);
  await install(context, { into, tarballs: [fleet], global: true });
  const present = await tries();
  expect(present.code).toBe(4);
  expect(present.stderr).toContain("the fleet at nats://127.0.0.1:9 can't be reached");
});
