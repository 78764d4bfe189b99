import { expect } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

webTest(
  'a link is made and copied, shows one terminal to be seen, is listed, and ends for who looks when it is ended',
  { timeout: 120_000 },
  async ({ browser, host, web }) => {
    const { page } = web;
    await web.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const id = await web.newSession({ command: 'sh -c "echo look here; exec cat"', name: 'shown' });
    await web.pane(id).getByRole('button', { name: 'Share this terminal, to be seen' }).click();
    const dialog = page.getByRole('dialog', { name: 'Share “shown”' });
    await dialog.getByRole('button', { name: 'Create link' }).click();
    const link = await dialog.getByLabel('Link', { exact: true }).inputValue();
    await web.picture('share');
    await dialog.getByRole('button', { name: 'Copy' }).click();
    await dialog.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(link);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    const [, token = ''] = link.split('#token=');
    await using guest = await WebPage.open(browser, host.at, { token });
    await guest.untilText(id, 'look here');
    await guest.page.getByText('You are looking at a shared terminal.').waitFor();
    await guest.pane(id).getByText('View only').waitFor();
    await guest.page.keyboard.type('typed by a guest\n');
    await web.pane(id).locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('typed by the owner\n');
    expect(await guest.untilText(id, 'typed by the owner')).not.toContain('typed by a guest');
    await guest.page.reload();
    await guest.untilText(id, 'look here');
    await guest.picture('shared');

    await page.keyboard.press('Alt+Shift+Comma');
    await page.getByRole('button', { name: 'End the link to shown' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
    await guest.pane(id).locator('[data-link=live]').waitFor();
    await page.getByRole('button', { name: 'End the link to shown' }).click();
    await page.getByRole('button', { name: 'End link', exact: true }).click();
    await page.getByText('No link is open.').waitFor();
    await guest.page.getByRole('heading', { name: 'This link has ended' }).waitFor();
    expect((await host.client().terminal.get.query({ session: id })).state).toBe('running');
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'a link that expires while it is looked at says so, and so does one that is opened too late',
  async ({ browser, host }) => {
    const { create } = host.client().terminal;
    const { id: session } = await create.mutate({ command: ['cat'], name: 'short' });
    const { token } = await host.client().terminal.share.create.mutate({ session, expiresInMs: 6_000 });
    await using guest = await WebPage.open(browser, host.at, { token });
    await guest.page.getByRole('heading', { name: 'This link has ended' }).waitFor();
    await using late = await WebPage.open(browser, host.at, { token });
    await late.page.getByRole('heading', { name: /That token doesn.t open this page/ }).waitFor();
  },
);

webTest(
  "a shared link in another tab is not the owner's, and the owner stays logged in",
  { timeout: 120_000 },
  async ({ browser }) => {
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
    await owner.untilFocused(owner.pane(id));
    await owner.page.keyboard.type('typed by the owner\n');
    await owner.untilText(id, 'typed by the owner');
    await guest.reload();
    await guest.getByText('You are looking at a shared terminal.').waitFor();
  },
);
