import { execFile, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Session } from '@holdfast/protocol';
import {
  childrenOf,
  eventually,
  isAlive,
  processState,
  program,
  repository,
  TestHome,
} from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { UserSystemd, whyNoUserSystemd } from './support/user-systemd.ts';

const UNIT = 'holdfast.service';

test('where the home can not be asked of systemd, install says why and writes nothing', async () => {
  await using home = new TestHome();
  const { code, stdout, stderr } = await home.cli(['service', 'install']);
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^holdfast: can't set up the service: (systemd does not run here|XDG_RUNTIME_DIR is not set)/,
  );
  expect(existsSync(path.join(home.env['HOME'] ?? '', '.config'))).toBe(false);
  expect(await home.cli(['service', 'uninstall'])).toMatchObject({ code: 0 });
});

test('start starts keeper and daemon, and does nothing where they run', async () => {
  await using home = new TestHome();
  const first = await home.cli(['service', 'start']);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  const { daemonPid, keeperPid } = home;
  expect(keeperPid).toBeDefined();
  expect(first.stdout.toString()).toBe(`Daemon ${daemonPid} runs.\n`);
  expect((await home.cli(['service', 'start'])).stdout).toEqual(first.stdout);
  expect([home.daemonPid, home.keeperPid]).toEqual([daemonPid, keeperPid]);
});

/** Of nobody in the password file. */
const STRANGER = 54_321;
/** As where systemd runs; only for what is started in it. Arguments: a number for the user, and a command. */
const BOOTED_AS = `set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
id=$1; shift
exec setpriv --reuid "$id" --regid "$id" --clear-groups "$@"`;

function whyNoStranger(): string | undefined {
  const tried = spawnSync('unshare', ['-m', 'setpriv', '--reuid', String(STRANGER), 'true']);
  return tried.status === 0 ? undefined : 'needs root, with the right to make namespaces';
}

test('a user without an entry in the password file installs the unit, and is told of logouts', async (context) => {
  const why = whyNoStranger();
  if (why !== undefined) context.skip(why);
  await using home = new TestHome();
  const own = mkdtempSync('/tmp/hf-stranger-');
  try {
    writeFileSync(path.join(own, 'systemctl'), '#!/bin/sh\necho "$@" >>"$HOME/asked"\n', { mode: 0o755 });
    chownSync(own, STRANGER, STRANGER);
    const env = {
      HOME: own,
      HOLDFAST_HOME: path.join(own, 'home'),
      XDG_RUNTIME_DIR: own,
      PATH: `${own}:${home.env['PATH']}`,
    };
    const command = [home.installation.bin, 'service', 'install'];
    const args = ['-m', 'sh', '-c', BOOTED_AS, 'sh', String(STRANGER), ...command];
    const { status, stderr } = spawnSync('unshare', args, { env, cwd: '/', encoding: 'utf8' });
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining('loginctl enable-linger'),
    });
    expect(existsSync(path.join(own, '.config/systemd/user', UNIT))).toBe(true);
    expect(readFileSync(path.join(own, 'asked'), 'utf8')).toContain(`--user enable --now ${UNIT}\n`);
  } finally {
    rmSync(own, { recursive: true });
  }
});

/** What a property list says; rejects if it is none. */
async function readPlist(file: string): Promise<unknown> {
  const [python = '', ...args] = program('print-plist.py', file);
  return JSON.parse((await promisify(execFile)(python, args)).stdout);
}

test('the agent for launchd is a property list of what launchd knows, and what it runs starts everything and ends', async () => {
  await using home = new TestHome();
  const file = path.join(repository, 'contrib', 'holdfast.plist');
  const agent = await readPlist(file);
  const script = 'exec /usr/local/bin/holdfast service start';
  expect(agent).toEqual({
    Label: 'holdfast',
    ProgramArguments: ['/bin/sh', '-lc', script],
    RunAtLoad: true,
    AbandonProcessGroup: true,
    KeepAlive: false,
  });
  const spoilt = path.join(home.scratch('agents'), 'spoilt.plist');
  for (const [from, to] of [
    ['<true/>', '<yes/>'],
    ['</array>', ''],
    ['<key>RunAtLoad</key>', ''],
  ] as const) {
    writeFileSync(spoilt, readFileSync(file, 'utf8').replace(from, to));
    await expect(readPlist(spoilt)).rejects.toThrow('Command failed');
  }

  // As launchd does: with little in the environment, as a group of its own. A login shell finds what its user has set.
  const { HOME = '', PATH = '', HOLDFAST_HOME } = home.env;
  writeFileSync(path.join(HOME, '.profile'), `export PATH='${PATH}'\n`);
  const words = script.replace('/usr/local/bin/holdfast', home.installation.bin);
  const started = spawn('/bin/sh', ['-lc', words], {
    detached: true,
    cwd: '/',
    stdio: 'ignore',
    env: { HOME, HOLDFAST_HOME, PATH: '/usr/bin:/bin' },
  });
  const code = await new Promise((resolve) => started.on('exit', resolve));
  expect(code).toBe(0);
  const pids = [home.keeperPid ?? -1, home.daemonPid ?? -1];
  expect(pids.map(isAlive)).toEqual([true, true]);
  // Nothing of it is left in the group that launchd would end.
  expect(() => process.kill(-(started.pid ?? 0), 0)).toThrow('ESRCH');
});

const why = whyNoUserSystemd();

describe.skipIf(why !== undefined)(`a unit of the user's systemd${why ? ` (${why})` : ''}`, () => {
  test('starts the keeper; sessions stay when the daemon is killed, and when the unit is restarted, stopped or removed', async () => {
    await using systemd = await UserSystemd.start();
    const { home } = systemd;
    const file = path.join(home.env['HOME'] ?? '', '.config/systemd/user', UNIT);
    const dry = await systemd.cli('service', 'install', '--dry-run');
    expect(dry.stdout).toContain(`would write ${file}\n`);
    expect([existsSync(file), home.keeperPid]).toEqual([false, undefined]);

    const installed = await systemd.cli('service', 'install');
    expect(installed.stdout).toBe(
      `write ${file}\nrun systemctl --user daemon-reload\nrun systemctl --user enable --now ${UNIT}\n`,
    );
    expect(installed.stderr).toContain('loginctl enable-linger');
    const content = readFileSync(file, 'utf8');
    const keeper = home.keeperPid ?? -1;
    expect(readFileSync(`/proc/${keeper}/cgroup`, 'utf8')).toContain(UNIT);
    const names = ['ActiveState', 'UnitFileState', 'KillMode', 'OOMPolicy', 'Restart', 'TasksMax'];
    const shown = await systemd.systemctl('show', UNIT, ...names.flatMap((name) => ['-p', name]));
    expect(shown.trim().split('\n').toSorted()).toEqual([
      'ActiveState=active',
      'KillMode=process',
      'OOMPolicy=continue',
      'Restart=no',
      'TasksMax=infinity',
      'UnitFileState=enabled',
    ]);

    const opened = await home.cli(['new', '-d', '--json', '--', '/bin/cat']);
    const { id, pid }: Session = JSON.parse(opened.stdout.toString());
    expect(readFileSync(`/proc/${pid}/cgroup`, 'utf8')).toContain(UNIT);
    const killed = home.daemonPid ?? -1;
    process.kill(killed, 'SIGKILL');
    // The terminal's echo, and cat.
    const answers = async (text: string) => {
      expect(await home.cli(['send', id, text, '--enter'])).toMatchObject({ code: 0 });
      expect(await home.cli(['wait', id, '--output', `${text}\\s+${text}`])).toMatchObject({ code: 0 });
    };
    await answers('first');
    const daemon = home.daemonPid ?? -1;
    expect(daemon).not.toBe(killed);
    const stay = () => {
      expect([keeper, daemon, pid ?? -1].map(isAlive)).toEqual([true, true, true]);
      expect([home.keeperPid, home.daemonPid]).toEqual([keeper, daemon]);
    };
    for (const action of ['restart', 'stop', 'start']) {
      await systemd.systemctl(action, UNIT);
      stay();
    }
    await systemd.cli('service', 'install');
    expect(readFileSync(file, 'utf8')).toBe(content);
    stay();

    const removed = await systemd.cli('service', 'uninstall');
    expect(removed).toMatchObject({ stderr: 'Sessions go on.\n' });
    expect(readdirSync(path.dirname(file))).toEqual([]);
    await expect(systemd.systemctl('is-active', UNIT)).rejects.toThrow('Command failed');
    expect((await systemd.cli('service', 'uninstall')).stdout).toBe(`${file} does not exist\n`);
    stay();
    await answers('second');
  });

  test('goes on when the kernel ends programs of it for their memory, and so does everything in it', async () => {
    await using systemd = await UserSystemd.start();
    const { home } = systemd;
    await systemd.cli('service', 'install');
    const state = async () =>
      (await systemd.systemctl('show', UNIT, '-p', 'ActiveState', '-p', 'Result'))
        .trim()
        .split('\n')
        .toSorted();
    const open = async (): Promise<Session> =>
      JSON.parse((await home.cli(['new', '-d', '--json', '--', '/bin/cat'])).stdout.toString());
    const victims = [await open(), await open()];
    // Programs whose daemon had another keeper are children of systemd, which looks at the unit whenever one of them ends.
    const before = home.keeperPid ?? -1;
    process.kill(before, 'SIGKILL');
    for (const { pid } of victims) await eventually('they are', () => childrenOf(systemd.pid).includes(pid));
    const other = await open();
    const stay = [home.keeperPid ?? -1, home.daemonPid ?? -1, other.pid];
    const endForMemory = async (times: number) => {
      const { id, pid } = victims[times - 1] ?? other;
      await systemd.tellOutOfMemory(UNIT, times);
      process.kill(pid, 'SIGKILL');
      // Before it takes the status of a process it looks at its unit.
      await eventually('systemd has seen it', () => processState(pid) === undefined);
      expect((await home.cli(['wait', id])).code).toBe(137);
      expect(stay.map(isAlive)).toEqual([true, true, true]);
      expect([home.keeperPid, home.daemonPid]).toEqual(stay.slice(0, 2));
    };
    await endForMemory(1);
    expect(await state()).toEqual(['ActiveState=active', 'Result=success']);

    // What it would do by itself; nothing is ended then, either.
    const folder = path.join(home.env['HOME'] ?? '', '.config/systemd/user', `${UNIT}.d`);
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'policy.conf'), '[Service]\nOOMPolicy=stop\n');
    await systemd.systemctl('daemon-reload');
    await endForMemory(2);
    expect(await state()).toEqual(['ActiveState=failed', 'Result=oom-kill']);
    rmSync(folder, { recursive: true });
    await systemd.cli('service', 'uninstall');
  });

  test('of a namespace starts that namespace', async () => {
    await using systemd = await UserSystemd.start();
    const { home } = systemd;
    await systemd.cli('service', 'install', '--namespace', 'work');
    expect(await systemd.systemctl('is-enabled', 'holdfast-work.service')).toBe('enabled\n');
    const runtimeDir = path.join(home.folder, 'work');
    await eventually('its daemon', () => existsSync(path.join(runtimeDir, 'daemon.sock')));
    expect(home.keeperPid).toBeUndefined();
    await home.cli(['stop', '--yes', '--namespace', 'work']);
    await systemd.cli('service', 'uninstall', '--namespace', 'work');
  });
});
