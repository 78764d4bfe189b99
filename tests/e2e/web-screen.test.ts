import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '@holdfast/testkit';
import { expect } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { WebPage } from './support/web-page.ts';
import { reloadedShowsTheSame } from './support/web-reload.ts';
import { offsetOf, show, untilSame } from './support/web-same.ts';
import { webTest } from './support/web-test.ts';

const MEBIBYTE = 1024 * 1024;
const KEYS = 'stty -echo -icanon; ';

webTest(
  'a page that is loaded again shows what one shows that was there from the beginning: modes of long ago, 1 MiB written, 64 KiB kept',
  { timeout: 120_000 },
  // tests/long/web-screen.test.ts has 10 MiB written.
  ({ browser, host, web }) => reloadedShowsTheSame({ browser, host, web }, MEBIBYTE),
);

webTest(
  'a page that comes in the midst of a flood ends with the same screen as one that was there',
  { timeout: 180_000 },
  async ({ browser, host, web }) => {
    const { terminal } = host.client();
    const gate = path.join(host.home.scratch('flood'), 'over');
    const long = 'and some of them are wrapped, as they are longer than the window is wide, '.repeat(2);
    const flood = `seq 4000 | sed 's/\\([0-7]\\)$/\\1 of many \\x1b[3\\1m, ${long}/'`;
    const script = `${KEYS} head -c 1 > /dev/null; until [ -e ${gate} ]; do ${flood}; done; printf 'that was all'; exec cat`;
    const { id } = await terminal.create.mutate({
      command: ['sh', '-c', script],
      name: 'flood',
      historyBytes: 32 * MEBIBYTE,
    });
    await show(web, id);
    await using late = await WebPage.open(browser, host.at);
    await late.page.locator(`[data-session-row="${id}"]`).waitFor();
    await web.page.keyboard.type('x');
    await eventually('it is under way', async () => (await offsetOf(web, id)) > MEBIBYTE / 4);
    await show(late, id);
    await eventually('it has a screen, and goes on', async () => {
      const [screen] = late.screensOf(id);
      return screen !== undefined && (await offsetOf(late, id)) > screen.offset;
    });
    writeFileSync(gate, '');
    await web.untilText(id, 'that was all', 60_000);
    await late.untilText(id, 'that was all', 60_000);
    await untilSame(host, id, web, late);
    expect([...web.errors, ...late.errors]).toEqual([]);
  },
);

webTest(
  'after a host, a daemon and an update exactly the missing bytes come, and nothing is painted twice',
  { timeout: 180_000 },
  async ({ browser }) => {
    await using host = await TestHost.start();
    const { create, wait } = host.client().terminal;
    const script = `printf 'a program\\r\\n\\033[?1049h\\033[?1h\\033[5;5Hits screen'; stty raw -echo; exec cat`;
    const { id } = await create.mutate({ command: ['sh', '-c', script], name: 'kept' });
    await wait.mutate({ session: id, text: 'its screen' });
    await using web = await WebPage.open(browser, host.at);
    await show(web, id);
    await using other = await WebPage.open(browser, host.at);
    await show(other, id);
    await untilSame(host, id, web, other);
    web.recordOutput();
    const draw = async (text: string) => {
      await host.client().terminal.send.mutate({ session: id, text });
      await untilSame(host, id, web, other);
    };
    await draw('\u001B[7;7H\u001B[31mbefore');
    process.kill(host.home.daemonPid ?? -1, 'SIGKILL');
    await draw('\u001B[8;7Hafter a crash');
    expect(await host.client().terminal.daemon.update.mutate({})).toMatchObject({ ok: true });
    await draw('\u001B[9;7Hafter an update');
    await host.crash();
    await host.start();
    await draw('\u001B[10;7Hafter a host');
    for (const page of [web, other]) expect(page.screensOf(id)).toHaveLength(1);
    const frames = web.output.get(`/terminal/${id}`) ?? [];
    for (const [at, { offset }] of frames.entries()) {
      const last = frames[at - 1];
      if (last) expect(offset).toBe(last.offset + last.bytes.length);
    }
    expect([...web.errors, ...other.errors]).toEqual([]);
  },
);

webTest(
  'who can not keep up is shown the screen anew, and then what one shows that could',
  { timeout: 180_000 },
  async ({ browser, host, web }) => {
    const { terminal } = host.client();
    const { id } = await terminal.create.mutate({
      command: ['sh', '-c', `${KEYS} head -c 1 > /dev/null; seq 1 1200000; printf 'that was all'; exec cat`],
      name: 'too-fast',
      historyBytes: MEBIBYTE,
    });
    await show(web, id);
    await using slow = await WebPage.open(browser, host.at);
    await show(slow, id);
    // Its page does nothing else until somebody lets it.
    await web.page.keyboard.type('x');
    const stuck = slow.page.evaluate(`{
      const end = Date.now() + 8_000;
      while (Date.now() < end);
    }`);
    await web.untilText(id, 'that was all', 60_000);
    await stuck;
    await slow.untilText(id, 'that was all', 60_000);
    const text = await untilSame(host, id, web, slow);
    expect(text).toContain('1200000');
    expect(slow.screensOf(id).length).toBeGreaterThan(0);
  },
);

webTest('a screen that is in doubt says so, discreetly, and why', async ({ host, web }) => {
  const { terminal } = host.client();
  const { id } = await terminal.create.mutate({
    command: ['sh', '-c', 'seq 1 100000; exec cat'],
    name: 'in-doubt',
    historyBytes: 64 * 1024,
  });
  await terminal.wait.mutate({ session: id, text: '100000' });
  await show(web, id);
  await web.untilText(id, '100000');
  await web.pane(id).getByRole('button', { name: 'What is shown may be incomplete' }).click();
  await web.page.getByText('the beginning of its output is no longer kept').waitFor();
  await web.picture('in-doubt');
  await web.page.getByRole('button', { name: 'Dismiss' }).click();
  await web.pane(id).locator('[data-incomplete]').waitFor({ state: 'detached' });
});

webTest(
  'a page of another size is told which one it is shown, also who only looks',
  async ({ browser, host, web }) => {
    const { terminal } = host.client();
    const { id } = await terminal.create.mutate({ command: ['cat'], name: 'sized' });
    await show(web, id);
    const { token } = await terminal.share.create.mutate({ session: id });
    const viewport = { width: 500, height: 400 };
    await using guest = await WebPage.open(browser, host.at, { token, viewport });
    await using other = await WebPage.open(browser, host.at, { viewport: { width: 900, height: 500 } });
    await show(other, id);
    const { cols, rows } = await terminal.get.query({ session: id });
    for (const page of [guest, other]) {
      await page.pane(id).getByText(`${cols}×${rows}`).waitFor();
      expect(JSON.parse((await page.shown(id)).split('\n')[0] ?? '')).toMatchObject({ cols, rows });
    }
    await other.picture('size-of-another');
    await guest.picture('size-of-another-guest');
    await other.pane(id).getByRole('button', { name: 'Take size' }).waitFor();
    expect(await guest.pane(id).getByRole('button', { name: 'Take size' }).count()).toBe(0);
  },
);
