import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stopProcess } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';

test('an upgrade that fails is one line and one document, and exits with 1', async () => {
  await using home = new CliHome();
  expect(await home.run('upgrade', '--json')).toEqual({
    code: 1,
    stdout: `{"ok":false,"code":"E_NO_DAEMON","reason":"can't upgrade: no daemon is running","sessions":0}\n`,
    stderr: "holdfast: can't upgrade: no daemon is running\n",
  });
  await home.do('new', '-d', '--', 'cat');
  const { code, stdout, stderr } = await home.run('upgrade', '--json', '--entry', '/nope');
  expect({ code, document: JSON.parse(stdout) }).toMatchObject({
    code: 1,
    document: { ok: false, code: 'E_UPGRADE_START', sessions: 1 },
  });
  expect(stderr).toMatch(
    /^holdfast: can't upgrade: [^\n]*\/nope[^\n]*; nothing has changed, and 1 session runs on\n$/,
  );
  expect(await home.do('upgrade')).toMatch(/^Upgraded [^\n]* again\): 1 session kept, pause \d+ ms\n$/);
});

test('why an upgrade failed is said in one sentence, however much the program says that was started', async () => {
  await using home = new CliHome();
  await home.do('new', '-d', '--', 'cat');
  const file = (name: string, content: string) => {
    writeFileSync(path.join(home.work, name), content);
    return path.join(home.work, name);
  };
  const after = '; nothing has changed, and 1 session runs on';
  const reasons: readonly (readonly [args: readonly string[], reason: string | RegExp])[] = [
    [['--timeout', '1'], /its time was over before it could begin|was not ready within \d ms/],
    [
      ['--entry', file('throws.mjs', 'throw new Error("broken build")')],
      'it ended with code 1: Error: broken build',
    ],
    [['--entry', file('no.mjs', 'this is no program')], 'SyntaxError: Unexpected identifier'],
    [['--entry', file('mute.mjs', '')], 'it ended with code 0: it said nothing'],
    [['--entry', home.work], "the daemon's file is no file"],
    [['--node', file('node', '#!/bin/sh')], "the Node to run can't be used"],
    [['--node', '/bin/false'], 'it ended with code 1: it said nothing'],
  ];
  for (const [args, reason] of reasons) {
    const { code, stdout, stderr } = await home.run('upgrade', ...args);
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 1, stdout: '', lines: 2 });
    expect(stderr).toMatch(reason);
    expect(stderr.length).toBeLessThan(400);
    expect(stderr).toContain(after);
  }
  const log = readFileSync(home.paths.logPath, 'utf8');
  expect(log).toMatch(/upgrade.failed .*broken build.* words=.*at file:/);
}, 60_000);

test('an upgrade of a daemon that does not answer fails in time, in its own words', async () => {
  await using home = new CliHome();
  await home.do('new', '-d', '--', 'cat');
  await stopProcess(home.daemonPid ?? 0);
  const began = performance.now();
  const { code, stdout, stderr } = await home.run('upgrade', '--json');
  expect(performance.now() - began).toBeLessThan(15_000);
  expect({ code, document: JSON.parse(stdout) }).toMatchObject({
    code: 1,
    document: { ok: false, code: 'E_TIMEOUT', sessions: 0 },
  });
  expect(stderr.split('\n')).toHaveLength(2);
}, 40_000);
