import { describe, expect } from 'vitest';
import { complaints } from './support/complaints.ts';
import { TestHost } from './support/test-host.ts';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true };

describe.for(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  webTest(
    'nothing keeps people out, in any of the main states',
    { timeout: 180_000 },
    async ({ browser, host }) => {
      await using web = await WebPage.open(browser, host.at, { colorScheme });
      const { page } = web;
      const found: Record<string, string[]> = {};
      const look = async (name: string) => {
        await web.picture(`${name}-${colorScheme}`);
        found[name] = await complaints(web);
      };
      await page.getByRole('navigation', { name: 'Sessions' }).waitFor();
      await page.keyboard.press('Alt+Shift+KeyN');
      await page.getByRole('dialog').waitFor();
      await look('new-session');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      const id = await web.newSession({ command: 'sh', name: `editor ${colorScheme}` });
      await page.keyboard.type('ls --color -l /usr; echo all is well\n');
      await web.untilText(id, /^all is well$/m);
      const failed = ['sh', '-c', 'echo one line; exit 3'];
      await host.client().terminal.create.mutate({ command: failed, name: `build ${colorScheme}` });
      await page.getByText('Exited with 3').first().waitFor();
      await page.keyboard.press('Alt+Shift+KeyD');
      await expect
        .poll(() => page.locator('[data-link=live]').filter({ visible: true }).count(), { timeout: 15_000 })
        .toBe(2);
      await look('terminals');
      await page.keyboard.press('Alt+Shift+Comma');
      await page.getByText(/sessions? running/).click();
      await page.getByRole('table').waitFor();
      await look('settings');
      await page.getByRole('button', { name: 'Force restart' }).click();
      await page.getByRole('alertdialog').waitFor();
      await look('force-restart');
      await page.keyboard.press('Escape');
      await page.getByRole('alertdialog').waitFor({ state: 'detached' });
      await page.keyboard.press('Alt+Shift+Slash');
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
      await look('shortcuts');
      // What was beneath it is still there.
      await page.keyboard.press('Escape');
      await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
      await using refused = await WebPage.open(browser, host.at, { colorScheme, token: 'wrong' });
      await refused.page.getByRole('heading', { name: /That token/ }).waitFor();
      await refused.picture(`wrong-token-${colorScheme}`);
      found['wrong token'] = await complaints(refused);
      expect(Object.entries(found).filter(([, complaints]) => complaints.length > 0)).toEqual([]);
      expect([...web.errors, ...refused.errors.filter((error) => !error.includes('401'))]).toEqual([]);
    },
  );
});

webTest(
  'nothing moves for who wants no motion: neither the page, nor a cursor that a program has told to blink',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using host = await TestHost.start();
    const blinks = (web: WebPage, id: string) =>
      web.page.evaluate<boolean>(
        `(() => {
          const { terminal } = document.querySelector('[data-session="${id}"] .terminal-box').holdfast.view;
          return terminal._core.coreService.decPrivateModes.cursorBlink ?? terminal.options.cursorBlink;
        })()`,
      );
    for (const isStill of [false, true]) {
      await using web = await WebPage.open(browser, host.at, { isStill });
      const { page } = web;
      const id = await web.newSession({ command: 'sh', name: isStill ? 'still' : 'lively' });
      expect(await blinks(web, id)).toBe(!isStill);
      // DECSCUSR, and the mode that vim and tmux set.
      for (const sequence of [String.raw`\033[5 q`, String.raw`\033[?12;25h`]) {
        await page.keyboard.type(`clear; printf '${sequence}'; echo told $((40+2))\n`);
        await web.untilText(id, /^told 42$/m);
        expect(await blinks(web, id)).toBe(!isStill);
      }
      await host.crash();
      const dot = '[data-link=waiting] .animate-pulse, [data-link=opening] .animate-pulse';
      await page.locator(dot).waitFor();
      const seconds = await page.evaluate<number>(
        `Number.parseFloat(getComputedStyle(document.querySelector('${dot}')).animationDuration)`,
      );
      if (isStill) expect(seconds).toBeLessThan(0.001);
      else expect(seconds).toBeGreaterThan(1);
      await host.start();
      await web.pane(id).locator('[data-link=live]').waitFor();
    }
  },
);

webTest('on a phone that has no session yet, the page says what to do', async ({ browser }) => {
  await using host = await TestHost.start();
  await using web = await WebPage.open(browser, host.at, { ...PHONE, colorScheme: 'light' });
  const { page } = web;
  await page.getByRole('heading', { name: 'Start your first session' }).waitFor();
  await web.picture('phone-empty');
  expect(await complaints(web)).toEqual([]);
  await page.getByRole('main').getByRole('button', { name: 'New session' }).tap();
  await page.getByRole('button', { name: 'Start session' }).tap();
  await page.locator('[data-link=live]').waitFor();
  await page.getByRole('button', { name: /^Close tab/ }).tap();
  await page.getByRole('button', { name: 'See the list' }).tap();
  await page
    .getByRole('navigation', { name: 'Sessions' })
    .getByRole('button', { name: /^Running/ })
    .tap();
  await page.locator('[data-link=live]').waitFor();
});

webTest(
  'on a phone: the list first, then the terminal, with the keys that a phone lacks',
  async ({ browser, host }) => {
    const { id } = await host.client().terminal.create.mutate({ command: ['cat', '-v'], name: 'pocket' });
    await using web = await WebPage.open(browser, host.at, { ...PHONE, colorScheme: 'light' });
    const { page } = web;
    await page.getByRole('navigation', { name: 'Sessions' }).waitFor();
    await web.picture('phone-list');
    await page.getByRole('button', { name: 'More for pocket' }).tap();
    await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
    await web.picture('phone-menu');
    expect(await page.locator('kbd').filter({ visible: true }).count()).toBe(0);
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });
    await page.locator(`[data-session-row="${id}"]`).getByText('pocket', { exact: true }).tap();
    await web.pane(id).locator('[data-link=live]').waitFor();
    await web.pane(id).getByRole('button', { name: 'Esc', exact: true }).tap();
    await web.untilText(id, '^[');
    await web.picture('phone-terminal');
    const overflow = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
    expect(overflow).toBe(false);
    expect(await complaints(web)).toEqual([]);
    await page.getByRole('button', { name: 'Sessions', exact: true }).tap();
    await page.getByRole('link', { name: 'Settings' }).tap();
    await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
    await web.picture('phone-settings');
    const box = await page.getByRole('checkbox', { name: /^Screen reader mode/ }).boundingBox();
    expect(box).toMatchObject({ width: 20, height: 20 });
  },
);
