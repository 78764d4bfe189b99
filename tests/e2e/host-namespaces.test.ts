import { eventually, TestHome } from '@holdfast/testkit';
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
  // Else it is started behind the end of all.
  await eventually('its daemon serves', async () => {
    return (await other.client().terminal.daemon.getHealth.query()).reachable;
  });
  for (const shownAt of [host, other]) {
    expect(await shownAt.client(made.token).terminal.get.query({ session: id })).toMatchObject({ id });
    using page = new TestPage(shownAt.at, id, { token: made.token });
    await page.untilText('ready');
  }
  await terminal.share.revoke.mutate({ id: made.id });
  expect(await terminal.share.list.query()).toEqual([]);
});

test('the connection for a shared session ends some time after the last who looked has gone', async () => {
  await using host = await TestHost.start();
  const { terminal } = host.client();
  const { id } = await terminal.create.mutate({ command: ['sh', '-c', 'echo ready; exec cat'] });
  const { id: grant, token } = await terminal.share.create.mutate({ session: id });
  await eventually('the daemon is watched', async () => (await terminal.daemon.getHealth.query()).reachable);
  const observer = await host.home.connect();
  const connections = async () => (await observer.request('status', {})).clients;
  const before = await connections();
  const pages = [0, 1].map(() => new TestPage(host.at, id, { token }));
  for (const page of pages) await page.untilText('ready');
  await host.client(token).terminal.get.query({ session: id });
  expect(await connections()).toBe(before + 1);
  pages[0]?.[Symbol.dispose]();
  await terminal.share.revoke.mutate({ id: grant });
  expect(await pages[1]?.closed).toBe(4401);
  await eventually('it has ended', async () => (await connections()) === before);
});

test('made-up namespaces are forgotten for others, and keep nobody out', async () => {
  await using host = await TestHost.start();
  const { terminal } = host.client();
  for (let made = 0; made < 300; made += 1) {
    const { running } = await terminal.daemon.getUpdateStatus.query({ namespace: `made-up-${made}` });
    expect(running).toBeNull();
  }
  expect(await terminal.list.query()).toEqual([]);
});

test('who listens to very many made-up namespaces is refused more of them, and others are not', async () => {
  await using home = new TestHome();
  await using _ = { [Symbol.asyncDispose]: () => stopOther(home) };
  await using __ = { [Symbol.asyncDispose]: () => stopOther(home, 'begun') };
  await using host = await TestHost.start({ home });
  const { terminal } = host.client();
  await terminal.create.mutate({ namespace: 'other', command: ['cat'], name: 'real' });
  const leaving = new AbortController();
  const listen = (namespace: string) =>
    host.events(
      `terminal.daemon.onDaemon?input=${encodeURIComponent(JSON.stringify({ namespace }))}`,
      leaving.signal,
    );
  for (let made = 0; made < 32; made += 1) {
    const { value } = await listen(`made-up-${made}`).next();
    expect(value).toMatchObject({ health: { reachable: false } });
  }
  const limit = { data: { httpStatus: 429, holdfast: { code: 'E_LIMIT' } } };
  const oneMore = terminal.daemon.getHealth.query({ namespace: 'one-more' });
  await expect(oneMore).rejects.toMatchObject(limit);
  expect(await terminal.list.query({ namespace: 'other' })).toMatchObject([{ name: 'real' }]);
  // Whoever starts something there, where nothing was, makes nothing up.
  const begun = { namespace: 'begun', command: ['cat'] };
  expect(await terminal.create.mutate(begun)).toMatchObject({ state: 'running' });
  leaving.abort();
  await eventually('there is room again', async () =>
    terminal.daemon.getHealth.query({ namespace: 'one-more' }).then(
      () => true,
      () => false,
    ),
  );
});

/** The home itself ends the daemon of one namespace only. */
async function stopOther(home: TestHome, namespace = 'other'): Promise<void> {
  expect(await home.cli(['--namespace', namespace, 'stop', '--yes'])).toMatchObject({ code: 0 });
}
