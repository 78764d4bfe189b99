import { program } from '@holdfast/testkit';
import type { TestHost } from './test-host.ts';
import type { WebPage } from './web-page.ts';

const TERMINALS = 20;
/** Between two keys: ten in a second, as a fast typist. */
const KEY_EVERY_MS = 100;

export interface Load {
  /** From each key until the page has its echo, in ms, sorted. */
  readonly echoMs: readonly number[];
  /** Of the page's scripts, after the garbage has gone: at the beginning of the flood, and at its end. */
  readonly heapBytes: { readonly before: number; readonly after: number };
}

/** Twenty terminals in one page, one of which floods for a while; what it costs to type in another one meanwhile. */
export async function typeBesideFlood({
  web,
  host,
  forMs,
}: {
  web: WebPage;
  host: TestHost;
  forMs: number;
}): Promise<Load> {
  const { page } = web;
  const { create } = host.client().terminal;
  const flood = await create.mutate({ command: program('steady-flood.py'), name: 'flood' });
  const typed = await create.mutate({ command: ['cat'], name: 'typed' });
  const others = await Promise.all(
    Array.from({ length: TERMINALS - 2 }, (_, index) =>
      create.mutate({ command: ['sh', '-c', 'echo one of many; exec cat'], name: `other-${index}` }),
    ),
  );
  // Each in a tab of its own; the one that is typed into comes last, and is seen.
  for (const { id, name } of [flood, ...others, typed]) {
    await page.locator(`[data-session-row="${id}"]`).getByText(name, { exact: true }).click();
    await web.pane(id).locator('[data-link=live]').waitFor();
  }
  const before = await heapOf(web);
  await page.evaluate(measure(typed.id, forMs));
  const echoMs = (await page.evaluate<number[]>('window.echoes')).toSorted((a, b) => a - b);
  return { echoMs, heapBytes: { before, after: await heapOf(web) } };
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.POSITIVE_INFINITY;
}

async function heapOf({ context, page }: WebPage): Promise<number> {
  const session = await context.newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

/** Types a letter at a time as the keyboard would, and waits until it has been parsed; in the page, so that nothing else is measured. */
function measure(session: string, forMs: number): string {
  return `(async () => {
    const { terminal } = document.querySelector('[data-session="${session}"] .terminal-box').holdfast.view;
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const cursor = () => terminal.buffer.active.cursorX + terminal.buffer.active.baseY * 1e6 + terminal.buffer.active.cursorY * 1e3;
    window.echoes = [];
    const end = performance.now() + ${forMs};
    while (performance.now() < end) {
      const before = cursor();
      const begun = performance.now();
      const echoed = new Promise((resolve) => {
        const listening = terminal.onWriteParsed(() => {
          if (cursor() === before) return;
          listening.dispose();
          resolve();
        });
      });
      terminal.input('x');
      await Promise.race([echoed, pause(10_000)]);
      window.echoes.push(performance.now() - begun);
      await pause(${KEY_EVERY_MS});
    }
  })()`;
}
