// Makes the pictures of docs/pictures, of a real page with real programs: node scripts/run-ts.mjs tests/pictures/take.ts
// Needs chromium, vim, and the built tree.
import path from 'node:path';
import { eventually, repository } from '@holdfast/testkit';
import type { Browser } from 'playwright-core';
import { TestHost } from '../e2e/support/test-host.ts';
import { startBrowser, WebPage, type WebPageOptions } from '../e2e/support/web-page.ts';
import { Shop } from './shop.ts';

const FOLDER = path.join(repository, 'docs', 'pictures');
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };
const UPDATES = 12;

interface Taking {
  readonly browser: Browser;
  readonly host: TestHost;
  readonly ids: Readonly<Record<'editor' | 'server' | 'shell', string>>;
}

await using host = await TestHost.start();
await using browser = await startBrowser();
using shop = new Shop();
const taking: Taking = { browser, host, ids: await startPrograms(host, shop) };
await takeTerminals(taking, 'terminals', { colorScheme: 'dark' });
await takeTerminals(taking, 'terminals-light', { colorScheme: 'light' });
await takePhone(taking);
await takeSettings(taking);
await takeHeldBack(taking);

async function startPrograms(host: TestHost, { folder: cwd }: Shop): Promise<Taking['ids']> {
  const { create } = host.client().terminal;
  const env = { PS1: String.raw`\[\e[32m\]shop\[\e[0m\] \$ `, VIMINIT: 'syntax on | set number ruler' };
  const start = async (name: string, command: string[]) =>
    (await create.mutate({ name, command, cwd, env })).id;
  await start('unit tests', ['sh', '-c', 'echo 41 passed, 1 failed; exit 1']);
  const server = await start('dev server', ['sh', 'dev.sh']);
  const editor = await start('editor', ['vim', 'server.js']);
  const shell = await start('shell', ['bash', '--norc']);
  return { editor, server, shell };
}

/** A page with the three programs side by side, each of which has printed what it has to. */
async function openPanes({ browser, host, ids }: Taking, options: WebPageOptions): Promise<WebPage> {
  const web = await WebPage.open(browser, host.at, options);
  const { page } = web;
  await page.getByRole('navigation', { name: 'Sessions' }).waitFor({ state: 'attached' });
  const pane = (session: string) => ({ kind: 'pane', id: session, session });
  const right = {
    kind: 'split',
    id: 'right',
    direction: 'column',
    ratio: 0.5,
    first: pane(ids.server),
    second: pane(ids.shell),
  };
  const root = {
    kind: 'split',
    id: 'root',
    direction: 'row',
    ratio: 0.58,
    first: pane(ids.editor),
    second: right,
  };
  const layout = { tabs: [{ id: 'tab', root, focused: ids.shell }], active: 'tab' };
  await page.evaluate(`sessionStorage.setItem('holdfast.layout', ${JSON.stringify(JSON.stringify(layout))})`);
  await page.reload();
  for (const id of Object.values(ids)) await web.pane(id).locator('[data-link=live]').waitFor();
  await web.untilText(ids.editor, 'createServer');
  await web.untilText(ids.server, 'ready in');
  return web;
}

async function takeTerminals(taking: Taking, name: string, options: WebPageOptions): Promise<void> {
  await using web = await openPanes(taking, options);
  const { shell } = taking.ids;
  await web.page.keyboard.type('clear; ls --color=always; date +%A\n');
  await web.untilText(shell, /day$/m);
  await save(web, name);
}

async function takePhone({ browser, host, ids }: Taking): Promise<void> {
  await using web = await WebPage.open(browser, host.at, { ...PHONE, colorScheme: 'light' });
  const { page } = web;
  await page.locator(`[data-session-row="${ids.shell}"]`).getByRole('button').first().tap();
  await web.pane(ids.shell).locator('[data-link=live]').waitFor();
  await page.locator('.xterm-helper-textarea').first().focus();
  await page.keyboard.type('clear; cat server.js; ls --color=always; date +%A\n');
  await web.untilText(ids.shell, /day$/m);
  await save(web, 'phone');
}

async function takeSettings({ browser, host }: Taking): Promise<void> {
  await using web = await WebPage.open(browser, host.at, { colorScheme: 'light' });
  const { page } = web;
  const { update } = host.client().terminal.daemon;
  for (let times = 1; times < UPDATES; times += 1) await update.mutate();
  await page.goto(`${host.at.url}#/settings/daemon`);
  await page.getByText(/sessions running/).click();
  await page.getByRole('cell', { name: /MB$/ }).first().waitFor();
  await page.getByRole('button', { name: 'Update daemon' }).click();
  await page.getByText(/^Daemon updated/).waitFor();
  await page.mouse.move(0, 0);
  await save(web, 'settings');
}

async function takeHeldBack(taking: Taking): Promise<void> {
  await using web = await openPanes(taking, { colorScheme: 'dark', viewport: { width: 1280, height: 480 } });
  await taking.host.crash();
  await web.page.keyboard.type('npm test');
  await web.page.getByText(/held back/).waitFor();
  await save(web, 'held-back');
}

async function save({ page, errors }: WebPage, name: string): Promise<void> {
  if (errors.length > 0) throw new Error(errors.join('\n'));
  // A cursor that blinks would be there or not.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await eventually('nothing moves', () =>
    page.evaluate<boolean>('document.getAnimations().every(({ playState }) => playState !== "running")'),
  );
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`), animations: 'disabled' });
}
