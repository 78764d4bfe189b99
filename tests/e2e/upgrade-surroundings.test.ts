import { readFileSync } from 'node:fs';
import { processEntry } from '@holdfast/posix';
import { settledFdCount, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { targetsOf } from './support/upgrades.ts';

/** What a process was started with. */
function environmentOf(pid: number): Record<string, string> {
  const rows = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(rows.map((row) => [row.split('=', 1)[0], row.slice(row.indexOf('=') + 1)]));
}

/** Its process group, its session and its terminal, by their numbers. */
async function placeOf(pid: number) {
  const { group, session, terminal } = (await processEntry(pid)) ?? {};
  return { group, session, terminal };
}

/** What its descriptors are, whichever numbers they have. */
async function kindsOf(pid: number): Promise<string[]> {
  await settledFdCount(pid);
  return targetsOf(pid)
    .map((target) => target.replaceAll(/\d+/g, 'N'))
    .toSorted();
}

test('a successor has the environment of the first daemon, a process group of its own, and no descriptor of those who asked', async () => {
  await using home = new TestHome();
  const started = await home.cli(['new', '-d', '--', '/bin/cat'], {
    env: { SECRET: 'of the first', HOLDFAST_SESSION: 'somebody', NODE_OPTIONS: '--no-warnings' },
  });
  expect(started).toMatchObject({ code: 0 });
  const first = home.daemonPid ?? -1;
  const environment = environmentOf(first);
  expect(environment).toMatchObject({ HOLDFAST_HOME: home.folder, PATH: home.env['PATH'] });
  for (const name of ['SECRET', 'HOLDFAST_SESSION', 'NODE_OPTIONS', 'TERM', 'SHELL'])
    expect(environment).not.toHaveProperty(name);

  const kinds: string[][] = [];
  for (let upgrade = 0; upgrade < 3; upgrade += 1) {
    const before = home.daemonPid;
    const env = {
      SECRET: 'of another',
      HOLDFAST_SESSION: 'another',
      LANG: 'C',
      PATH: `${home.env['PATH']}:/`,
    };
    expect(await home.cli(['upgrade'], { env })).toMatchObject({ code: 0, stderr: '' });
    const pid = home.daemonPid ?? -1;
    expect(pid).not.toBe(before);
    expect(environmentOf(pid)).toEqual(environment);
    expect(await placeOf(pid)).toEqual({ group: pid, session: pid, terminal: 0 });
    kinds.push(await kindsOf(pid));
  }
  expect(kinds[1]).toEqual(kinds[0]);
  expect(kinds[2]).toEqual(kinds[0]);
}, 60_000);
