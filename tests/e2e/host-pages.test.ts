import { eventually, privateBytes } from '@holdfast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { TestPage } from './support/test-page.ts';

const MEBIBYTE = 1024 * 1024;

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start();
});
afterAll(() => host[Symbol.asyncDispose]());

const create = (script: string) =>
  host.client().terminal.create.mutate({ command: ['sh', '-c', script], historyBytes: 32 * MEBIBYTE });

async function share(session: string): Promise<string> {
  return (await host.client().terminal.share.create.mutate({ session })).token;
}

function grownMebibytes(before: number): number {
  return (privateBytes(host.at.pid) - before) / MEBIBYTE;
}

/** Sessions are asked for, and nobody answers, until `resume`. */
function stopDaemon(): { resume: () => void } & Disposable {
  const pid = host.home.daemonPid;
  if (pid === undefined) throw new Error('no daemon runs');
  process.kill(pid, 'SIGSTOP');
  const resume = () => void process.kill(pid, 'SIGCONT');
  return { resume, [Symbol.dispose]: resume };
}

test('a page that has gone before its session was found, which was not, harms nobody', async () => {
  const { id } = await create('true');
  await host.client().terminal.wait.mutate({ session: id });
  using daemon = stopDaemon();
  using page = new TestPage(host.at, id, { readOnly: true });
  await page.untilOpen();
  // It is asked for before it is forgotten.
  await page.pong();
  const forgotten = host.client().terminal.forget.mutate({ session: id });
  page.socket.terminate();
  await eventually('the host knows that it has gone', async () => (await host.fetch('/openapi.json')).ok);
  daemon.resume();
  await forgotten;
  expect(await host.client().terminal.list.query()).toEqual([]);
  expect(host.process.isRunning).toBe(true);
});

test('a page that acknowledges what it does not read does not fill the memory', async () => {
  const bytes = 24 * MEBIBYTE;
  const { id } = await create(`stty -opost; head -c ${bytes} /dev/zero | tr '\\0' x; sleep 1000`);
  const { terminal } = host.client();
  await eventually('all is printed', async () => (await terminal.get.query({ session: id })).offset >= bytes);
  const token = await share(id);
  const pages = Array.from({ length: 3 }, () => new TestPage(host.at, id, { from: 0, token }));
  for (const page of pages) {
    await page.untilText('x');
    page.socket.pause();
  }
  const before = privateBytes(host.at.pid);
  for (let offset = 128 * 1024; offset < bytes; offset += 128 * 1024) {
    for (const page of pages) page.say({ type: 'ack', offset });
    // Each acknowledgement lets the host ask the daemon for more; it has answered somebody else meanwhile.
    await terminal.get.query({ session: id });
  }
  const grown = grownMebibytes(before);
  for (const page of pages) page[Symbol.dispose]();
  expect(grown).toBeLessThan(24);
});

test('what is typed after a program has ended, and before the page has seen that, takes nothing from the page', async () => {
  const bytes = 3 * MEBIBYTE;
  const { id } = await create(`stty -opost; read line; head -c ${bytes} /dev/zero | tr '\\0' y`);
  using page = new TestPage(host.at, id, { from: 0, stream: 'a stream of keys', acknowledges: false });
  await page.message('attached');
  await host.client().terminal.send.mutate({ session: id, text: '', enter: true });
  await host.client().terminal.wait.mutate({ session: id });
  page.type(0, 'late');
  await page.pong();
  page.socket.on('message', () => page.say({ type: 'ack', offset: page.offset }));
  page.say({ type: 'ack', offset: page.offset });
  expect(await page.closed).toBe(1000);
  expect(page.offset).toBeGreaterThanOrEqual(bytes);
});

test('what comes before a page is attached is bounded in bytes, and none of it is typed by who may only see', async () => {
  const { id } = await create('sleep 1000');
  const token = await share(id);
  using _daemon = stopDaemon();
  using guest = new TestPage(host.at, id, { token });
  await guest.untilOpen();
  guest.type(0, 'x');
  expect(await guest.closed).toBe(4403);
  using owner = new TestPage(host.at, id, { stream: 'a stream of keys' });
  await owner.untilOpen();
  for (let offset = 0; offset < MEBIBYTE; offset += 64 * 1024) owner.type(offset, Buffer.alloc(64 * 1024));
  expect(await owner.closed).toBe(4400);
});

test('who has a shared link can not take the WebSockets of all others', async () => {
  const { id } = await create('sleep 1000');
  const token = await share(id);
  const pages = Array.from({ length: 130 }, () => new TestPage(host.at, id, { token }));
  try {
    const codes = new Set<number>();
    for (const page of pages) void page.closed.then((code) => codes.add(code));
    await eventually('some are refused', () => codes.has(4503));
    expect([...codes]).toEqual([4503]);
    using owner = new TestPage(host.at, id);
    await owner.message('attached');
  } finally {
    for (const page of pages) page[Symbol.dispose]();
  }
});
