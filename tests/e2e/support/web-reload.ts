import { eventually, program } from '@holdfast/testkit';
import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import type { TestHost } from './test-host.ts';
import { WebPage } from './web-page.ts';
import { offsetOf, show, untilSame } from './web-same.ts';

/** A page of a session that has set modes at its beginning and written so much since, in a history of 64 KiB, is loaded again. */
export async function reloadedShowsTheSame(
  { browser, host, web }: { browser: Browser; host: TestHost; web: WebPage },
  writtenBytes: number,
): Promise<void> {
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
  for (let written = 0; written < writtenBytes; written += piece) {
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
}
