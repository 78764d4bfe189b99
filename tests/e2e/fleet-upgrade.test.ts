import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type CliProcess, firstDifference, program, repository, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { Scope } from './support/scope.ts';
import { TestHost } from './support/test-host.ts';
import { TestNats, whyNoNats } from './support/test-nats.ts';

const HOSTS = ['alpha', 'beta', 'gamma'];
const BROKEN = 'beta';
const MEGABYTE = 1_000_000;

test('a rolling upgrade of hosts that all flood stops at the one whose build is broken, says so, and loses nothing', async (context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
  await using nats = await TestNats.start();
  await using here = new TestHome({ env: nats.env });
  await using hosts = new Scope();
  const entry = path.join(here.scratch('build'), 'main.js');
  symlinkSync(path.join(repository, 'dist', 'daemon', 'main.js'), entry);
  const tails: CliProcess[] = [];
  const homes = new Map<string, TestHome>();
  for (const name of HOSTS) {
    const env = name === BROKEN ? { HOLDFAST_DAEMON_ENTRY: entry } : {};
    const args = ['--fleet', nats.url, '--fleet-name', name];
    const { home } = hosts.use(await TestHost.start({ args, env }));
    homes.set(name, home);
    const flood = program('steady-flood.py');
    const opening = ['new', '--host', name, '-d', '--name', 'flood', '--history', '64M', '--'];
    expect(await here.cli([...opening, ...flood])).toMatchObject({ code: 0, stderr: '' });
    tails.push(here.startCli(['tail', 'flood', '--host', name, '--follow', '--lease', '60']));
  }
  for (const tail of tails) await tail.stdout.untilLength(MEGABYTE);
  const before = new Map(HOSTS.map((name) => [name, homes.get(name)?.daemonPid]));
  // Under another name first: nobody meets half of it.
  writeFileSync(`${entry}.new`, 'process.exit(3);\n');
  renameSync(`${entry}.new`, entry);

  const { code, stdout, stderr } = await here.cli(['upgrade', '--all-hosts', '--json'], { withinMs: 60_000 });
  expect(code).toBe(1);
  expect(JSON.parse(String(stdout))).toMatchObject({
    ok: false,
    code: 'E_UPGRADE_START',
    reason: expect.stringContaining("can't upgrade: "),
    sessions: 1,
    upgraded: ['alpha'],
    failed: { host: BROKEN, code: 'E_UPGRADE_START' },
    left: ['gamma'],
  });
  expect(stderr).toMatch(/^holdfast: beta: can't upgrade: .*1 session runs on; left as they are: gamma\n$/);
  const isSame = (name: string) => homes.get(name)?.daemonPid === before.get(name);
  expect(HOSTS.map(isSame)).toEqual([false, true, true]);

  for (const tail of tails) {
    await tail.stdout.untilLength(tail.stdout.length + MEGABYTE);
    tail.kill('SIGKILL');
    const { stdout: bytes, stderr: said } = await tail.result();
    expect(said).toBe('');
    expect(firstDifference(bytes, 0)).toBe(-1);
  }
}, 240_000);
