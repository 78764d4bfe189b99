import { eventually } from '@holdfast/testkit';
import type { TestHost } from './test-host.ts';
import type { WebPage } from './web-page.ts';

/** Opens a session that is there already. */
export async function show(web: WebPage, id: string): Promise<void> {
  const row = web.page.locator(`[data-session-row="${id}"]`);
  await row.getByRole('button').first().click();
  await web.pane(id).locator('[data-link=live]').waitFor();
  await web.untilFocused(web.pane(id));
}

/** Resolves when all these pages show the same of a session, up to its last byte. */
export async function untilSame(host: TestHost, id: string, ...pages: WebPage[]): Promise<string> {
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

/** Up to which offset a page has parsed a session. */
export function offsetOf(web: WebPage, id: string): Promise<number> {
  return web.page.evaluate<number>(
    `document.querySelector('[data-session="${id}"] .terminal-box')?.holdfast.link.offset ?? -1`,
  );
}
