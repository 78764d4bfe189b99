import { eventually, firstDifference, processState, program, pythonPath, TestHome } from '@holdfast/testkit';
import { expect } from 'vitest';
import { startFailing } from './support/failing-host.ts';
import { ReplaceableDaemon } from './support/replaceable-daemon.ts';
import { otherDaemon, thisBuild } from './support/supervised.ts';
import { TestHost } from './support/test-host.ts';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

const HISTORY_BYTES = 16 * 1024 * 1024;

webTest(
  'three updates under a flood: no reconnect is shown, the shells keep their pids, the stream has no gap, and each toast is right',
  { timeout: 240_000 },
  async ({ browser, skip }) => {
    const hasVim = !process.env['HOLDFAST_MISSING_PROGRAMS']?.split(',').includes('vim');
    if (!hasVim) skip('needs vim');
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    const { create } = host.client().terminal;
    web.recordOutput();
    const flood = await create.mutate({
      command: program('steady-flood.py'),
      name: 'flood',
      historyBytes: HISTORY_BYTES,
    });
    const vim = await create.mutate({ command: ['vim', '-u', 'NONE'], name: 'vim' });
    for (const { id, name } of [flood, vim]) {
      await page.locator(`[data-session-row="${id}"]`).getByText(name, { exact: true }).click();
      await web.pane(id).locator('[data-link=live]').waitFor({ state: 'attached' });
    }
    await web.untilText(vim.id, '~');
    await page.goto(`${host.at.url}#/settings/daemon`);
    const [build = ''] = /\d+\.\d+\.\d+\+\w+/.exec(await page.locator('#daemon-heading').innerText()) ?? [];
    await web.forgetLinks();
    for (let time = 1; time <= 3; time += 1) {
      await page.getByRole('button', { name: 'Update daemon' }).click();
      const toast = page.locator('[data-sonner-toast]').filter({ hasText: 'Daemon updated' });
      await toast.waitFor({ timeout: 30_000 });
      const text = (await toast.innerText()).replaceAll('\n', ' ').trim();
      expect(text).toMatch(
        /^Daemon updated · now running \S+ \(was \S+\) · 2 sessions kept · [\d.]+\sms pause$/,
      );
      expect(text).toContain(`now running ${build} (was ${build})`);
      await toast.getByRole('button', { name: 'Close toast' }).click();
      await toast.waitFor({ state: 'detached' });
    }
    await page.goto(`${host.at.url}#/`);
    await page.locator(`[data-session-row="${vim.id}"]`).getByText('vim', { exact: true }).first().click();
    await web.untilFocused(web.pane(vim.id));
    await page.keyboard.type('ihello vim');
    await web.untilText(vim.id, 'hello vim');
    expect(await web.linksShown()).toEqual([]);
    expect([...web.sockets.values()]).toEqual([1, 1]);
    const sessions = await host.client().terminal.list.query();
    expect(sessions.map(({ id, pid, state }) => ({ id, pid, state }))).toEqual(
      [flood, vim].map(({ id, pid }) => ({ id, pid, state: 'running' })),
    );
    const frames = web.output.get(`/terminal/${flood.id}`) ?? [];
    expect(frames.length).toBeGreaterThan(100);
    let next = frames[0]?.offset ?? -1;
    for (const { offset, bytes } of frames) {
      expect(offset).toBe(next);
      expect(firstDifference(bytes, offset)).toBe(-1);
      next = offset + bytes.length;
    }
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'a build that cannot start: cancel keeps all, trying again with a good one succeeds, and force closes only when told to',
  { timeout: 180_000 },
  async ({ browser }) => {
    await using daemon = await ReplaceableDaemon.start();
    const { host } = daemon;
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    const id = await web.newSession({ command: 'cat', name: 'kept' });
    const before = await host.client().terminal.get.query({ session: id });
    await page.goto(`${host.at.url}#/settings/daemon`);
    daemon.breakIt();
    const dialog = page.getByRole('alertdialog', { name: /Update couldn.t preserve sessions/ });
    const update = page.getByRole('button', { name: 'Update daemon' });
    await update.click();
    await dialog.waitFor({ timeout: 30_000 });
    expect(await dialog.innerText()).toContain('closes every terminal session (1 running)');
    await dialog.getByText('Details').click();
    await dialog.getByText(/E_[A-Z_]+: /).waitFor();
    await web.picture('update-failed');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await host.client().terminal.get.query({ session: id })).toMatchObject({
      pid: before.pid,
      state: 'running',
    });
    await expect.poll(() => page.evaluate('document.activeElement?.textContent')).toBe('Update daemon');

    await update.click();
    await dialog.waitFor({ timeout: 30_000 });
    daemon.mend();
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await page.getByText(/^Daemon updated · .* · 1 session kept/).waitFor({ timeout: 30_000 });
    expect(await host.client().terminal.get.query({ session: id })).toMatchObject({
      pid: before.pid,
      state: 'running',
    });

    daemon.breakIt();
    await update.click();
    await dialog.waitFor({ timeout: 30_000 });
    daemon.mend();
    await dialog.getByRole('button', { name: 'Force update' }).click();
    await page.getByText('Daemon restarted · 1 session closed').waitFor({ timeout: 30_000 });
    await page.getByText('No sessions running').waitFor();
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'while an update takes its time, what is being done is shown to everybody, and nothing can be pressed twice',
  async ({ browser }) => {
    await using failing = await startFailing();
    const { host, at } = failing;
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    await web.newSession({ command: 'cat', name: 'kept' });
    await page.goto(`${host.at.url}#/settings/daemon`);
    await using other = await WebPage.open(browser, host.at);
    await other.page.goto(`${host.at.url}#/settings/daemon`);
    at({ 'successor.loaded': 'stop' });
    await page.getByRole('button', { name: 'Update daemon' }).click();
    const busy = page.getByRole('button', { name: 'Updating…' });
    await busy.waitFor();
    expect(await busy.getAttribute('aria-disabled')).toBe('true');
    await page.getByText(/^Starting \d\S+…$/).waitFor();
    await other.page.getByText(/^It is being updated: Starting \d\S+…$/).waitFor();
    const standing = () => host.home.daemonPids.find((pid) => processState(pid) === 'T');
    const successor = await eventually('the successor stands', standing);
    at({ 'successor.prepared': 'stop' });
    process.kill(successor, 'SIGCONT');
    await page.getByText('Handing over 1 session…').waitFor();
    await other.page.getByText('It is being updated: Handing over 1 session…').waitFor();
    await eventually('the successor stands again', standing);
    at({});
    process.kill(successor, 'SIGCONT');
    await page.getByText(/^Daemon updated · .* · 1 session kept/).waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Update daemon' }).waitFor();
    await other.page.getByText('It is being updated').waitFor({ state: 'detached' });
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'an update whose answer is lost: nothing is said to be as before, and nothing is offered that closes sessions',
  async ({ browser }) => {
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    await host.client().terminal.create.mutate({ command: ['cat'], name: 'kept' });
    await page.goto(`${host.at.url}#/settings/daemon`);
    await page.getByText('1 session running').waitFor();
    await page.route('**/trpc/terminal.daemon.update*', (route) => route.abort());
    await page.getByRole('button', { name: 'Update daemon' }).click();
    const dialog = page.getByRole('alertdialog', { name: 'It isn’t known what became of the update' });
    await dialog.waitFor();
    const text = await dialog.innerText();
    expect(text).toMatch(/It may have happened all the same\. The daemon that answered last is \d\S+\./);
    expect(text).not.toContain('Nothing has changed');
    expect(await dialog.getByRole('button').allInnerTexts()).toEqual(['Cancel', 'Try again']);
    await page.unroute('**/trpc/terminal.daemon.update*');
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await page.getByText(/^Daemon updated · .* · 1 session kept/).waitFor({ timeout: 30_000 });
  },
);

webTest(
  'a build that waits is shown wherever one is, force restart offers it in its place, and the badge goes with it',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using home = new TestHome();
    const old = { ...thisBuild(home), build: '0123456789ab' };
    const env = { HOLDFAST_DAEMON_ENTRY: otherDaemon(home, old) };
    expect(await home.cli(['new', '-d', '--name', 'kept', '--', 'cat'], { env })).toMatchObject({ code: 0 });
    await using host = await TestHost.start({ home });
    const { pid } = await host.client().terminal.get.query({ session: 'kept' });
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    const [from, to] = [old, thisBuild(home)].map(({ version, build }) => `${version}+${build}`);
    await page.getByRole('link', { name: 'Settings Update' }).click();
    const badge = page.getByText('Update available', { exact: true });
    await badge.waitFor();
    await page.getByRole('heading', { name: `Terminal daemon ${from} → ${to} pending` }).waitFor();
    await page.getByText('Owns every terminal and survives restarts.').waitFor();
    await web.picture('update-available');
    await page.getByRole('button', { name: 'Force restart' }).click();
    const dialog = page.getByRole('alertdialog', { name: 'Force restart and apply update?' });
    expect(await dialog.innerText()).toMatch(/closes every terminal session \(1 running\)[^]*kept/);
    await dialog.getByRole('button', { name: 'Update instead' }).click();
    const toast = page.getByText(`Daemon updated · now running ${to} (was ${from}) · 1 session kept`);
    await toast.waitFor({ timeout: 30_000 });
    await badge.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: `Terminal daemon ${to}`, exact: true }).waitFor();
    await page.getByRole('link', { name: 'Settings', exact: true }).waitFor();
    const told = page.getByRole('list', { name: 'Updates and crashes, newest first' }).getByRole('listitem');
    await told.getByText(`${from} → ${to} · 1 session kept`).waitFor();
    expect(await host.client().terminal.get.query({ session: 'kept' })).toMatchObject({
      pid,
      state: 'running',
    });
    expect(web.errors).toEqual([]);
  },
);

webTest('force restart names what it closes, and closes nothing when cancelled', async ({ browser }) => {
  await using host = await TestHost.start();
  await using web = await WebPage.open(browser, host.at);
  const { page } = web;
  await web.newSession({ command: 'cat', name: 'precious' });
  await page.goto(`${host.at.url}#/settings/daemon`);
  await page.getByRole('button', { name: 'Force restart' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Restart terminal daemon?' });
  expect(await dialog.innerText()).toMatch(/closes every terminal session \(1 running\)[^]*precious/);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('1 session running').waitFor();
  await page.getByRole('button', { name: 'Force restart' }).click();
  await dialog.getByRole('button', { name: 'Restart and close sessions' }).click();
  await page.getByText('Daemon restarted · 1 session closed').waitFor({ timeout: 30_000 });
});

webTest(
  'a failed update that nobody here has asked for is told once, and again when it fails again',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using daemon = await ReplaceableDaemon.start();
    const { host } = daemon;
    await using web = await WebPage.open(browser, host.at);
    await web.page.getByText('Start your first session').waitFor();
    daemon.breakIt();
    const notice = web.page.getByRole('alert').filter({ hasText: 'Daemon update needs your attention' });
    const { update } = host.client().terminal.daemon;
    expect(await update.mutate()).toMatchObject({ ok: false });
    await notice.waitFor();
    await web.picture('update-notice');
    await notice.getByRole('button', { name: 'Keep current daemon' }).click();
    await notice.waitFor({ state: 'detached' });
    await web.page.reload();
    await web.page.getByText('Start your first session').waitFor();
    expect(await notice.count()).toBe(0);
    expect(await update.mutate()).toMatchObject({ ok: false });
    await notice.waitFor();
    daemon.mend();
    await notice.getByRole('button', { name: 'Try again' }).click();
    await web.page.getByText(/^Daemon updated · /).waitFor({ timeout: 30_000 });
    await notice.waitFor({ state: 'detached' });
  },
);

webTest(
  'updates and crashes are listed with their pauses, also after the host has started again',
  { timeout: 120_000 },
  async ({ browser }) => {
    await using host = await TestHost.start();
    await using web = await WebPage.open(browser, host.at);
    const { page } = web;
    await host.client().terminal.create.mutate({ command: ['cat'], name: 'kept' });
    await page.goto(`${host.at.url}#/settings/daemon`);
    await page.getByText('Nothing has happened yet.').waitFor();
    const { update } = host.client().terminal.daemon;
    for (let time = 1; time <= 2; time += 1) expect(await update.mutate()).toMatchObject({ ok: true });
    process.kill(host.home.daemonPid ?? -1, 'SIGKILL');
    const list = page.getByRole('list', { name: 'Updates and crashes, newest first' });
    const told = async () =>
      (await list.getByRole('listitem').allInnerTexts()).map((text) => text.split('\n')[0]);
    const wanted = ['Crashed, and was started again', 'Updated', 'Updated'];
    await expect.poll(told, { timeout: 30_000 }).toEqual(wanted);
    expect(await list.innerText()).toMatch(/same build, \d\S+ · 1 session kept · [\d.]+\sms pause/);
    const chart = page.getByRole('img', {
      name: /^Pauses of the last 2 updates: half of them up to [\d.]+\sms/,
    });
    expect(await chart.locator('rect').count()).toBe(2);
    await host.crash();
    await host.start();
    await page.reload();
    await expect.poll(told, { timeout: 30_000 }).toEqual(wanted);
    expect(web.errors).toEqual([]);
  },
);

webTest('the table of sessions tells the memory of all that a program has started', async ({ host, web }) => {
  const large = [pythonPath(), '-c', 'x = b"x" * (96 << 20); print("ready", flush=True); input()'];
  const { id } = await host.client().terminal.create.mutate({
    command: ['sh', '-c', 'echo from a child; "$@"; :', 'sh', ...large],
    name: 'large',
  });
  await host.client().terminal.wait.mutate({ session: id, text: 'ready' });
  await web.page.goto(`${host.at.url}#/settings/daemon`);
  await web.page.getByText(/sessions? running/).click();
  const row = web.page.getByRole('row').filter({ hasText: 'large' });
  await row.getByText(/^(9[6-9]|1\d\d)\.\d MB$/).waitFor();
  // And all else that is known of it.
  const titles = await web.page.getByRole('columnheader').allInnerTexts();
  expect(titles.map((title) => title.trim())).toEqual([
    'Name',
    'Command',
    'PID',
    'Size',
    'Status',
    'Memory',
    'History',
  ]);
  const cells = await row.getByRole('cell').allInnerTexts();
  const { pid, cols, rows } = await host.client().terminal.get.query({ session: id });
  expect(cells.slice(0, 5)).toEqual([
    'large',
    expect.stringMatching(/^sh -c echo from a child/),
    String(pid),
    `${cols}×${rows}`,
    'Running',
  ]);
});
