import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

/** How many rows down, how many columns along: the middle of a cell, within the pane's screen. */
async function cell(pane: Locator, column: number, row: number): Promise<{ x: number; y: number }> {
  const screen = pane.locator('.xterm-screen');
  const box = await screen.boundingBox();
  const size = await screen.evaluate((element: { closest(selector: string): unknown }) => {
    const box = element.closest('.terminal-box') as {
      holdfast: { view: { terminal: { cols: number; rows: number } } };
    };
    const { cols, rows } = box.holdfast.view.terminal;
    return { cols, rows };
  });
  if (!box) throw new Error('the terminal is not to be seen');
  return { x: ((column + 0.5) * box.width) / size.cols, y: ((row + 0.5) * box.height) / size.rows };
}

/** What a test's program prints, as `printf` of a shell takes it. */
async function printing(web: WebPage, name: string, printed: string): Promise<string> {
  const script = `printf '${printed}'; stty -echo; exec cat`;
  return web.newSession({ command: `sh -c "${script.replaceAll(/[\\"]/g, String.raw`\$&`)}"`, name });
}

webTest('text is found in what has scrolled away, forwards and backwards, by keys alone', async ({ web }) => {
  const { page } = web;
  const id = await web.newSession({ command: 'sh', name: 'finding' });
  await page.keyboard.type('for i in $(seq 300); do echo needle-$((i % 100))-in-$i; done\n');
  await web.untilText(id, 'needle-0-in-300');
  await page.keyboard.press('Alt+Shift+KeyF');
  await page.getByLabel('Find in this terminal').fill('needle-7-');
  const found = web.pane(id).locator('search').getByRole('status');
  await found.getByText(/^3 of 3$/).waitFor();
  await page.keyboard.press('Enter');
  await found.getByText(/^2 of 3$/).waitFor();
  await page.keyboard.press('Shift+Enter');
  await found.getByText(/^3 of 3$/).waitFor();
  await page.getByLabel('Find in this terminal').fill('no such thing');
  await found.getByText('None').waitFor();
  await page.keyboard.press('Escape');
  // The terminal has the focus again.
  await web.untilFocused(web.pane(id));
  await page.keyboard.type('echo typed $((40+2))\n');
  await web.untilText(id, 'typed 42');
  expect(web.errors).toEqual([]);
});

webTest(
  'a link opens in a tab of its own: an address that is printed, and one behind a text',
  async ({ web, host }) => {
    const { url } = host.at;
    const id = await printing(
      web,
      'links',
      String.raw`\033]8;;${url}?hidden\033\\behind this\033]8;;\033\\\n${url}?shown\n`,
    );
    await web.untilText(id, '?shown');
    for (const [row, wanted] of [`${url}?hidden`, `${url}?shown`].entries()) {
      const opened = web.context.waitForEvent('page');
      const position = await cell(web.pane(id), 3, row);
      await web.pane(id).locator('.xterm-screen').hover({ position });
      await web.pane(id).locator('.xterm-screen').click({ position });
      const tab = await opened;
      expect(tab.url()).toBe(wanted);
      await tab.close();
    }
  },
);

webTest('pictures are shown: Sixel and those of iTerm2', async ({ web }) => {
  // A red square of 40 by 36 pixels; a red PNG of one pixel, made larger.
  const png =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
  const sixel = String.raw`\033Pq#0;2;100;0;0#0${'!40~-'.repeat(6)}\033\\`;
  const iterm = String.raw`\033]1337;File=inline=1;size=${Buffer.from(png, 'base64').length};width=40px;height=40px:${png}\007`;
  const id = await printing(web, 'pictures', `${sixel}\\n${iterm}\\nthat was all\\n`);
  await web.untilText(id, 'that was all');
  const layer = web.pane(id).locator('canvas.xterm-image-layer-top, canvas.xterm-image-layer').first();
  const redPixels = () =>
    layer.evaluate((element: unknown) => {
      const canvas = element as {
        getContext(
          kind: '2d',
        ): { getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray } } | null;
        width: number;
        height: number;
      };
      const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      let red = 0;
      for (let at = 0; at < data.length; at += 4)
        if ((data[at] ?? 0) > 200 && (data[at + 1] ?? 0) < 60 && (data[at + 3] ?? 0) > 200) red += 1;
      return red;
    });
  // Both of them: each alone has about 1,500.
  await expect.poll(redPixels, { timeout: 15_000 }).toBeGreaterThan(2_500);
  await web.picture('pictures');
  expect(web.errors).toEqual([]);
});

webTest('a program fills the clipboard, and can not read it', async ({ web, host }) => {
  await web.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: host.at.url });
  const text = Buffer.from('from a program').toString('base64');
  const id = await web.newSession({ command: 'sh', name: 'clipboard' });
  await web.page.keyboard.type(String.raw`printf '\033]52;c;${text}\007'` + '\n');
  await expect
    .poll(() => web.page.evaluate('navigator.clipboard.readText()'), { timeout: 15_000 })
    .toBe('from a program');
  // Were it answered, the answer would be there as if it had been typed.
  await web.page.keyboard.type(String.raw`printf '\033]52;c;?\007'; echo asked $((40+2))` + '\n');
  await web.untilText(id, 'asked 42');
  await web.page.keyboard.type('\necho and then $((40+3))\n');
  expect((await web.untilText(id, 'and then 43')).split('asked 42').at(-1)).not.toContain('52;c;');
});

webTest(
  'what is pasted is bracketed where the program wants it, and what is selected is copied',
  async ({ web, host }) => {
    await web.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: host.at.url });
    const { page } = web;
    const id = await printing(web, 'pasting', String.raw`\033[?2004hready `);
    await web.untilText(id, 'ready');
    await page.evaluate(`navigator.clipboard.writeText('two\\nlines')`);
    await page.keyboard.press('Control+Shift+V');
    await page.keyboard.type('\n');
    // As the line discipline and cat give it back: two lines within the brackets.
    await expect
      .poll(async () => (await host.client().terminal.get.query({ session: id })).offset, { timeout: 15_000 })
      .toBeGreaterThan('ready '.length + 'two lines'.length);
    await web.untilText(id, /two\s+lines/);
    await web
      .pane(id)
      .locator('.xterm-screen')
      .dblclick({ position: await cell(web.pane(id), 2, 0) });
    await page.keyboard.press('Control+Shift+C');
    await expect
      .poll(() => page.evaluate('navigator.clipboard.readText()'), { timeout: 15_000 })
      .toBe('ready');
  },
);

webTest('characters take as many columns as programs reckon', async ({ web }) => {
  const id = await printing(web, 'wide', '\u{1F600}|\u4E16|e\u0301|');
  await web.untilText(id, /\|.*\|.*\|/);
  const columns = await web.page.evaluate<number[]>(
    `(() => {
      const { terminal } = document.querySelector('[data-session="${id}"] .terminal-box').holdfast.view;
      const line = terminal.buffer.active.getLine(0);
      return Array.from({ length: terminal.cols }, (_, at) => at).filter((at) => line.getCell(at).getChars() === '|');
    })()`,
  );
  expect(columns).toEqual([2, 5, 7]);
});

webTest(
  'what is dropped is typed: paths with quotes where they need them, and the name alone where no more is told',
  async ({ web }) => {
    const id = await web.newSession({ command: 'cat', name: 'dropping' });
    const drop = (prepare: string) =>
      web.page.evaluate(`(() => {
      const dataTransfer = new DataTransfer();
      ${prepare}
      document.querySelector('[data-session="${id}"] .terminal-box')
        .dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    })()`);
    await drop(
      `dataTransfer.setData('text/uri-list', 'file:///tmp/plain.txt\\r\\nfile:///tmp/with%20blank');`,
    );
    await web.untilText(id, `/tmp/plain.txt '/tmp/with blank'`);
    await drop(`dataTransfer.items.add(new File(['x'], "it's.txt"));`);
    await web.untilText(id, String.raw`'it'\''s.txt'`);
    await web.page.getByText('A browser only tells a file’s name, not its folder.').waitFor();
  },
);

webTest('the size of the text and the mode for screen readers are set, and stay', async ({ web }) => {
  const { page } = web;
  const id = await web.newSession({ command: 'sh', name: 'seen' });
  const fontSize = () =>
    page.evaluate(
      `document.querySelector('[data-session="${id}"] .terminal-box').holdfast.view.terminal.options.fontSize`,
    );
  const before = Number(await fontSize());
  await page.keyboard.press('Alt+Shift+Equal');
  await expect.poll(fontSize).toBe(before + 1);
  await page.keyboard.press('Alt+Shift+Comma');
  await page.getByLabel(/Screen reader mode/).check();
  await page.goBack();
  await web.pane(id).locator('.xterm-helper-textarea').focus();
  await page.keyboard.type('echo read $((40+2)) aloud\n');
  await web.pane(id).locator('.xterm-accessibility').getByText('read 42 aloud').first().waitFor();
  await page.reload();
  await web.pane(id).locator('.xterm-accessibility').getByText('read 42 aloud').first().waitFor();
  await expect.poll(fontSize).toBe(before + 1);
});

webTest(
  'what is shown again does nothing: no query is answered, the clipboard is not filled, no focus is reported',
  async ({ host, web }) => {
    const { page } = web;
    await web.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: host.at.url });
    const text = Buffer.from('from a program').toString('base64');
    const asked = String.raw`\033]52;c;?\007\033[c\033[?1004h\033[?1004l`;
    const script = `stty raw -echo; printf '${asked}\\033]52;c;${text}\\007asked'; exec cat -v`;
    const { id } = await host
      .client()
      .terminal.create.mutate({ command: ['sh', '-c', script], name: 'asks' });
    await host.client().terminal.wait.mutate({ session: id, text: 'asked' });
    await page.getByRole('navigation', { name: 'Sessions' }).waitFor();
    await page.evaluate('navigator.clipboard.writeText("copied by the user")');
    const row = page.locator(`[data-session-row="${id}"]`).getByRole('button').first();
    await row.click();
    await web.untilText(id, 'asked');
    await page.reload();
    await web.untilText(id, 'asked');
    // Behind whatever would have been typed. The daemon has answered once, when nobody was there to do it.
    await web.pane(id).locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('typed');
    expect(await web.untilText(id, 'typed')).toBe('asked^[[?62;22ctyped');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('copied by the user');
  },
);

webTest('who only looks has a clipboard that no program fills', async ({ browser, host }) => {
  const { terminal } = host.client();
  const text = Buffer.from('from a program').toString('base64');
  // Nobody else has it open: the clipboard is that of the whole browser.
  const { id } = await terminal.create.mutate({ command: ['sh'], name: 'shown' });
  const { token } = await terminal.share.create.mutate({ session: id, expiresInMs: 600_000 });
  await using guest = await WebPage.open(browser, host.at, { token });
  await guest.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: host.at.url });
  await guest.pane(id).locator('[data-link=live]').waitFor();
  await guest.page.evaluate('navigator.clipboard.writeText("copied by the guest")');
  const command = String.raw`printf '\033]52;c;${text}\007'; echo filled $((40+2))`;
  await terminal.send.mutate({ session: id, text: command, enter: true });
  await guest.untilText(id, 'filled 42');
  expect(await guest.page.evaluate('navigator.clipboard.readText()')).toBe('copied by the guest');
});

webTest('keys for a phone: arrows are what the program has asked for', async ({ browser, host }) => {
  await using phone = await WebPage.open(browser, host.at, {
    viewport: { width: 390, height: 740 },
    hasTouch: true,
  });
  const { terminal } = host.client();
  const script = String.raw`stty -echo; printf '\033[?1hready\n'; while read -r line; do printf '%s\n' "$line" | cat -v; printf '\033[?1las usual\n'; done`;
  const { id } = await terminal.create.mutate({ command: ['sh', '-c', script], name: 'arrows' });
  await phone.page
    .getByRole('button', { name: /arrows/ })
    .first()
    .click();
  await phone.untilText(id, 'ready');
  const keys = phone.pane(id).getByRole('toolbar', { name: 'More keys' });
  const press = async (...names: string[]) => {
    for (const name of names) await keys.getByRole('button', { name, exact: true }).click();
    await phone.pane(id).locator('.xterm-helper-textarea').press('Enter');
  };
  await press('Up', 'Left', 'Bar', 'Esc');
  await phone.untilText(id, '^[OA^[OD|^[\nas usual');
  await press('Up', 'Left');
  await phone.untilText(id, '^[[A^[[D\nas usual');
});
