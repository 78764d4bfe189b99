import { expect } from 'vitest';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

webTest(
  'a first session is started, typed into, and shown the same after a reload',
  async ({ host, web }) => {
    await web.page.getByText('Start your first session').waitFor();
    // The token is not left where somebody could read it.
    expect(web.page.url()).not.toContain(host.at.token);
    const id = await web.newSession({ command: 'sh', name: 'first' });
    await web.page.keyboard.type('for i in $(seq 200); do echo line $i; done; echo the sum is $((40+2))\n');
    const before = await web.untilText(id, 'the sum is 42');
    expect(before).toContain('line 1\n');
    await web.page.reload();
    await web.pane(id).locator('[data-link=live]').waitFor();
    expect(await web.untilText(id, 'the sum is 42')).toBe(before);
    expect(await web.page.locator('[data-session-row]').innerText()).toMatch(/^Running\s+first/);
    expect(web.errors).toEqual([]);
  },
);

webTest('a browser that comes back shows what ran meanwhile', async ({ host }) => {
  const folder = host.home.scratch('profile');
  const { chromium } = await import('playwright-core');
  const options = { executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] };
  const first = await chromium.launchPersistentContext(folder, options);
  const page = await first.newPage();
  await page.goto(`${host.at.url}#token=${host.at.token}`);
  const { id } = await host.client().terminal.create.mutate({ command: ['sh'], name: 'returning' });
  await page.getByRole('button', { name: /^Running\s*returning/ }).click();
  await page.locator(`[data-session="${id}"] [data-link=live]`).waitFor();
  await first.close();
  await host
    .client()
    .terminal.send.mutate({ session: id, text: 'echo while $((1+1)) were away', enter: true });
  const second = await chromium.launchPersistentContext(folder, options);
  try {
    const again = await second.newPage();
    await again.goto(host.at.url);
    await again.locator(`[data-session="${id}"] [data-link=live]`).waitFor();
    await again.waitForFunction(
      `document.querySelector('[data-session="${id}"] .terminal-box')?.holdfast?.view.terminal.buffer.active
         .getLine(1)?.translateToString(true).includes('while 2 were away')`,
    );
  } finally {
    await second.close();
  }
});

webTest(
  'a session is renamed, searched for, killed after a question, and forgotten unless that is taken back',
  async ({ host, web }) => {
    const { page } = web;
    const { id } = await host
      .client()
      .terminal.create.mutate({ command: ['sleep', '1000'], name: 'sleeper' });
    const row = page.locator(`[data-session-row="${id}"]`);
    // The row has the focus, or gets it back from what has closed; a key would go elsewhere before.
    const press = async (key: string) => {
      await web.untilFocused(row);
      await page.keyboard.press(key);
    };
    await row
      .getByRole('button', { name: /sleeper/ })
      .first()
      .focus();
    await press('F2');
    await page.getByLabel('New name of sleeper').fill('dreamer');
    await page.keyboard.press('Enter');
    await row.getByText('dreamer', { exact: true }).waitFor();
    expect((await host.client().terminal.get.query({ session: id })).name).toBe('dreamer');
    // The row has the focus again, to go on by keys; Escape leaves the name as it is.
    const button = row.getByRole('button', { name: /dreamer/ }).first();
    await web.untilFocused(button);
    await press('F2');
    await web.untilFocused(page.getByLabel('New name of dreamer'));
    await page.keyboard.type('somebody else');
    await page.keyboard.press('Escape');
    await web.untilFocused(button);
    expect((await host.client().terminal.get.query({ session: id })).name).toBe('dreamer');

    await page.keyboard.press('Alt+Shift+KeyS');
    await page.keyboard.type('dream');
    await expect.poll(() => page.locator('[data-session-row]').count()).toBe(1);
    await page.keyboard.press('Control+A');
    await page.keyboard.type('nothing like it');
    await page.getByText('No name, command or folder has “nothing like it”.').waitFor();
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');

    await button.focus();
    await press('Delete');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
    expect((await host.client().terminal.get.query({ session: id })).state).toBe('running');
    // Where the focus was before the question.
    await press('Delete');
    await page.getByRole('button', { name: 'Kill session' }).click();
    await row.getByText(/Ended by SIG/).waitFor();

    await press('Delete');
    await row.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await row.waitFor();
    await button.focus();
    await press('Delete');
    await expect
      .poll(async () => (await host.client().terminal.list.query()).map((session) => session.id), {
        timeout: 15_000,
      })
      .not.toContain(id);
    expect(web.errors).toEqual([]);
  },
);

webTest('what is wrong with a new session is said where it was asked for', async ({ host, web }) => {
  const { page } = web;
  await page.getByRole('navigation', { name: 'Sessions' }).waitFor();
  await page.keyboard.press('Alt+Shift+KeyN');
  await page.getByLabel('Command').fill('no-such-program-anywhere');
  await page.keyboard.press('Enter');
  await page
    .getByRole('alert')
    .getByText(/no-such-program-anywhere/)
    .waitFor();
  const before = (await host.client().terminal.list.query()).length;
  await page.getByLabel('Command').fill("sh -c 'echo hi; sleep 1000");
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText("the quote ' isn’t closed").waitFor();
  expect(await host.client().terminal.list.query()).toHaveLength(before);
});

webTest('a folder below the home folder is told by ~, as the page tells it', async ({ web }) => {
  const id = await web.newSession({ command: 'sh', folder: '~/', name: 'at-home' });
  await web.page.keyboard.type('[ "$PWD/" -ef ~/ ] && echo at home $((40+2))\n');
  await web.untilText(id, 'at home 42');
});

webTest(
  'the list tells name, command, folder, status and the last activity of each session, and of what others do at once',
  { timeout: 60_000 },
  async ({ web, host }) => {
    const { page } = web;
    const { terminal } = host.client();
    const command = ['sh', '-c', 'read line; echo $line; exec cat'];
    const { id, name } = await terminal.create.mutate({ command, cwd: '/usr' });
    const row = page.locator(`[data-session-row="${id}"]`);
    await row.getByText(name, { exact: true }).waitFor();
    expect(name).not.toContain(id);
    expect(await row.innerText()).toMatch(/^Running\s+\S+[^]*sh -c read line; echo \$line; exec cat · \/usr/);
    const activeAt = async () => Date.parse((await row.locator('time').getAttribute('datetime')) ?? '');
    const before = await activeAt();
    await terminal.send.mutate({ session: id, text: 'spoken', enter: true });
    await expect.poll(activeAt, { timeout: 15_000 }).toBeGreaterThan(before);
    await terminal.rename.mutate({ session: id, name: 'named by others' });
    await row
      .getByRole('button', { name: /named by others/ })
      .first()
      .click();
    await web.pane(id).locator('[data-link=live]').waitFor();
    await terminal.kill.mutate({ session: id });
    await row.getByText(/^Ended by SIG/).waitFor();
    await row.getByText('Exited', { exact: true }).waitFor({ state: 'attached' });
    await terminal.forget.mutate({ session: id });
    await row.waitFor({ state: 'detached' });
    // With its pane.
    await web.pane(id).waitFor({ state: 'detached' });
    expect(web.errors).toEqual([]);
  },
);

webTest('output that nobody has seen is marked, until somebody has', async ({ host, web }) => {
  const { id } = await host.client().terminal.create.mutate({ command: ['sh'], name: 'talker' });
  const row = web.page.locator(`[data-session-row="${id}"]`);
  await row.getByText('New output').waitFor({ state: 'attached' });
  await row
    .getByRole('button', { name: /talker/ })
    .first()
    .click();
  await web.pane(id).locator('[data-link=live]').waitFor();
  await row.getByText('New output').waitFor({ state: 'detached' });
});

webTest('panes are split by keys, and a reload shows the same panes', async ({ host, web }) => {
  const { page } = web;
  const first = await web.newSession({ command: 'sh', folder: '/usr', name: 'left' });
  const panes = page.locator('[data-session]').filter({ visible: true });
  await page.keyboard.press('Alt+Shift+KeyD');
  await expect.poll(() => panes.count(), { timeout: 15_000 }).toBe(2);
  const ids = await Promise.all((await panes.all()).map((pane) => pane.getAttribute('data-session')));
  const second = ids.find((id) => id !== first) ?? '';
  await web.pane(second).locator('[data-link=live]').waitFor();
  // The old one is what it was: its connection, too.
  expect(web.sockets.get(`/terminal/${first}`)).toBe(1);
  // The new one has the folder of the old one, and the focus.
  await web.untilFocused(web.pane(second));
  await page.keyboard.type('pwd\n');
  await web.untilText(second, /^\/usr$/m);
  // The border between them is moved by keys, too.
  const border = page.getByRole('separator', { name: 'Size of the panes' });
  await border.focus();
  for (let times = 0; times < 5; times += 1) await page.keyboard.press('ArrowRight');
  expect(await border.getAttribute('aria-valuenow')).toBe('60');
  await page.reload();
  await expect.poll(() => panes.count(), { timeout: 15_000 }).toBe(2);
  expect(await border.getAttribute('aria-valuenow')).toBe('60');
  await page.keyboard.press('Alt+Shift+KeyW');
  await expect.poll(() => panes.count(), { timeout: 15_000 }).toBe(1);
  expect((await host.client().terminal.get.query({ session: second })).state).toBe('running');
});

webTest(
  'tabs are gone through by keys, the terminal that comes has the focus, and the tab of many is seen',
  { timeout: 120_000 },
  async ({ browser, host }) => {
    await using web = await WebPage.open(browser, host.at, { viewport: { width: 900, height: 600 } });
    const { page } = web;
    const tabs = page.getByRole('list', { name: 'Tabs' });
    const current = tabs.locator('[aria-current=true]');
    const names = ['tab one', 'tab two', 'tab three', 'tab four', 'tab five'].map(
      (name) => `${name} of many`,
    );
    const ids: string[] = [];
    for (const name of names) ids.push(await web.newSession({ command: 'cat', name }));
    const expectShown = async (index: number) => {
      await current.getByText(names[index] ?? '').waitFor();
      await expect.poll(() => page.title()).toBe(`${names[index]} · Holdfast`);
      // Not behind the edge of a bar that is too short for all.
      await expect
        .poll(async () => {
          const [bar, tab] = await Promise.all([tabs.boundingBox(), current.boundingBox()]);
          return bar && tab && tab.x >= bar.x - 1 && tab.x + tab.width <= bar.x + bar.width + 1;
        })
        .toBe(true);
      await web.untilFocused(web.pane(ids[index] ?? ''));
      await page.keyboard.type(`typed into ${names[index]}\n`);
      await web.untilText(ids[index] ?? '', `typed into ${names[index]}`);
    };
    await expectShown(4);
    await page.keyboard.press('Alt+Shift+ArrowRight');
    await expectShown(0);
    await page.keyboard.press('Alt+Shift+ArrowRight');
    await expectShown(1);
    await page.keyboard.press('Alt+Shift+ArrowLeft');
    await page.keyboard.press('Alt+Shift+ArrowLeft');
    await expectShown(4);
    // Without the shortcuts: by Tab and Enter.
    await tabs.getByRole('button', { name: names[2] ?? '', exact: true }).focus();
    await page.keyboard.press('Enter');
    await expectShown(2);
    await tabs.getByRole('button', { name: names[2] ?? '', exact: true }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await tabs.getByText(names[2] ?? '').waitFor({ state: 'detached' });
    await page.keyboard.press('Alt+Shift+KeyW');
    await expect.poll(() => tabs.getByRole('listitem').count()).toBe(3);
    const left = await host.client().terminal.list.query();
    expect(left.filter(({ id, state }) => ids.includes(id) && state === 'running')).toHaveLength(5);
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'two windows: the size is that of who typed last, the other sees it whole and can take the size',
  async ({ browser, host }) => {
    await using desktop = await WebPage.open(browser, host.at);
    const id = await desktop.newSession({ command: 'sh', name: 'shared-size' });
    await using phone = await WebPage.open(browser, host.at, {
      viewport: { width: 390, height: 740 },
      hasTouch: true,
    });
    await phone.page
      .getByRole('button', { name: /shared-size/ })
      .first()
      .click();
    await phone.pane(id).locator('[data-link=live]').waitFor();
    const sizeOf = async () => {
      const { cols, rows } = await host.client().terminal.get.query({ session: id });
      return { cols, rows };
    };
    const large = await sizeOf();
    expect(large.cols).toBeGreaterThan(80);
    await phone.pane(id).getByRole('button', { name: 'Take size' }).click();
    await expect.poll(async () => (await sizeOf()).cols, { timeout: 15_000 }).toBeLessThan(60);
    // To type is to lead.
    await desktop.page.locator('.xterm-helper-textarea').first().focus();
    await desktop.page.keyboard.type('echo typed\n');
    await phone.untilText(id, 'typed');
    await phone.picture('phone-terminal');
    expect([...desktop.errors, ...phone.errors]).toEqual([]);
  },
);
