import { commandLine, eventually, isAlive, passTime, stopProcess, within } from '@holdfast/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pretendInFlight } from './support/in-flight.ts';
import { StandInKeeper } from './support/stand-in-keeper.ts';
import { TestHost } from './support/test-host.ts';
import { TestPage } from './support/test-page.ts';

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start();
});
afterAll(() => host[Symbol.asyncDispose]());

/** What a subscription has yielded, as a browser gets it: asked for again whenever it breaks off. */
class Listener implements AsyncDisposable {
  readonly heard: unknown[] = [];
  readonly #leaving = new AbortController();
  readonly #ended: Promise<void>;

  constructor(procedure: string) {
    this.#ended = this.#listen(procedure);
  }

  /** Resolves when something like it has been heard. */
  async until(what: string, holds: (heard: never) => boolean): Promise<void> {
    await eventually(
      `${what}: ${JSON.stringify(this.heard).slice(-500)}`,
      () => this.heard.some((one) => holds(one as never)),
      30_000,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving.abort();
    await this.#ended;
  }

  async #listen(procedure: string): Promise<void> {
    const { signal } = this.#leaving;
    while (!signal.aborted) {
      try {
        for await (const event of host.events(procedure, signal)) this.heard.push(event);
      } catch {
        // The host is gone, or the listener.
        await passTime(20);
      }
    }
  }
}

interface Change {
  readonly type: string;
  readonly session?: { readonly id: string; readonly state: string };
  readonly sessions?: readonly { readonly id: string }[];
}
interface Daemon {
  readonly health: { readonly reachable: boolean };
}

describe('who listens', () => {
  test('hears of all sessions again after the host was killed, and of each change from then on', async () => {
    const { id } = await host.client().terminal.create.mutate({ command: ['sleep', '100'] });
    await using sessions = new Listener('terminal.onSessions');
    await using daemon = new Listener('terminal.daemon.onDaemon');
    const hasIt = ({ type, sessions: all }: Change) => type === 'all' && all?.some((one) => one.id === id);
    await sessions.until('all', (heard: Change) => hasIt(heard) === true);
    await daemon.until('it answers', ({ health }: Daemon) => health.reachable);
    await host.crash();
    sessions.heard.length = 0;
    daemon.heard.length = 0;
    await host.start();
    await sessions.until('all again', (heard: Change) => hasIt(heard) === true);
    await daemon.until('it answers again', ({ health }: Daemon) => health.reachable);
    await host.client().terminal.kill.mutate({ session: id });
    await sessions.until(
      'the end',
      ({ session }: Change) => session?.id === id && session.state === 'exited',
    );
  });

  test('hears of a killed daemon, on the same stream, and then of all sessions', async () => {
    const { id, pid } = await host.client().terminal.create.mutate({ command: ['sleep', '100'] });
    const leaving = new AbortController();
    const events = host.events('terminal.onSessions', leaving.signal);
    expect((await events.next()).value).toMatchObject({ type: 'all' });
    process.kill(host.home.daemonPid ?? -1, 'SIGKILL');
    const next = async () => {
      for (;;) {
        const { value } = await events.next();
        if ((value as Change).type === 'all') return value as Change;
      }
    };
    const all = await within('all sessions', next(), 30_000);
    expect(all.sessions).toContainEqual(expect.objectContaining({ id, pid, state: 'running' }));
    leaving.abort();
    await host.client().terminal.kill.mutate({ session: id });
  });
});

test('a page goes on by its offset when the daemon is killed, and what is typed meanwhile arrives once', async () => {
  const { id, pid } = await host
    .client()
    .terminal.create.mutate({ command: ['sh', '-c', 'stty raw -echo; printf ready; exec cat'] });
  using page = new TestPage(host.at, id, { from: 0, stream: 'stream-of-a-crash' });
  await page.untilText('ready');
  page.type(0, 'before,');
  await page.untilText('before,');
  // What is recorded as done can't be in doubt.
  await page.message('inputDone');
  const { daemonPid = -1 } = host.home;
  process.kill(daemonPid, 'SIGKILL');
  page.type(7, 'meanwhile,');
  await page.untilText('meanwhile,', 30_000);
  page.type(17, 'after');
  await page.untilText('after');
  // The page checks that each frame begins where the last one has ended.
  expect(page.text).toBe('readybefore,meanwhile,after');
  expect(page.socket.readyState).toBe(page.socket.OPEN);
  expect(host.home.daemonPid).not.toBe(daemonPid);
  expect(await host.client().terminal.get.query({ session: id })).toMatchObject({ pid, state: 'running' });
});

test('what was being typed when daemon and host were killed is told to the page as unknown, and never typed again', async () => {
  await using keeper = new StandInKeeper();
  await keeper.start();
  const { id } = await keeper.openCommand(['sh', '-c', 'stty raw -echo; printf ready; exec cat']);
  await using first = await TestHost.start({ home: keeper.home });
  const stream = 'stream-in-doubt';
  using before = new TestPage(first.at, id, { from: 0, stream });
  await before.untilText('ready');
  before.type(0, 'certain,');
  await before.until('it is done', () => before.messages.some(({ offset }) => offset === 8));
  await first.crash();
  await keeper.crash();
  pretendInFlight(keeper.home, id, { offset: 8, length: 6 });
  await keeper.start();
  await first.start();
  using after = new TestPage(first.at, id, { from: 0, stream });
  await after.message('attached');
  after.type(8, 'doubt,later');
  await after.untilText('later');
  await after.until('it is done', () => after.messages.some(({ offset }) => offset === 19));
  expect(after.text).toBe('readycertain,later');
  const told = after.messages.filter(({ type }) => type.startsWith('input'));
  expect(told[0]).toEqual({ type: 'inputUnknown', from: 8, to: 14 });
  expect(told.slice(1).map(({ type }) => type)).not.toContain('inputUnknown');
});

test('an update of a daemon that stands still fails in bounded time, and does not happen when it goes on', async () => {
  const { id, pid } = await host.client().terminal.create.mutate({ command: ['sleep', '100'] });
  const { daemonPid = -1 } = host.home;
  const { daemon, get } = host.client().terminal;
  await stopProcess(daemonPid);
  const began = performance.now();
  try {
    expect(await daemon.update.mutate()).toMatchObject({ ok: false, code: 'E_TIMEOUT' });
  } finally {
    process.kill(daemonPid, 'SIGCONT');
  }
  expect(performance.now() - began).toBeLessThan(30_000);
  expect(await get.query({ session: id })).toMatchObject({ pid, state: 'running' });
  // The answer came from the one that stood, which has read by now what was sent meanwhile.
  await eventually('it is seen again', async () => (await daemon.getHealth.query()).reachable);
  expect(host.home.daemonPids).toEqual([daemonPid]);
  expect(isAlive(daemonPid) && commandLine(daemonPid)).toContain(' serve ');
  expect(await daemon.getUpdateStatus.query()).toMatchObject({ failure: { code: 'E_TIMEOUT' } });
  await daemon.dismissUpdateFailure.mutate();
  expect(await daemon.getUpdateStatus.query()).toMatchObject({ failure: null });
});
