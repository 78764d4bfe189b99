import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repository, TestHome } from '@holdfast/testkit';
import { beforeEach, describe, expect } from 'vitest';
import { complaints } from './support/complaints.ts';
import { Scope } from './support/scope.ts';
import { TestHost } from './support/test-host.ts';
import { TestNats, whyNoNats } from './support/test-nats.ts';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

const HOSTS = ['alpha', 'beta', 'gamma'];
const BROKEN = 'beta';

beforeEach(({ skip }) => {
  const why = whyNoNats();
  if (why !== undefined) skip(why);
});

describe.for(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  webTest(
    'all machines are upgraded in turn; where the build of one is broken it stops there and says so, and a good one is upgraded alone',
    { timeout: 180_000 },
    async ({ browser }) => {
      await using nats = await TestNats.start();
      await using folders = new TestHome();
      await using hosts = new Scope();
      const entry = path.join(folders.scratch('build'), 'main.js');
      const daemon = path.join(repository, 'dist', 'daemon', 'main.js');
      symlinkSync(daemon, entry);
      const byName = new Map<string, TestHost>();
      for (const name of HOSTS) {
        const env = name === BROKEN ? { HOLDFAST_DAEMON_ENTRY: entry } : {};
        const args = ['--fleet', nats.url, '--fleet-name', name];
        const host = hosts.use(await TestHost.start({ args, env }));
        byName.set(name, host);
        await host.client().terminal.create.mutate({ command: ['cat'], name: `kept on ${name}` });
      }
      const pids = () => HOSTS.map((name) => byName.get(name)?.home.daemonPid);
      const before = pids();
      // Under another name first: nobody meets half of it.
      writeFileSync(`${entry}.new`, 'process.exit(3);\n');
      renameSync(`${entry}.new`, entry);

      const at = byName.get('gamma')?.at;
      if (!at) throw new Error('gamma was not started');
      await using web = await WebPage.open(browser, at, { colorScheme });
      const { page } = web;
      await page.getByRole('navigation', { name: 'Sessions' }).waitFor();
      await page.keyboard.press('Alt+Shift+Comma');
      await page.getByRole('heading', { name: 'Machines' }).waitFor();
      const row = (name: string) => page.locator(`[data-machine-row="${name}"]`);
      for (const name of HOSTS)
        await row(name)
          .getByText(/Reachable · 1 session running/)
          .waitFor();
      await page.getByRole('button', { name: 'Upgrade all' }).click();
      const stopped = page.getByText(/^beta could not be upgraded: .* Left as they are: gamma\.$/);
      await stopped.first().waitFor({ timeout: 60_000 });
      await row('alpha')
        .getByText(/^Upgraded · now running .* · 1 session kept/)
        .waitFor();
      await row('beta')
        .getByText(/could not be started.*Nothing has changed: .* goes on/)
        .waitFor();
      await row('gamma').getByText('Left as it is').waitFor();
      expect(pids().map((pid, index) => pid === before[index])).toEqual([false, true, true]);
      await row('gamma').scrollIntoViewIfNeeded();
      await web.picture(`machines-upgrade-${colorScheme}`);
      expect(await complaints(web)).toEqual([]);

      symlinkSync(daemon, `${entry}.mended`);
      renameSync(`${entry}.mended`, entry);
      await page.getByRole('button', { name: 'Upgrade beta' }).click();
      await row('beta')
        .getByText(/^Upgraded · now running/)
        .waitFor({ timeout: 60_000 });
      expect(pids().map((pid, index) => pid === before[index])).toEqual([false, false, true]);
      const sessions = await Promise.all(
        HOSTS.map(async (name) => (await byName.get(name)?.client().terminal.list.query())?.[0]?.state),
      );
      expect(sessions).toEqual(['running', 'running', 'running']);
      await page.getByRole('button', { name: 'Dismiss results' }).click();
      await row('beta')
        .getByText(/^Upgraded/)
        .waitFor({ state: 'detached' });
      expect(web.errors).toEqual([]);
    },
  );
});
