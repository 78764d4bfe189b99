import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually, program } from '@holdfast/testkit';
import { expect } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

const MEBIBYTE = 1024 * 1024;
const KEYS = 'stty -echo -icanon; ';

/** Opens a session that is there already. */
async function show(web: WebPage, id: string): Promise<void> {
  const row = web.page.locator(`[data-session-row="${id}"]`);
  await row.getByRole('button').first().click();
  await web.pane(id).locator('[data-link=live]').waitFor();
  await web.untilFocused(web.pane(id));
}

/** Resolves when all these pages show the same of a session, up to its last byte. */
async function untilSame(host: TestHost, id: string, ...pages: WebPage[]): Promise<string> {
  let shown: string[] = [];
  const same = async () => {
    const { offset } = await host.client().terminal.get.query({ session: id });
    for (const web of pages) if ((await offsetOf(web, id)) !== offset) return false;
    shown = await Promise.all(pages.map((web) => web.shown(id)));
    return shown.every((one) => one === shown[0]);
  };
  try {
    await eventually('all pages show the same', same, 60_000);
  } catch (cause) {
    const [one = [], other = []] = shown.map((text) => text.split('\n'));
    const at = one.findIndex((line, index) => line !== other[index]);
    throw new Error(`line ${at}: ${one[at]}\n${other[at]}`, { cause });
  }
  return shown[0] ?? '';
}

function offsetOf(web: WebPage, id: string): Promise<number> {
  return web.page.evaluate<number>(
    `document.querySelector('[data-session="${id}"] .terminal-box')?.holdfast.link.offset ?? -1`,
  );
}

webTest(
  'a page that is loaded again shows what one shows that was there from the beginning: modes of long ago, 10 MiB written, 64 KiB kept',
  { timeout: 300_000 },
  async ({ browser, host, web }) => {
    const { terminal } = host.client();
    const { id } = await terminal.create.mutate({
      command: ['sh', '-c', `stty -echo; read line; exec ${program('old-modes.py').join(' ')}`],
      name: 'old-modes',
      historyBytes: 64 * 1024,
    });
    await show(web, id);
    await terminal.send.mutate({ session: id, text: '', enter: true });
    await terminal.wait.mutate({ session: id, text: 'ready' });
    const piece = 48 * 1024;
    for (let written = 0; written < 10 * MEBIBYTE; written += piece) {
      const { offset } = await terminal.get.query({ session: id });
      await terminal.send.mutate({ session: id, text: String(piece), enter: true });
      await eventually('it is drawn', async () => {
        const now = (await terminal.get.query({ session: id })).offset;
        return now >= offset + piece && now === (await offsetOf(web, id));
      });
      // Somebody looks before it has left the history.
      await terminal.capture.query({ session: id, format: 'text' });
    }
    await using other = await WebPage.open(browser, host.at);
    await show(other, id);
    const before = await untilSame(host, id, web, other);
    expect(before).toContain('"mouseTrackingMode":"drag"');
    expect(before).toContain('"bracketedPasteMode":true');
    await web.page.reload();
    await web.pane(id).locator('[data-link=live]').waitFor();
    await untilSame(host, id, web, other);
    expect(await web.shown(id)).toBe(before);
    expect(web.screensOf(id)).toMatchObject([{ incomplete: [] }]);
    await web.pane(id).getByText('set long ago').waitFor();
    await web.picture('reloaded');
    await terminal.send.mutate({ session: id, text: '2000', enter: true });
    expect(await untilSame(host, id, web, other)).not.toBe(before);
    expect(web.errors).toEqual([]);
  },
);

webTest(
  'a page that comes in the midst of a flood ends with the same screen as one that was there',
  { timeout: 180_000 },
  async ({ browser, host, web }) => {
    const { terminal } = host.client();
    const gate = path.join(host.home.scratch('flood'), 'over');
    const long = 'and some of them are wrapped, as they are longer than the window is wide, '.repeat(2);
    const flood = `seq 20000 | sed 's/\\([0-7]\\)$/\\1 of many \\x1b[3\\1m, ${long}/'`;
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
