import { beforeEach, describe, expect } from 'vitest';
import { complaints } from './support/complaints.ts';
import { FleetHouse } from './support/fleet-house.ts';
import { FleetPair, startInFleet } from './support/fleet-pair.ts';
import { holdBackTerminals } from './support/hold-back-terminals.ts';
import { TestNats, whyNoNats } from './support/test-nats.ts';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

const GONE_WITHIN_MS = 10_000;
/** Of one machine. */
const ROWS = 200;
/** Longer than a machine may be unseen that is not away. */
const UNSEEN_MS = 9_000;

beforeEach(({ skip }) => {
  const why = whyNoNats();
  if (why !== undefined) skip(why);
});

/** The sessions of one machine, in the list. */
function group({ page }: WebPage, machine: string) {
  return page.locator(`[data-machine="${machine}"]`);
}

/** Keeps what is said of beta whenever that changes. */
const RECORD_REACHABLE = `{
  const group = document.querySelector('[data-machine=beta]');
  window.reachableShown = [];
  const note = () => window.reachableShown.push(group.dataset.reachable);
  new MutationObserver(note).observe(group, { attributeFilter: ['data-reachable'] });
}`;

webTest(
  'sessions are listed by machine, and one of another machine is used as one of this: it is typed into, resized, renamed, split, killed and forgotten',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using pair = await FleetPair.start();
    const { alpha, beta } = pair;
    const here = await alpha.client().terminal.create.mutate({ command: ['cat'], name: 'here' });
    const there = await beta.client().terminal.create.mutate({ command: ['sh'], name: 'there' });
    await using web = await pair.openPage(browser);
    const { page } = web;
    await group(web, 'alpha').locator(`[data-session-row="${here.id}"]`).waitFor();
    expect(await group(web, 'alpha').getByText('this machine').count()).toBe(1);
    const key = `beta/${there.id}`;
    const row = group(web, 'beta').locator(`[data-session-row="${key}"]`);
    await row.getByText('there', { exact: true }).click();
    await web.pane(key).locator('[data-link=live]').waitFor();

    const home = beta.home.env['HOME'] ?? '';
    await page.keyboard.type('echo home is $HOME; stty size\n');
    await web.untilText(key, `home is ${home}`);
    const { cols, rows } = await beta.client().terminal.get.query({ session: there.id });
    await web.untilText(key, `\n${rows} ${cols}\n`);
    expect(cols).toBeGreaterThan(80);

    await page.keyboard.press('Alt+Shift+KeyD');
    await expect.poll(async () => (await beta.client().terminal.list.query()).length).toBe(2);
    expect(await alpha.client().terminal.list.query()).toHaveLength(1);
    await expect.poll(() => group(web, 'beta').locator('[data-session-row]').count()).toBe(2);

    await row.getByRole('button', { name: /there/ }).first().focus();
    await page.keyboard.press('F2');
    await page.getByLabel('New name of there').fill('over there');
    await page.keyboard.press('Enter');
    await row.getByText('over there', { exact: true }).waitFor();
    expect((await beta.client().terminal.get.query({ session: there.id })).name).toBe('over there');

    await page.reload();
    await web.pane(key).locator('[data-link=live]').waitFor();
    await web.untilText(key, `home is ${home}`);
    await row
      .getByRole('button', { name: /over there/ })
      .first()
      .focus();
    await page.keyboard.press('Delete');
    await page.getByRole('button', { name: 'Kill session' }).click();
    await row.getByText(/Ended by SIG/).waitFor();
    await row
      .getByRole('button', { name: /over there/ })
      .first()
      .focus();
    await page.keyboard.press('Delete');
    await row.waitFor({ state: 'detached' });
    await expect
      .poll(async () => (await beta.client().terminal.list.query()).map(({ id }) => id), { timeout: 15_000 })
      .not.toContain(there.id);
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'a session is started on another machine, in the home folder there',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using pair = await FleetPair.start();
    const { alpha, beta } = pair;
    await using web = await pair.openPage(browser);
    const { page } = web;
    await group(web, 'beta').waitFor();
    await page.keyboard.press('Alt+Shift+KeyN');
    await page.getByLabel('Machine').selectOption('beta');
    await page.getByLabel('Command').fill('pwd');
    await page.getByRole('button', { name: 'Start session' }).click();
    await expect.poll(async () => (await beta.client().terminal.list.query()).length).toBe(1);
    const [made] = await beta.client().terminal.list.query();
    await web.untilText(`beta/${made?.id}`, beta.home.env['HOME'] ?? '');
    expect(await alpha.client().terminal.list.query()).toEqual([]);
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'of a machine with very many sessions the newest 200 have rows, and a search finds the others',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using nats = await TestNats.start();
    await using alpha = await startInFleet('alpha', nats);
    const { create } = alpha.client().terminal;
    for (let number = 0; number < ROWS + 3; number += 1)
      await create.mutate({ command: ['true'], name: `number ${number}.` });
    await using web = await WebPage.open(browser, alpha.at);
    const here = group(web, 'alpha');
    await here.getByText('… and 3 more, which a search finds').waitFor();
    expect(await here.locator('[data-session-row]').count()).toBe(ROWS);
    await web.page.getByLabel('Search sessions').fill('number 0.');
    await here.getByText('number 0.', { exact: true }).waitFor();
    expect(await here.locator('[data-session-row]').count()).toBe(1);
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'a page that was hidden for longer than a machine may be unseen shows the others as they are when it is seen again',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using pair = await FleetPair.start();
    const { beta } = pair;
    await using web = await pair.openPage(browser);
    await group(web, 'beta').and(web.page.locator('[data-reachable=true]')).waitFor();
    await web.page.evaluate(RECORD_REACHABLE);
    await web.setHidden(true);
    // Nobody looks meanwhile, so there is nothing to wait for but the time.
    await new Promise((resolve) => setTimeout(resolve, UNSEEN_MS));
    await web.setHidden(false);
    const { create } = beta.client().terminal;
    await create.mutate({ command: ['cat'], name: 'new there' });
    // Announced and looked at since.
    await group(web, 'beta').getByText('new there', { exact: true }).waitFor();
    expect(await web.page.evaluate('window.reachableShown')).toEqual([]);
    expect(await group(web, 'beta').getAttribute('data-reachable')).toBe('true');
    expect(web.errors).toEqual([]);
  },
);

describe.for(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  webTest(
    'a machine whose host is killed is shown as unreachable within 10 s, with when it was seen; its terminal goes on when it is back',
    { timeout: 120_000 },
    async ({ browser }) => {
      await using pair = await FleetPair.start();
      const { alpha, beta } = pair;
      await alpha.client().terminal.create.mutate({ command: ['cat'], name: 'notes' });
      const { id } = await beta.client().terminal.create.mutate({ command: ['cat'], name: 'build' });
      await using web = await WebPage.open(browser, alpha.at, { colorScheme });
      const { page } = web;
      const key = `beta/${id}`;
      await page.locator(`[data-session-row="${key}"]`).getByText('build', { exact: true }).click();
      await web.pane(key).locator('[data-link=live]').waitFor();
      await page.keyboard.type('before\n');
      await web.untilText(key, 'before\nbefore');
      await web.picture(`machines-${colorScheme}`);
      const found = { reachable: await complaints(web), unreachable: ['not looked at'] };

      await beta.crash();
      await group(web, 'beta')
        .getByText(/Unreachable · last seen/)
        .waitFor({ timeout: GONE_WITHIN_MS });
      expect(await page.locator(`[data-session-row="${key}"]`).count()).toBe(1);
      await page.keyboard.type('meanwhile\n');
      await web
        .pane(key)
        .getByText(/held back until/)
        .waitFor();
      await web.picture(`machines-unreachable-${colorScheme}`);
      found.unreachable = await complaints(web);

      await beta.start();
      await web.untilText(key, 'before\nbefore\nmeanwhile\nmeanwhile', 30_000);
      await group(web, 'beta').and(page.locator('[data-reachable=true]')).waitFor();
      expect(found).toEqual({ reachable: [], unreachable: [] });
      expect(web.errors).toEqual([]);
    },
  );
});

webTest(
  'the page can do on other machines what its credentials allow: nothing with those of a host, look with those of a guest',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using house = await FleetHouse.open();
    await using build1 = await house.host('build1', 'guest');
    await using build2 = await house.host('build2');
    const shell = ['sh', '-c', 'echo on build2; cat'];
    const { id } = await build2.client().terminal.create.mutate({ command: shell, name: 'there' });

    await using guest = await WebPage.open(browser, build1.at);
    const key = `build2/${id}`;
    const { deliver } = await holdBackTerminals(guest);
    await guest.page.locator(`[data-session-row="${key}"]`).getByText('there', { exact: true }).click();
    await guest.untilFocused(guest.pane(key));
    // The page can't know yet that it may not.
    await guest.page.keyboard.type('early');
    await guest
      .pane(key)
      .getByText(/^5 bytes .* held back until/)
      .waitFor();
    deliver();
    await guest.page.getByText('Not typed into “there”: 5 bytes, since it is only for looking at').waitFor();
    await guest.untilText(key, 'on build2');
    await guest.pane(key).getByText('View only').waitFor();
    await guest.pane(key).locator('[data-link=live]').waitFor();
    await guest.page.keyboard.type('not mine to type\n');
    // Nothing is offered that would be refused, nor done by keys.
    await group(guest, 'build2').getByText('view only').waitFor();
    const row = guest.page.locator(`[data-session-row="${key}"]`);
    await expect.poll(() => row.getByRole('button').count()).toBe(1);
    await row.getByRole('button').focus();
    await guest.page.keyboard.press('Delete');
    await guest.page.keyboard.press('F2');
    await row.getByRole('button').dblclick();
    await guest.page.keyboard.press('Alt+Shift+KeyD');
    await guest.page.getByText('Nothing may be started on build2 from here.').waitFor();
    expect(await guest.page.getByRole('dialog').count()).toBe(0);
    expect(await guest.page.getByLabel('New name of there').count()).toBe(0);
    await guest.page.keyboard.press('Alt+Shift+KeyN');
    const choice = guest.page.getByLabel('Machine').locator('option');
    await choice
      .filter({ hasText: 'build2 (view only)' })
      .and(guest.page.locator(':disabled'))
      .waitFor({ state: 'attached' });
    await guest.page.keyboard.press('Escape');
    expect(await build2.client().terminal.list.query()).toHaveLength(1);
    expect(await build2.client().terminal.get.query({ session: id })).toMatchObject({ state: 'running' });
    const { text } = await build2.client().terminal.capture.query({ session: id });
    expect(text.trim()).toBe('on build2');
    expect([...guest.sockets.values()]).toEqual([1]);
    await guest.page.keyboard.press('Alt+Shift+Comma');
    const machines = guest.page.locator('[data-machine-row]');
    await machines.getByText('no upgrade allowed').nth(1).waitFor();
    expect(await guest.page.getByRole('button', { name: /^Upgrade/ }).count()).toBe(0);
    // Nor is it done by who asks the host without a page.
    const { machines: upgraded } = await build1.client().machines.upgrade.mutate({ machine: 'build2' });
    expect(upgraded).toMatchObject([{ state: 'failed', result: { ok: false, code: 'E_FORBIDDEN' } }]);
    const failed = guest.page.locator('[data-machine-row="build2"]');
    await failed.getByText('Not allowed. Nothing was updated.').waitFor();
    await failed.getByText(/^these credentials may not do that/).waitFor();
    expect(guest.errors).toEqual([]);

    await using host = await WebPage.open(browser, build2.at);
    await host.page.getByText(/The other machines can’t be seen: .*these credentials/).waitFor();
    await group(host, 'build2').locator(`[data-session-row="${id}"]`).waitFor();
    expect(host.errors).toEqual([]);
  },
);

webTest('without a fleet the page knows of no machines, and loads nothing for them', async ({ web }) => {
  const asked: string[] = [];
  web.page.on('request', (request) => asked.push(request.url()));
  await web.page.reload();
  await web.newSession({ command: 'cat', name: 'alone' });
  await web.page.keyboard.press('Alt+Shift+Comma');
  await web.page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
  expect(await web.page.locator('[data-machine]').count()).toBe(0);
  expect(await web.page.getByRole('heading', { name: 'Machines' }).count()).toBe(0);
  expect(asked.filter((url) => url.includes('/machine'))).toEqual([]);
});
