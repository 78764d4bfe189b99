import { type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { lacksBrowser, startBrowser, WebPage } from './support/web-page.ts';

let browser: Browser;
beforeAll(async () => {
  if (!lacksBrowser) browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
});

test.skipIf(lacksBrowser)(
  'a killed daemon, and then a killed host: the pane recovers without a click, and what is typed meanwhile arrives once',
  { timeout: 180_000 },
  async () => {
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

test.skipIf(lacksBrowser)(
  'without a host for ten seconds it says that terminals do not respond, and still recovers by itself',
  { timeout: 120_000 },
  async () => {
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const id = await web.newSession({ command: 'sh', name: 'patient' });
    await host.crash();
    await web.pane(id).getByText("Terminals aren't responding").waitFor();
    expect(await web.linksShown()).toEqual(['Reconnecting…', "Terminals aren't responding"]);
    await host.start();
    await web.pane(id).locator('[data-link=live]').waitFor();
  },
);

test.skipIf(lacksBrowser)(
  'a wrong token, none, and a login that has ended each get a page that says so',
  async () => {
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
    await wrong.context.clearCookies();
    await wrong.page.getByRole('heading', { name: 'You have been logged out' }).waitFor();
  },
);

test.skipIf(lacksBrowser)(
  'a shared link shows one terminal to be seen, and says so when it has ended',
  async () => {
    await using host = await TestHost.start();
    const { id } = await host
      .client()
      .terminal.create.mutate({ command: ['sh', '-c', 'echo look here; cat'], name: 'shown' });
    const { stdout } = await host.home.cli(['share', 'shown', '--read-only', '--expires', '1h']);
    const token = stdout.toString().trim();
    await using guest = await WebPage.open(browser, host.at, { token });
    await guest.untilText(id, 'look here');
    await guest.page.getByText('You are looking at a shared terminal.').waitFor();
    await guest.page.keyboard.type('typed by a guest\n');
    await host.client().terminal.send.mutate({ session: id, text: 'typed by the owner', enter: true });
    expect(await guest.untilText(id, 'typed by the owner')).not.toContain('typed by a guest');
    await guest.page.reload();
    await guest.untilText(id, 'look here');
    await guest.context.clearCookies();
    await guest.page.getByRole('heading', { name: 'This link has ended' }).waitFor();
  },
);

test.skipIf(lacksBrowser)(
  "a shared link in another tab is not the owner's, and the owner stays logged in",
  { timeout: 120_000 },
  async () => {
    await using host = await TestHost.start();
    await using owner = await WebPage.open(browser, host.at);
    const id = await owner.newSession({ command: 'sh -c "echo look here; exec cat"', name: 'shown' });
    const { stdout } = await host.home.cli(['share', 'shown', '--read-only', '--expires', '1h']);
    const guest = await owner.context.newPage();
    await guest.goto(`${host.at.url}#token=${stdout.toString().trim()}`);
    await guest.getByText('You are looking at a shared terminal.').waitFor();
    await guest.locator(`[data-session="${id}"] [data-link=live]`).waitFor();
    await owner.page.reload();
    await owner.pane(id).locator('[data-link=live]').waitFor();
    await owner.page.keyboard.type('typed by the owner\n');
    await owner.untilText(id, 'typed by the owner');
    await guest.reload();
    await guest.getByText('You are looking at a shared terminal.').waitFor();
  },
);
