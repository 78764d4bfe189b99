import { expect } from 'vitest';
import { webTest } from './support/web-test.ts';

webTest(
  'an erase above from the last cell of a screen without scrollback, where xterm.js throws, erases, and all goes on',
  async ({ web }) => {
    const id = await web.newSession({ command: 'sh', name: 'eraser' });
    await web.page.keyboard.type(
      String.raw`printf 'to be erased\033[999;999Hx\033[1J\033[H'; sleep 0.2; echo stays $((40+2))` + '\n',
    );
    expect(await web.untilText(id, 'stays 42')).not.toContain('erased');
    // What is shown again after a reload is parsed anew.
    await web.page.reload();
    expect(await web.untilText(id, 'stays 42')).not.toContain('erased');
    expect(web.errors).toEqual([]);
  },
);

webTest('a count of thousands of millions costs a page no more than its screen', async ({ web }) => {
  const id = await web.newSession({ command: 'sh', name: 'counter' });
  await web.page.keyboard.type(
    String.raw`printf 'a\033[2147483647b\033[2147483647S\033[2147483647L\033[H'; echo stays $((40+2))` + '\n',
  );
  await web.untilText(id, 'stays 42');
  expect(web.errors).toEqual([]);
});

webTest(
  'a sequence at which the terminal throws costs what was printed with it, is told, and breaks nothing',
  async ({ web }) => {
    const { page } = web;
    const id = await web.newSession({ command: 'sh', name: 'thrower' });
    await page.evaluate(
      `document.querySelector('[data-session="${id}"] .terminal-box').holdfast.view.terminal.parser
         .registerCsiHandler({ final: 'y' }, () => { throw new Error('a fault of the test') })`,
    );
    for (const time of [1, 2]) {
      await page.keyboard.type(
        String.raw`printf '\033[y'; sleep 0.2; echo shown after $((40+${time}))` + '\n',
      );
      await web.untilText(id, `shown after 4${time}`);
    }
    await page.getByText('A part of what was printed can’t be shown.').waitFor();
    expect(web.errors.filter((error) => !error.includes('a fault of the test'))).toEqual([]);
    expect(web.errors).toHaveLength(2);
  },
);

webTest('a program that has ended is shown at the size of its pane, and not smaller', async ({ web }) => {
  const id = await web.newSession({ command: 'sh', name: 'ending' });
  await web.page.keyboard.type('echo the end; exit 3\n');
  await web.pane(id).getByText('Exited with 3').waitFor();
  const shown = () =>
    web.page.evaluate<{ fontSize: number; isLetterboxed: boolean }>(
      `(() => {
        const { view } = document.querySelector('[data-session="${id}"] .terminal-box').holdfast;
        return { fontSize: view.terminal.options.fontSize, isLetterboxed: view.isLetterboxed };
      })()`,
    );
  const whole = { fontSize: 14, isLetterboxed: false };
  await expect.poll(shown, { timeout: 15_000 }).toEqual(whole);
  await web.page.reload();
  await web.pane(id).getByText('Exited with 3').waitFor();
  await expect.poll(shown, { timeout: 15_000 }).toEqual(whole);
  await web.untilText(id, 'the end');
});
