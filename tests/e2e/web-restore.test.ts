import { rmSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { complaints } from './support/complaints.ts';
import { reboot } from './support/reboot.ts';
import { TestHost } from './support/test-host.ts';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

describe.for(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  webTest(
    'after a reboot sessions are restored in their pane, in the list, and all at once, below what they had printed',
    { timeout: 120_000 },
    async ({ browser }) => {
      await using host = await TestHost.start();
      await using web = await WebPage.open(browser, host.at, { colorScheme });
      const { page } = web;
      const first = await web.newSession({ command: 'sh', name: 'first' });
      await page.keyboard.type('echo before-$((40+2))\n');
      await web.untilText(first, 'before-42');
      const { create } = host.client().terminal;
      const folder = host.home.scratch('gone');
      for (const name of ['second', 'third', 'fourth'])
        await create.mutate({ command: ['cat'], name, ...(name === 'fourth' ? { cwd: folder } : {}) });
      const all = await host.client().terminal.list.query();
      await reboot(
        host.home,
        all.map(({ pid }) => pid),
      );
      rmSync(folder, { recursive: true });
      await host.start();

      const pane = web.pane(first);
      await pane.getByRole('button', { name: 'Restore' }).waitFor({ timeout: 30_000 });
      await page.getByText('4 sessions ended unseen, as with the machine.').waitFor();
      await web.picture(`restore-${colorScheme}`);
      expect(await complaints(web)).toEqual([]);
      await pane.getByRole('button', { name: 'Restore' }).click();
      await pane.locator('[data-link=live]').waitFor();
      await web.untilText(first, /before-42\n[^]*\[restored at /);
      await web.untilFocused(web.pane(first));
      await page.keyboard.type('echo after-$((40+3))\n');
      await web.untilText(first, 'after-43');
      await web.picture(`restored-${colorScheme}`);

      await page.getByRole('button', { name: 'Restore second' }).click();
      await page.getByText('2 sessions ended unseen, as with the machine.').waitFor();
      // By keys: the button can be reached and pressed without a mouse.
      await page.getByRole('button', { name: 'Restore all' }).focus();
      await page.keyboard.press('Enter');
      await page.getByText('1 session restored').waitFor();
      await page.getByText(`Can’t restore “fourth”: no such folder: ${folder}`).waitFor();
      await page.getByText('ended unseen').waitFor({ state: 'detached' });
      const after = await host.client().terminal.list.query();
      const told = (sessions: typeof after) => sessions.map(({ id, name, cwd }) => ({ id, name, cwd }));
      expect(told(after)).toEqual(told(all));
      expect(after.map(({ state }) => state)).toEqual(['running', 'running', 'running', 'exited']);
      expect(web.errors).toEqual([]);
    },
  );
});

webTest(
  'a session that has ended by itself is restored from its menu, and a pane that shows it goes on',
  async ({ host, web }) => {
    const { page } = web;
    const id = await web.newSession({ command: 'sh', name: 'again' });
    for (const times of [1, 2]) {
      await page.keyboard.type('echo here; exit\n');
      await web.pane(id).getByText('Exited').waitFor();
      await page.getByRole('button', { name: 'More for again' }).click();
      await page.getByRole('menuitem', { name: 'Restore' }).click();
      await web.pane(id).locator('[data-link=live]').waitFor();
      await expect.poll(async () => (await web.text(id)).split('[restored at').length - 1).toBe(times);
      await page.locator(`[data-session="${id}"] .xterm-screen`).click();
      await web.untilFocused(web.pane(id));
    }
    expect((await host.client().terminal.get.query({ session: id })).state).toBe('running');
    expect(web.errors).toEqual([]);
  },
);
