import { expect, test } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { TestPage } from './support/test-page.ts';
import { hostSurvivesKills } from './support/host-kills.ts';

test('a host that is ended three times under load, by force and by Ctrl-C in turn: streams go on by offset, exact, and sessions are untouched', async () => {
  await hostSurvivesKills(3);
}, 180_000);

test('what a page has typed into a program that does not read is not in doubt because the host ends', async () => {
  await using host = await TestHost.start();
  const { id } = await host
    .client()
    .terminal.create.mutate({ command: ['sh', '-c', 'stty raw; sleep 1000'] });
  using page = new TestPage(host.at, id, { stream: 'stream-one', readOnly: false });
  await page.message('attached');
  for (let offset = 0; offset < 100_000; offset += 500) page.type(offset, Buffer.alloc(500, 'x'));
  // The terminal has taken what it has room for.
  await page.message('inputDone');
  await host.end();
  await page.closed;
  expect(page.messages.filter(({ type }) => type === 'inputUnknown')).toEqual([]);
}, 60_000);
