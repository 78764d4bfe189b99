import { TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { TestPage } from './support/test-page.ts';

/** What `serve --namespace work` has. */
const OWN = { HOLDFAST_NAMESPACE: 'work' };

test('who names no namespace means that of the host, by every door', async () => {
  await using home = new TestHome({ env: OWN });
  await using host = await TestHost.start({ home });
  const { terminal } = host.client();
  const { id } = await terminal.create.mutate({
    command: ['sh', '-c', 'echo ready; exec cat'],
    name: 'ours',
  });
  expect(await terminal.list.query({ namespace: 'work' })).toMatchObject([{ id }]);
  expect(await terminal.list.query()).toMatchObject([{ id }]);
  expect(await (await host.fetch('/api/terminal/get?session=ours')).json()).toMatchObject({ id });
  const leaving = new AbortController();
  const { value } = await host.events('terminal.onSessions', leaving.signal).next();
  expect(value).toMatchObject({ type: 'all', sessions: [{ id }] });
  leaving.abort();
  using page = new TestPage(host.at, id);
  await page.untilText('ready');
  await expect(terminal.list.query({ namespace: 'default' })).rejects.toMatchObject({
    data: { holdfast: { code: 'E_NO_DAEMON' } },
  });
});

test('a shared token is for its own namespace, at whichever host it is shown', async () => {
  await using home = new TestHome({ env: OWN });
  await using host = await TestHost.start({ home });
  const { terminal } = host.client();
  const { id } = await terminal.create.mutate({ command: ['sh', '-c', 'echo ready; exec cat'] });
  const made = await terminal.share.create.mutate({ session: id });
  expect(made).toMatchObject({ namespace: 'work', session: id });
  expect(await terminal.share.list.query()).toMatchObject([{ id: made.id }]);
  expect(await terminal.share.list.query({ namespace: 'default' })).toEqual([]);
  await using _ = { [Symbol.asyncDispose]: () => stopOther(home) };
  await using other = await TestHost.start({ home, args: ['--namespace', 'other'] });
  for (const shownAt of [host, other]) {
    expect(await shownAt.client(made.token).terminal.get.query({ session: id })).toMatchObject({ id });
    using page = new TestPage(shownAt.at, id, { token: made.token });
    await page.untilText('ready');
  }
  await terminal.share.revoke.mutate({ id: made.id });
  expect(await terminal.share.list.query()).toEqual([]);
});

/** The home itself ends the daemon of one namespace only. */
async function stopOther(home: TestHome): Promise<void> {
  expect(await home.cli(['--namespace', 'other', 'stop', '--yes'])).toMatchObject({ code: 0 });
}
