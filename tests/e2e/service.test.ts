import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '@holdfast/protocol';
import { eventually, isAlive, TestHome } from '@holdfast/testkit';
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
