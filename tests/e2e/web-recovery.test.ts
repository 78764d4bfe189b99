import { LIMITS } from '@holdfast/protocol';
import { stopProcess, untilEnded } from '@holdfast/testkit';
import { describe, expect } from 'vitest';
import { startFailing } from './support/failing-host.ts';
import { holdBackTerminals } from './support/hold-back-terminals.ts';
import { TestHost } from './support/test-host.ts';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

webTest.concurrent(
  'a killed daemon, and then a killed host: the pane recovers without a click, and what is typed meanwhile arrives once',
  { timeout: 180_000 },
  async ({ browser }) => {
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    const id = await web.newSession({ command: 'sh', name: 'survivor' });
    const { pid } = await host.client().terminal.get.query({ session: id });
    const live = web.pane(id).locator('[data-link=live]');
    await page.keyboard.type('echo before $((1+1))\n');
    await web.untilText(id, 'before 2');

    process.kill(host.home.daemonPid ?? -1, 'SIGKILL');
    await page.keyboard.type('echo daemon $((2+2))\n');
    const afterDaemon = await web.untilText(id, 'daemon 4', 30_000);
    expect(afterDaemon.match(/^daemon 4$/gm)).toHaveLength(1);

    await host.crash();
    await web.pane(id).getByText('Reconnecting…').waitFor();
    await page.keyboard.type('echo host $((3+3))\n');
    await web
      .pane(id)
      .getByText(/held back until the terminal can be/)
      .waitFor();
    await web.picture('reconnecting');
    await host.start();
    const afterHost = await web.untilText(id, 'host 6', 60_000);
    await live.waitFor();
    expect(afterHost.match(/^host 6$/gm)).toHaveLength(1);
    expect(afterHost.match(/^before 2$/gm)).toHaveLength(1);
    await web
      .pane(id)
      .getByText(/held back/)
      .waitFor({ state: 'detached' });
    expect(await host.client().terminal.get.query({ session: id })).toMatchObject({ pid, state: 'running' });
    expect(web.errors).toEqual([]);
  },
);

webTest.concurrent(
  'what was typed while the host was away is typed, though the session has forgotten the page meanwhile',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    const id = await web.newSession({ command: 'sh -c "stty raw -echo; exec cat"', name: 'forgetful' });
    await page.keyboard.type('before, ');
    await web.untilText(id, 'before,');
    await host.crash();
    await web.pane(id).getByText('Reconnecting…').waitFor();
    await page.keyboard.type('meanwhile, ');
    const client = await host.home.connect();
    for (let count = 0; count < LIMITS.inputStreamsPerSession; count += 1)
      await (await client.openInput(id)).close();
    await host.start();
    await web.untilText(id, 'meanwhile,', 30_000);
    await page.keyboard.type('last');
    expect(await web.untilText(id, 'last', 30_000)).toBe('before, meanwhile, last');
    expect(await web.pane(id).getByText('can’t be known whether').count()).toBe(0);
    expect(web.errors).toEqual([]);
  },
);

webTest.concurrent(
  'what was on its way when the host was killed arrives once: what the host had, and what the daemon had',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    const id = await web.newSession({ command: 'sh -c "stty raw -echo; exec cat"', name: 'on-the-way' });
    const live = web.pane(id).locator('[data-link=live]');
    await page.keyboard.type('first, ');
    await web.untilText(id, 'first,');
    await stopProcess(host.at.pid);
    await page.keyboard.type('of a host, ');
    await host.crash();
    await host.start();
    await web.untilText(id, 'of a host,', 30_000);
    await live.waitFor();
    const pid = host.home.daemonPid ?? -1;
    await stopProcess(pid);
    await page.keyboard.type('of a daemon, ');
    await host.crash();
    process.kill(pid, 'SIGCONT');
    await host.start();
    await live.waitFor();
    await page.keyboard.type('last');
    expect(await web.untilText(id, 'last', 30_000)).toBe('first, of a host, of a daemon, last');
    expect(web.errors).toEqual([]);
  },
);

webTest.concurrent(
  'without a host for ten seconds it says that terminals do not respond, and still recovers by itself',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const id = await web.newSession({ command: 'sh', name: 'patient' });
    await web.forgetLinks();
    await host.crash();
    const late = web.pane(id).getByText("Terminals aren't responding");
    await late.waitFor();
    await late.click();
    await web.page.getByRole('button', { name: 'Reconnect' }).waitFor();
    expect(await web.page.getByRole('button', { name: /Restart/ }).count()).toBe(0);
    expect(await web.linksShown()).toEqual(['Reconnecting…', "Terminals aren't responding"]);
    await host.start();
    await web.pane(id).locator('[data-link=live]').waitFor();
  },
);

webTest.concurrent(
  'a pane that is opened says that it connects, and only one that had a connection that it does so again',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using host = await TestHost.start();
    const { id } = await host.client().terminal.create.mutate({ command: ['cat'], name: 'slow' });
    await using web = await WebPage.open(browser, host.at);
    const { deliver } = await holdBackTerminals(web);
    await web.page.locator(`[data-session-row="${id}"]`).getByRole('button').first().click();
    await expect.poll(() => web.linksShown(), { timeout: 30_000 }).toContain('Connecting…');
    deliver();
    await web.pane(id).locator('[data-link=live]').waitFor();
    expect(await web.linksShown()).not.toContain('Reconnecting…');
    await host.crash();
    await web.pane(id).getByText('Reconnecting…').waitFor();
    expect(web.errors).toEqual([]);
  },
);

webTest.concurrent(
  'a wrong token, none, and a login that has ended each get a page that says so',
  async ({ browser }) => {
    await using host = await TestHost.start();
    await using wrong = await WebPage.open(browser, host.at, { token: 'wrong' });
    await wrong.page.getByRole('heading', { name: /That token doesn.t open this page/ }).waitFor();
    expect(wrong.page.url()).not.toContain('token');
    await wrong.picture('wrong-token');
    await wrong.page.getByLabel(/Token/).fill(`${host.at.url}#token=${host.at.token}`);
    await wrong.page.getByRole('button', { name: 'Open' }).click();
    await wrong.page.getByText('Start your first session').waitFor();
    await using none = await WebPage.open(browser, host.at, { token: '' });
    await none.page.getByRole('heading', { name: 'This page needs a token' }).waitFor();
    const other = await wrong.context.newPage();
    await other.goto(`${host.at.url}#/settings/daemon`);
    await other.getByRole('button', { name: 'Log out' }).click();
    await other.getByRole('heading', { name: 'This page needs a token' }).waitFor();
    await wrong.page.getByRole('heading', { name: 'You have been logged out' }).waitFor();
  },
);

webTest.concurrent(
  'a token behind # counts in a tab that is open, too, does not stay there, and may be cut off',
  async ({ browser, host }) => {
    await using web = await WebPage.open(browser, host.at, { token: '%' });
    const { page } = web;
    await page.getByRole('heading', { name: /That token doesn.t open this page/ }).waitFor();
    await page.evaluate(`location.hash = '#token=${host.at.token}'`);
    await page.getByRole('navigation', { name: 'Sessions' }).waitFor();
    expect(page.url()).not.toContain('token');
    const { terminal } = host.client();
    const { id: session } = await terminal.create.mutate({ command: ['cat'], name: 'for a guest' });
    const { id, token } = await terminal.share.create.mutate({ session, expiresInMs: 600_000 });
    await page.evaluate(`location.hash = '#token=${token}'`);
    await page.getByText('You are looking at a shared terminal.').waitFor();
    expect(page.url()).not.toContain('token');
    // Nor in the history.
    await page.goBack();
    expect(page.url()).not.toContain('token');
    await terminal.share.revoke.mutate({ id });
    await page.getByRole('heading', { name: 'This link has ended' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'This link has ended' }).waitFor();
    expect(web.errors).toEqual([]);
  },
);

webTest.concurrent('without a host nobody is logged out, and the page says so', async ({ browser }) => {
  await using host = await TestHost.start();
  await using web = await WebPage.open(browser, host.at);
  const { page } = web;
  await page.goto(`${host.at.url}#/settings/daemon`);
  await page.getByText('This browser is logged in').waitFor();
  await host.crash();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByText("Still logged in: the host can't be reached").waitFor();
  expect(web.errors).toEqual([]);
});

describe.concurrent.for(['the daemon', 'the daemon, and the host with it,'])('killed: %s', (victims) => {
  webTest(
    'what is left in doubt is shown until it is dismissed, and not typed again',
    { timeout: 120_000 },
    async ({ browser }) => {
      await using failing = await startFailing();
      const { host, at } = failing;
      await using web = await WebPage.open(browser, host.at);
      const id = await web.newSession({ command: "sh -c 'stty raw -echo; exec cat -v'", name: 'doubtful' });
      await web.page.keyboard.type('before, ');
      await web.untilText(id, 'before,');
      const pid = host.home.daemonPid ?? -1;
      at({ 'daemon.typed': 'kill' });
      await web.page.keyboard.insertText('rm it\u0003');
      await untilEnded(pid);
      if (victims.includes('host')) await host.crash();
      at({});
      if (victims.includes('host')) await host.start();
      const notice = web.pane(id).getByText(/It can.t be known whether rm it\^C arrived before the crash/);
      await notice.waitFor();
      await web.pane(id).locator('[data-link=live]').waitFor();
      await web.picture('in-doubt');
      await web.page.keyboard.insertText(' and more');
      // It had arrived, this time.
      expect(await web.untilText(id, 'and more')).toBe('before, rm it^C and more');
      await web.pane(id).getByRole('button', { name: 'Dismiss' }).click();
      await notice.waitFor({ state: 'detached' });
      const heldBack = web.pane(id).getByText(/held back/);
      expect(await heldBack.count()).toBe(0);
      // A doubt that was told is not told again.
      await host.crash();
      await host.start();
      await web.page.keyboard.insertText(', and more');
      expect(await web.untilText(id, 'more, and more', 30_000)).toBe('before, rm it^C and more, and more');
      expect(await notice.count()).toBe(0);
      expect(web.errors).toEqual([]);
    },
  );
});

webTest.concurrent(
  'a daemon that hangs: nothing is offered that would end all, since it can not, and what is said of a way out is true',
  { timeout: 180_000 },
  async ({ browser }) => {
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    const id = await web.newSession({ command: 'cat', name: 'kept' });
    const program = await host.client().terminal.get.query({ session: id });
    await page.goto(`${host.at.url}#/settings/daemon`);
    const restart = page.getByRole('button', { name: 'Force restart' });
    await page.getByText('1 session running').waitFor();
    expect(await restart.isEnabled()).toBe(true);
    const pid = host.home.daemonPid ?? -1;
    process.kill(pid, 'SIGSTOP');
    await page.getByText(/says how to get it going again without ending a session/).waitFor();
    await page.getByText('Daemon unavailable').waitFor();
    expect(await restart.isEnabled()).toBe(false);
    await web.picture('hanging-settings');
    await page.goto(`${host.at.url}#/`);
    const late = web.pane(id).getByText("Terminals aren't responding");
    await late.waitFor({ timeout: 30_000 });
    await web.pane(id).locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('typed meanwhile\n');
    await web
      .pane(id)
      .getByText(/held back/)
      .waitFor();
    await late.click();
    await page.getByText('The daemon doesn’t answer. Your programs are still running').waitFor();
    expect(await page.getByRole('button', { name: /Restart/ }).count()).toBe(0);
    await web.picture('hanging-pane');
    await page.keyboard.press('Escape');
    // What doctor says is done: its keeper starts another, and the page goes on.
    const { stdout } = await host.home.cli(['doctor']);
    expect(stdout.toString()).toContain(`kill -9 ${pid} has its keeper start it again, with its sessions`);
    process.kill(pid, 'SIGKILL');
    await web.untilText(id, /^typed meanwhile\ntyped meanwhile$/m, 60_000);
    await web.pane(id).locator('[data-link=live]').waitFor();
    expect(await host.client().terminal.get.query({ session: id })).toMatchObject({
      pid: program.pid,
      state: 'running',
    });
    expect(web.errors).toEqual([]);
  },
);

webTest.concurrent(
  'a login that has expired: whatever is tried next says so and what to do, and the token brings back what was open',
  async ({ browser }) => {
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    const id = await web.newSession({ command: 'cat', name: 'kept' });
    const heading = page.getByRole('heading', { name: 'You have been logged out' });
    const row = page.locator(`[data-session-row="${id}"]`).getByRole('button').first();
    // As a browser does with a cookie whose time is over.
    const tries: Readonly<Record<string, () => Promise<void>>> = {
      rename: async () => {
        await row.focus();
        await page.keyboard.press('F2');
        await page.keyboard.type('another name');
        await page.keyboard.press('Enter');
      },
      new: async () => {
        await page.keyboard.press('Alt+Shift+KeyN');
        await page.getByRole('button', { name: 'Start session' }).click();
      },
      split: () => page.keyboard.press('Alt+Shift+KeyD'),
      reconnect: async () => {
        await host.crash();
        await host.start();
      },
    };
    for (const [what, attempt] of Object.entries(tries)) {
      await web.pane(id).locator('[data-link=live]').waitFor();
      await web.context.clearCookies();
      await attempt();
      await heading.waitFor();
      await page.getByText(/paste the token of “holdfast serve” to see them again/).waitFor();
      if (what === 'rename') await page.getByText('Can’t rename: this browser is logged out').waitFor();
      if (what === 'rename') await web.picture('logged-out');
      await page.getByLabel(/Token/).fill(host.at.token);
      await page.keyboard.press('Enter');
    }
    await web.pane(id).locator('[data-link=live]').waitFor();
    expect(await host.client().terminal.list.query()).toMatchObject([{ id, name: 'kept', state: 'running' }]);
    expect(web.errors).toEqual([]);
  },
);

webTest.concurrent(
  'what is held back is not lost unsaid: the browser asks before a reload, a new login types it, and a closed pane says what it was',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    const id = await web.newSession({ command: 'cat', name: 'kept' });
    const held = web.pane(id).getByText(/held back until the terminal can be reached/);
    const reload = async () => {
      const asked = page.waitForEvent('dialog', { timeout: 10_000 }).catch(() => undefined);
      await page.evaluate('setTimeout(() => location.reload())');
      const dialog = await asked;
      await dialog?.dismiss();
      return dialog?.type();
    };
    await host.crash();
    await web.pane(id).getByText('Reconnecting…').waitFor();
    await page.keyboard.type('held back\n');
    await held.waitFor();
    expect(await reload()).toBe('beforeunload');
    await held.waitFor();

    await web.context.clearCookies();
    await host.start();
    await page.getByRole('heading', { name: 'You have been logged out' }).waitFor();
    await page.getByText('10 bytes of what you typed are held back until then.').waitFor();
    expect(await reload()).toBe('beforeunload');
    await page.getByLabel(/Token/).fill(host.at.token);
    await page.keyboard.press('Enter');
    expect(await web.untilText(id, /^held back\nheld back$/m, 30_000)).toBe('held back\nheld back');
    await web.untilFocused(web.pane(id));
    await page.keyboard.type('and more\n');
    expect(await web.untilText(id, /^and more\nand more$/m)).toBe('held back\nheld back\nand more\nand more');

    await host.crash();
    await web.pane(id).getByText('Reconnecting…').waitFor();
    await page.keyboard.type('lost');
    await held.waitFor();
    await page.keyboard.press('Alt+Shift+KeyW');
    await page.getByText('Not typed into “kept”: 4 bytes that the pane held back').waitFor();
    await host.start();
    await page.locator(`[data-session-row="${id}"]`).getByRole('button').first().click();
    await web.pane(id).locator('[data-link=live]').waitFor();
    await web.untilFocused(web.pane(id));
    await page.keyboard.type('the end\n');
    expect(await web.untilText(id, /^the end\nthe end$/m)).not.toContain('lost');
    expect(web.errors).toEqual([]);
  },
);

webTest.concurrent(
  'a paste that a slow program has not taken, with the terminal reached all the while, is not lost unsaid either',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    // More than the host takes and a terminal holds.
    const pastedBytes = 600 * 1024;
    const paste = (session: string) =>
      page.evaluate(
        `document.querySelector('[data-session="${session}"] .terminal-box').holdfast.view.terminal.paste('x'.repeat(${pastedBytes}))`,
      );
    const slow = `stty -icanon -echo; echo ready; kill -STOP $$; head -c ${pastedBytes} | wc -c; exec cat`;
    const id = await web.newSession({ command: `sh -c "${slow}"`, name: 'slow' });
    await web.untilText(id, 'ready');
    const { pid } = await host.client().terminal.get.query({ session: id });
    await paste(id);
    const asked = page.waitForEvent('dialog');
    await page.evaluate('setTimeout(() => location.reload())');
    const dialog = await asked;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    expect(await web.pane(id).locator('[data-link=live]').count()).toBe(1);

    await web.context.clearCookies();
    await page.keyboard.press('Alt+Shift+KeyD');
    await page.getByRole('heading', { name: 'You have been logged out' }).waitFor();
    await page.getByText(/^\d+ bytes of what you typed are held back until then/).waitFor();
    await page.getByLabel(/Token/).fill(host.at.token);
    await page.keyboard.press('Enter');
    await web.pane(id).locator('[data-link=live]').waitFor();
    process.kill(pid, 'SIGCONT');
    await web.untilText(id, `${pastedBytes}`, 30_000);
    await web.pane(id).locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('the end');
    expect(await web.untilText(id, 'the end')).toBe(`ready\n${pastedBytes}\nthe end`);

    const lost = await web.newSession({ command: `sh -c "${slow}"`, name: 'lost' });
    await web.untilText(lost, 'ready');
    await paste(lost);
    await page.keyboard.press('Alt+Shift+KeyW');
    await page.getByText(/^Not typed into “lost”: up to \d+ bytes that the pane held back$/).waitFor();
    expect(web.errors).toEqual([]);
  },
);

webTest.concurrent(
  'a refusal that would repeat: the pane says so and why, and goes on only when asked to; what ends all is behind a question',
  async ({ web, host }) => {
    // The far end says so: a host does only when something is broken.
    let isBroken = true;
    await web.page.routeWebSocket(/\/terminal\//, (page) => {
      if (isBroken) return page.close({ code: 4500, reason: 'something is broken' });
      page.connectToServer();
      return undefined;
    });
    const { id } = await host.client().terminal.create.mutate({ command: ['cat'], name: 'refused' });
    await web.page.locator(`[data-session-row="${id}"]`).getByRole('button').first().click();
    const sign = web.pane(id).getByText('Disconnected');
    await sign.click();
    await web.page.getByText('something is broken').waitFor();
    await web.page.getByRole('button', { name: 'Restart all…' }).click();
    const question = web.page.getByRole('alertdialog', { name: 'Restart terminal daemon?' });
    await question.getByText(/closes every terminal session \(\d+ running\)/).waitFor();
    await question.getByRole('button', { name: 'Keep waiting' }).click();
    await question.waitFor({ state: 'detached' });
    isBroken = false;
    if (!(await web.page.getByRole('button', { name: 'Reconnect' }).isVisible())) await sign.click();
    await web.page.getByRole('button', { name: 'Reconnect' }).click();
    await web.pane(id).locator('[data-link=live]').waitFor();
    expect((await host.client().terminal.get.query({ session: id })).state).toBe('running');
    expect(web.errors).toEqual([]);
  },
);

webTest.concurrent(
  'a daemon that is started no more: a notice says that programs run on, and Resume brings them back',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using failing = await startFailing();
    const { host, at } = failing;
    await using web = await WebPage.open(browser, host.at);
    const id = await web.newSession({ command: 'cat', name: 'held' });
    const { pid } = await host.client().terminal.get.query({ session: id });
    at({ 'daemon.starting': 'exit' });
    process.kill(host.home.daemonPid ?? -1, 'SIGKILL');
    const notice = web.page.getByRole('alert').filter({ hasText: 'isn’t started any more' });
    await notice.getByText('Your programs are still running.').waitFor();
    await web.page.keyboard.type('typed meanwhile\n');
    await web
      .pane(id)
      .getByText(/held back/)
      .waitFor();
    await web.picture('held');
    at({});
    await notice.getByRole('button', { name: 'Resume' }).click();
    await web.page.getByText('Daemon resumed · 1 session kept').waitFor();
    await notice.waitFor({ state: 'detached' });
    await web.untilText(id, /^typed meanwhile\ntyped meanwhile$/m, 30_000);
    expect(await host.client().terminal.get.query({ session: id })).toMatchObject({ pid, state: 'running' });
  },
);
