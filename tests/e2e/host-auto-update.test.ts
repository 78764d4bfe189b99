import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Build } from '@holdfast/supervisor';
import { eventually, installation, TestHome } from '@holdfast/testkit';
import { expect } from 'vitest';
import { otherTree } from './support/other-tree.ts';
import { TestHost } from './support/test-host.ts';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

const NEWER = { version: '0.9.0', build: 'aaaaaaaaaaaa' };
const BROKEN = { version: '0.9.1', build: 'bbbbbbbbbbbb' };
const GOOD = { version: '0.9.2', build: 'cccccccccccc' };
/** Before a second attempt; see docs/supervisor.md. */
const RETRY_MS = 60_000;

webTest(
  'a host of a newer build upgrades the daemon by itself; of one that can not start the page tells, and a host of a good build clears that',
  { timeout: 240_000 },
  async ({ browser }) => {
    await using folders = new TestHome();
    const tree = path.join(folders.scratch('trees'), 'installed');
    const made = async (build: Build) => {
      const folder = folders.scratch(build.build);
      await otherTree(folder, build);
      return folder;
    };
    const newer = await made(NEWER);
    const broken = await made(BROKEN);
    writeFileSync(path.join(broken, 'dist/daemon/main.js'), 'throw new Error("this build cannot start");\n');
    const good = await made(GOOD);
    symlinkSync(newer, tree);

    // In development nobody waits until the machine is less busy; what has failed is tried again as late as always.
    await using home = new TestHome({
      installation: installation(tree),
      env: { HOLDFAST_ENV: 'development' },
    });
    const opened = execFileSync(folders.installation.bin, ['new', '-d', '--json', '--', 'cat'], {
      env: home.env,
    });
    const { id, pid } = JSON.parse(opened.toString());
    const told = (event: string) =>
      readFileSync(home.paths.supervisorLogPath, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter((line) => line.event === event);

    await using host = await TestHost.start({ home });
    const { terminal } = host.client();
    const status = () => terminal.daemon.getUpdateStatus.query();
    const serves = ({ version, build }: Build) =>
      eventually(`${version} serves`, async () => (await status()).running === `${version}+${build}`, 60_000);
    const isKept = async () =>
      expect(await terminal.get.query({ session: id })).toMatchObject({ pid, state: 'running' });
    /** Another version is installed, and the host is started again. */
    const install = async (folder: string) => {
      await host.end();
      unlinkSync(tree);
      symlinkSync(folder, tree);
      await host.start();
    };
    await serves(NEWER);
    await isKept();

    await install(broken);
    await using web = await WebPage.open(browser, host.at);
    const notice = web.page.getByRole('alert').filter({ hasText: 'Daemon update needs your attention' });
    await notice.getByText(/this build cannot start/).waitFor({ timeout: 60_000 });
    expect(await status()).toMatchObject({
      pending: true,
      running: `${NEWER.version}+${NEWER.build}`,
      failure: { code: 'E_UPGRADE_START' },
    });
    await isKept();
    await eventually(
      'another attempt has its time',
      () => told('auto_update_scheduled').at(-1)?.attempt === 2,
    );
    expect(told('auto_update_scheduled').at(-1)).toMatchObject({ delayMs: RETRY_MS });
    expect(told('auto_update_failed')).toMatchObject([
      { running: NEWER.build, available: BROKEN.build, code: 'E_UPGRADE_START' },
    ]);
    expect(told('update_failed')).toMatchObject([{ code: 'E_UPGRADE_START', step: 'hand-over' }]);

    await install(good);
    await serves(GOOD);
    await notice.waitFor({ state: 'detached' });
    expect(await status()).toMatchObject({ pending: false, failure: null });
    await isKept();
    expect(web.errors).toEqual([]);
  },
);
