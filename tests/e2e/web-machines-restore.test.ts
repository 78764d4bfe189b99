import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect } from 'vitest';
import { complaints } from './support/complaints.ts';
import { FleetHouse } from './support/fleet-house.ts';
import { FleetPair } from './support/fleet-pair.ts';
import { reboot } from './support/reboot.ts';
import { TestHost } from './support/test-host.ts';
import { whyNoNats } from './support/test-nats.ts';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

/** Until a machine that has gone down and come back is seen again, and a terminal of it. */
const BACK_MS = 30_000;
/** More than is announced of a command, which is 1,024 characters. */
const LONG = 'x'.repeat(3_000);
/** More than is told of one at all. */
const VERY_LONG = 'x'.repeat(10_000);

beforeEach(({ skip }) => {
  const why = whyNoNats();
  if (why !== undefined) skip(why);
});

function row({ page }: WebPage, key: string) {
  return page.locator(`[data-session-row="${key}"]`);
}

/** Shows a session by its row, and waits until it can be typed into. */
async function show(web: WebPage, key: string, name: string): Promise<void> {
  await row(web, key).getByText(name, { exact: true }).click();
  await web.pane(key).locator('[data-link=live]').waitFor();
  await web.untilFocused(web.pane(key));
}

/** Does what stands in a session's menu. */
async function choose({ page }: WebPage, name: string, item: string): Promise<void> {
  await page.getByRole('button', { name: `More for ${name}` }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

/** It goes down with all that runs on it, and comes back. */
async function restartMachine(host: TestHost): Promise<void> {
  const sessions = await host.client().terminal.list.query();
  await reboot(
    host.home,
    sessions.map(({ pid }) => pid),
  );
  await host.start();
}

webTest(
  'what another machine has taken down with it is restored there: in its pane, in the list, and all at once',
  { timeout: 180_000 },
  async ({ browser }) => {
    await using pair = await FleetPair.start();
    const { alpha, beta } = pair;
    await alpha.client().terminal.create.mutate({ command: ['cat'], name: 'here' });
    const { create, list } = beta.client().terminal;
    const { id } = await create.mutate({ command: ['sh'], name: 'first' });
    for (const name of ['second', 'third', 'fourth']) await create.mutate({ command: ['cat'], name });
    const all = await list.query();
    await using web = await pair.openPage(browser);
    const { page } = web;
    const key = `beta/${id}`;
    await show(web, key, 'first');
    await page.keyboard.type('echo before-$((40+2)) in $HOME\n');
    await web.untilText(key, 'before-42 in');

    await restartMachine(beta);
    const pane = web.pane(key);
    await pane.getByRole('button', { name: 'Restore' }).waitFor({ timeout: BACK_MS });
    const group = page.locator('[data-machine=beta]');
    await group.getByText('4 sessions ended unseen, as with the machine.').waitFor();
    expect(await page.getByText('ended unseen').count()).toBe(1);
    await web.picture('machines-restore');
    expect(await complaints(web)).toEqual([]);

    await pane.getByRole('button', { name: 'Restore' }).click();
    await pane.locator('[data-link=live]').waitFor();
    await web.untilText(key, /before-42 in [^]*\[restored at /);
    await web.untilFocused(pane);
    await page.keyboard.type('echo after-$((40+3)) in $HOME\n');
    await web.untilText(key, `after-43 in ${beta.home.env['HOME']}`);

    await page.getByRole('button', { name: 'Restore second' }).click();
    await group.getByText('2 sessions ended unseen, as with the machine.').waitFor();
    await page.getByRole('button', { name: 'Restore all on beta' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('2 sessions restored').waitFor();
    await page.getByText('ended unseen').waitFor({ state: 'detached' });
    const after = await list.query();
    const told = (sessions: typeof after) => sessions.map(({ id, name, cwd }) => ({ id, name, cwd }));
    expect(told(after)).toEqual(told(all));
    expect(after.map(({ state }) => state)).toEqual(['running', 'running', 'running', 'running']);
    expect(await alpha.client().terminal.list.query()).toHaveLength(1);

    // It is no news of this page alone.
    await page.reload();
    await web.pane(key).locator('[data-link=live]').waitFor();
    await web.untilText(key, 'after-43 in');
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'what has ended on another machine by itself is restored from its menu, again and again, and its pane goes on',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using pair = await FleetPair.start();
    const { beta } = pair;
    const { terminal } = beta.client();
    const { id } = await terminal.create.mutate({ command: ['sh'], name: 'again' });
    await using web = await pair.openPage(browser);
    const { page } = web;
    const key = `beta/${id}`;
    await show(web, key, 'again');
    for (const times of [1, 2, 3]) {
      await page.keyboard.type(`echo here-${times}; exit\n`);
      await web.pane(key).getByText('Exited').waitFor();
      await choose(web, 'again', 'Restore');
      await web.pane(key).locator('[data-link=live]').waitFor();
      await expect.poll(async () => (await web.text(key)).split('[restored at').length - 1).toBe(times);
      await page.locator(`[data-session="${key}"] .xterm-screen`).click();
      await web.untilFocused(web.pane(key));
    }
    expect(await terminal.get.query({ session: id })).toMatchObject({ state: 'running' });
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'what is run again on another machine is all of its command there, of which the list has the beginning; of one that is not told whole it is nothing',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using pair = await FleetPair.start();
    const { alpha, beta } = pair;
    const { terminal } = beta.client();
    const cwd = beta.home.scratch('there');
    const script = 'stty size; pwd; echo "$1" | wc -c; read go; exit 3';
    const start = (name: string, text: string) =>
      terminal.create.mutate({ command: ['sh', '-c', script, 'sh', text], name, cwd });
    const long = await start('long', LONG);
    const longer = await start('longer', VERY_LONG);
    await using web = await pair.openPage(browser);
    const { page } = web;
    const key = `beta/${long.id}`;
    await show(web, key, 'long');
    await web.untilText(key, `${LONG.length + 1}`);
    await page.keyboard.type('\n');
    await web.pane(key).getByText('Exited with 3').waitFor();
    await web.pane(key).getByRole('button', { name: 'Run again' }).click();
    await web.pane(key).waitFor({ state: 'detached' });
    const again = (await terminal.list.query()).find(
      ({ state, id }) => state === 'running' && id !== longer.id,
    );
    expect(again).toMatchObject({ command: ['sh', '-c', script, 'sh', LONG], cwd });
    const shown = `beta/${again?.id}`;
    await web.untilText(shown, `${cwd}\n${LONG.length + 1}`);
    await row(web, shown).waitFor();
    expect(await alpha.client().terminal.list.query()).toEqual([]);

    const beyond = `beta/${longer.id}`;
    await show(web, beyond, 'longer');
    await page.keyboard.type('\n');
    await web.pane(beyond).getByText('Exited with 3').waitFor();
    const before = (await terminal.list.query()).length;
    await web.pane(beyond).getByRole('button', { name: 'Run again' }).click();
    await page.getByText('Can’t run it again: its command is longer than what is told of it').waitFor();
    expect(await terminal.list.query()).toHaveLength(before);
    await choose(web, 'longer', 'Restore');
    await web.untilText(beyond, new RegExp(`\\[restored at [^]*\\n${VERY_LONG.length + 1}`));
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'what can’t be started on another machine says why, and stays as it was',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using pair = await FleetPair.start();
    const { beta } = pair;
    const { terminal } = beta.client();
    const gone = path.join(beta.home.scratch('gone'), 'program');
    writeFileSync(gone, '#!/bin/sh\necho ran; read go; rm "$0"\n', { mode: 0o700 });
    const { id } = await terminal.create.mutate({ command: [gone], name: 'once' });
    await using web = await pair.openPage(browser);
    const { page } = web;
    const key = `beta/${id}`;
    await show(web, key, 'once');
    await page.keyboard.type('\n');
    await web.pane(key).getByText('Exited').waitFor();
    await choose(web, 'once', 'Restore');
    await page.getByText(/^Can’t restore “once”: .*program/).waitFor();
    await web.pane(key).getByRole('button', { name: 'Run again' }).click();
    await page.getByText(/^Can’t run it again: .*program/).waitFor();
    expect(await web.text(key)).toContain('ran');
    expect(await terminal.list.query()).toMatchObject([{ id, state: 'exited', exit: { code: 0 } }]);
    await beta.crash();
    await page
      .locator('[data-machine=beta]')
      .getByText(/Unreachable/)
      .waitFor({ timeout: BACK_MS });
    await choose(web, 'once', 'Restore');
    await page.getByText(/^Can’t restore “once”: .*beta/).waitFor({ timeout: BACK_MS });
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'who may only look at another machine starts nothing there',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using house = await FleetHouse.open();
    await using build1 = await house.host('build1', 'guest');
    await using build2 = await house.host('build2');
    const { terminal } = build2.client();
    const ids: string[] = [];
    for (const name of ['one', 'two'])
      ids.push((await terminal.create.mutate({ command: ['sh', '-c', 'echo over; cat'], name })).id);
    await restartMachine(build2);
    await using guest = await WebPage.open(browser, build1.at);
    const { page } = guest;
    const key = `build2/${ids[0]}`;
    await row(guest, key).getByText('one', { exact: true }).click();
    await guest.untilText(key, 'over', BACK_MS);
    const group = page.locator('[data-machine=build2]');
    await group.getByText('view only').waitFor({ timeout: BACK_MS });
    await group.getByText('2 sessions ended unseen, as with the machine.').waitFor();
    await guest.pane(key).getByText('Ended, status lost').waitFor();
    expect(await page.getByRole('button', { name: /^(Restore|Run again|Split|More for)/ }).count()).toBe(0);
    await guest
      .pane(key)
      .getByRole('button', { name: /^Close the pane/ })
      .waitFor();
    await guest.picture('machines-view-only');
    // Nor is it done by who asks the host without a page.
    const there = { machine: 'build2' };
    const asked = build1.client().terminal;
    const refused = { data: { holdfast: { code: 'E_FORBIDDEN' } } };
    await expect(asked.restore.mutate({ session: ids[0] ?? '', ...there })).rejects.toMatchObject(refused);
    await expect(asked.restoreLost.mutate(there)).rejects.toMatchObject(refused);
    expect(await terminal.list.query()).toMatchObject(
      ids.map((id) => ({ id, state: 'exited', exit: { lost: true } })),
    );
    expect(guest.errors).toEqual([]);
  },
);
