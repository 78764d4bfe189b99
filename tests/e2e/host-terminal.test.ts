import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  eventually,
  firstDifference,
  floodBytes,
  LINE_BYTES,
  privateBytes,
  program,
  pythonPath,
  queriesIn,
} from '@holdfast/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { TestPage } from './support/test-page.ts';

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start();
});
afterAll(() => host[Symbol.asyncDispose]());

/** What is shown to many pages: less than the host keeps for those that are behind. */
const SHOWN_BYTES = 512 * 1024;

/** All that a process has written to anything. */
function bytesWritten(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1]);
}

const cat = () =>
  host.client().terminal.create.mutate({ command: ['sh', '-c', 'stty raw -echo; echo ready; cat'] });

describe('a page', () => {
  test('shows what the program prints, types into it, and is told when that has arrived', async () => {
    const { id } = await cat();
    using page = new TestPage(host.at, id, { stream: 'stream-one' });
    await page.untilText('ready');
    page.type(0, 'hello');
    await page.untilText('hello');
    expect(await page.message('inputDone')).toEqual({ type: 'inputDone', offset: 5 });
    expect(await page.message('attached')).toMatchObject({ session: { id }, leading: true, readOnly: false });
  });

  test('reconnects by offset and gets exactly the missing bytes', async () => {
    const { id } = await cat();
    using first = new TestPage(host.at, id, { stream: 'stream-two' });
    await first.untilText('ready');
    const { offset } = first;
    first.socket.terminate();
    using writer = new TestPage(host.at, id, { stream: 'stream-three' });
    await writer.message('attached');
    writer.type(0, 'while you were away');
    await writer.untilText('away');
    using second = new TestPage(host.at, id, { from: offset, stream: 'stream-two' });
    await second.untilText('away');
    expect(second.start).toBe(offset);
    expect(second.text).toBe('while you were away');
  });

  test('types again what it is unsure of, and nothing is typed twice or lost', async () => {
    const { id } = await cat();
    const typed = Buffer.from(Array.from({ length: 20_000 }, (_, at) => 97 + (at % 26)));
    // What is typed before stty has run is echoed.
    {
      using early = new TestPage(host.at, id);
      await early.untilText('ready');
    }
    let done = 0;
    let connections = 0;
    while (done < typed.length) {
      connections += 1;
      using page = new TestPage(host.at, id, { stream: 'stream-four', readOnly: false });
      await page.message('attached');
      for (let at = done; at < Math.min(done + 6_000, typed.length); at += 500)
        page.type(at, typed.subarray(at, at + 500));
      await page.until('progress', () =>
        page.messages.some(({ type, offset }) => type === 'inputDone' && Number(offset) > done),
      );
      done = Math.max(
        ...page.messages.map(({ type, offset }) => (type === 'inputDone' ? Number(offset) : 0)),
      );
      page.socket.terminate();
    }
    expect(connections).toBeGreaterThan(2);
    using reader = new TestPage(host.at, id, { from: 0, readOnly: true });
    const whole = Buffer.concat([Buffer.from('ready\n'), typed]);
    await reader.until('all of it', () => reader.offset >= whole.length);
    expect(reader.offset).toBe(whole.length);
    expect(reader.sha256).toBe(createHash('sha256').update(whole).digest('hex'));
  });

  test('that was away while its session was restored is told that its stream is not known, and types on with another', async () => {
    const { id } = await cat();
    using before = new TestPage(host.at, id, { stream: 'stream-away' });
    await before.untilText('ready');
    before.type(0, 'old');
    await before.message('inputDone');
    await before.untilText('old');
    const { offset } = before;
    before.socket.terminate();
    await host.client().terminal.kill.mutate({ session: id });
    await host.client().terminal.restore.mutate({ session: id });
    using back = new TestPage(host.at, id, { from: offset, stream: 'stream-away', again: true });
    await back.message('attached');
    back.type(3, 'lost');
    expect(await back.closed).toBe(4503);
    expect(await back.message('error')).toMatchObject({ code: 'E_INPUT_UNKNOWN' });
    using anew = new TestPage(host.at, id, { from: offset, stream: 'stream-anew', again: false });
    await anew.untilText('ready');
    anew.type(0, 'new');
    await anew.untilText('new');
    expect(anew.text).not.toContain('lost');
  });

  test('that skips bytes of input, or breaks the protocol otherwise, is closed for good', async () => {
    const { id } = await cat();
    using skips = new TestPage(host.at, id, { stream: 'stream-five' });
    await skips.message('attached');
    skips.type(10, 'x');
    expect(await skips.closed).toBe(4400);
    expect(await skips.message('error')).toMatchObject({ code: 'E_INPUT_GAP', retry: false });
    using acknowledges = new TestPage(host.at, id);
    await acknowledges.message('attached');
    acknowledges.say({ type: 'ack', offset: 1_000_000 });
    expect(await acknowledges.closed).toBe(4400);
    using large = new TestPage(host.at, id, { stream: 'stream-six' });
    await large.message('attached');
    large.type(0, Buffer.alloc(100_000));
    expect(await large.closed).toBe(1009);
    using nobody = new TestPage(host.at, 'nobody');
    expect(await nobody.closed).toBe(4404);
  });

  test('gets everything up to the exit, and a close code that says so', async () => {
    const lines = 200_000;
    const { id } = await host
      .client()
      .terminal.create.mutate({ command: program('flood.py', lines), historyBytes: 8_388_608 });
    using page = new TestPage(host.at, id, { from: 0 });
    expect(await page.closed).toBe(1000);
    expect(await page.message('exited')).toMatchObject({ exit: { code: 0 } });
    expect(page.sha256).toBe(
      createHash('sha256')
        .update(floodBytes(0, lines * LINE_BYTES))
        .digest('hex'),
    );
  });
});

test('however many pages only look at a session, the daemon writes its output once; nothing is compressed', async () => {
  const { get, create, kill } = host.client().terminal;
  const script = `stty -echo; echo ready; read line; head -c ${SHOWN_BYTES} /dev/zero | tr '\\0' x; exec cat`;
  const { id } = await create.mutate({ command: ['sh', '-c', script], historyBytes: 2 * SHOWN_BYTES });
  const pages = Array.from(
    { length: 20 },
    () => new TestPage(host.at, id, { readOnly: true, deflate: true }),
  );
  for (const page of pages) await page.untilText('ready');
  expect((await get.query({ session: id })).clients).toBe(1);
  const { daemonPid = -1 } = host.home;
  const before = bytesWritten(daemonPid);
  await host.client().terminal.send.mutate({ session: id, text: 'all of it\n' });
  for (const page of pages) await page.until('it has all of it', () => page.offset > SHOWN_BYTES, 60_000);
  const written = bytesWritten(daemonPid) - before;
  expect(written).toBeGreaterThan(SHOWN_BYTES);
  expect(written).toBeLessThan(2 * SHOWN_BYTES);
  expect(new Set(pages.map(({ socket }) => socket.extensions))).toEqual(new Set(['']));
  for (const page of pages) page[Symbol.dispose]();
  await kill.mutate({ session: id });
});

test('a page that is far behind is served from the history, and falls behind alone', async () => {
  const lines = 500_000;
  const { id } = await host.client().terminal.create.mutate({
    command: [
      'sh',
      '-c',
      `stty -opost -echo; printf '>'; read line; exec ${program('flood.py', lines).join(' ')}`,
    ],
    historyBytes: 16_777_216,
  });
  using typing = new TestPage(host.at, id, { from: 0, stream: 'stream-seven' });
  await typing.message('attached');
  using behind = new TestPage(host.at, id, { from: 0, readOnly: true, acknowledges: false });
  await behind.message('attached');
  await typing.untilText('>');
  typing.type(0, '\n');
  expect(await typing.closed).toBe(1000);
  expect(behind.offset).toBeLessThanOrEqual(512 * 1024);
  expect(await behind.message('pause')).toMatchObject({ paused: true });
  // It wakes up.
  behind.socket.on('message', () => behind.say({ type: 'ack', offset: behind.offset }));
  behind.say({ type: 'ack', offset: behind.offset });
  expect(await behind.closed).toBe(1000);
  expect(behind.offset).toBe(typing.offset);
  expect(behind.sha256).toBe(typing.sha256);
});

test('a page that has fallen out of the history is told where output goes on, and gets all from there', async () => {
  const lines = 200_000;
  const { id } = await host.client().terminal.create.mutate({
    command: [
      'sh',
      '-c',
      `stty -opost -echo; printf '>'; read line; exec ${program('flood.py', lines).join(' ')}`,
    ],
    historyBytes: 65_536,
  });
  using page = new TestPage(host.at, id, { from: 0, readOnly: true, acknowledges: false });
  await page.message('attached');
  const resyncs: { at: number; to: number }[] = [];
  page.onMessage = ({ type, offset }) => {
    if (type === 'resync') resyncs.push({ at: page.offset, to: Number(offset) });
  };
  /** Behind the prompt. */
  const differences = new Set<number>();
  page.onBytes = (bytes, offset) => {
    if (offset > 0) differences.add(firstDifference(bytes, offset - 1));
  };
  await page.untilText('>');
  await host.client().terminal.send.mutate({ session: id, text: '', enter: true });
  await host.client().terminal.wait.mutate({ session: id });
  page.socket.on('message', () => page.say({ type: 'ack', offset: page.offset }));
  page.say({ type: 'ack', offset: page.offset });
  expect(await page.closed).toBe(1000);
  expect(resyncs.length).toBeGreaterThan(0);
  for (const { at, to } of resyncs) expect(to).toBeGreaterThan(at);
  expect(differences).toEqual(new Set([-1]));
  expect(page.offset).toBe(1 + lines * LINE_BYTES);
});

test('a page that never reads under a flood costs the host a bounded amount, and holds nobody up', async () => {
  const { id } = await host.client().terminal.create.mutate({ command: program('flood.py') });
  using page = new TestPage(host.at, id, { acknowledges: false });
  await page.message('attached');
  page.socket.pause();
  const before = privateBytes(host.at.pid);
  using other = new TestPage(host.at, id, { readOnly: true });
  await other.until('it goes on', () => other.offset - other.start > 20_000_000, 60_000);
  const grownMb = (privateBytes(host.at.pid) - before) / 1024 / 1024;
  console.log(`a WebSocket that never reads: the host has grown by ${grownMb.toFixed(1)} MB`);
  expect(grownMb).toBeLessThan(60);
  await host.client().terminal.kill.mutate({ session: id });
});

test('1,000 idle WebSockets are served, and cost a bounded amount', async () => {
  const { id } = await cat();
  const before = privateBytes(host.at.pid);
  const pages = Array.from({ length: 1_000 }, () => new TestPage(host.at, id, { readOnly: true }));
  try {
    for (const page of pages) await page.message('attached', 60_000);
    const grownMb = (privateBytes(host.at.pid) - before) / 1024 / 1024;
    console.log(`1,000 idle WebSockets: the host has grown by ${grownMb.toFixed(1)} MB`);
    expect(grownMb).toBeLessThan(150);
    expect((await host.client().terminal.get.query({ session: id })).clients).toBe(1);
  } finally {
    for (const page of pages) page[Symbol.dispose]();
  }
  await eventually(
    'they are gone',
    async () => (await host.client().terminal.get.query({ session: id })).clients === 0,
  );
}, 120_000);

test('a WebSocket without attach, without a token, or from a foreign page gets nowhere', async () => {
  const { id } = await cat();
  for (const [headers, token, status] of [
    [{}, '', 401],
    [{}, 'wrong', 401],
    [{ origin: 'http://evil.example' }, undefined, 403],
    [{ host: 'evil.example' }, undefined, 403],
  ] as const) {
    using page = new TestPage(host.at, id, { headers, ...(token === undefined ? {} : { token }) });
    const refused = new Promise<number | undefined>((resolve) =>
      page.socket.on('unexpected-response', (_request, response) => resolve(response.statusCode)),
    );
    expect(await refused).toBe(status);
  }
  using silent = new TestPage(host.at, id);
  silent.socket.removeAllListeners('open');
  expect(await silent.closed).toBe(4408);
});

test('a program waits for a slow page that leads, and for no other', async () => {
  const { id } = await host.client().terminal.create.mutate({ command: program('flood.py') });
  const daemon = await host.home.connect();
  const isHeld = async () =>
    (await daemon.request('status', {})).holders.some(({ session, by }) => session === id && by === 'leader');
  const printed = async () => (await daemon.request('get', { session: id })).session.offset;
  using looking = new TestPage(host.at, id, { readOnly: true, acknowledges: false });
  await looking.message('attached');
  const before = await printed();
  while ((await printed()) < before + 10_000_000) expect(await isHeld()).toBe(false);
  using leading = new TestPage(host.at, id, { acknowledges: false });
  expect(await leading.message('attached')).toMatchObject({ leading: true });
  // One that parses slowly, and not one that has stopped: a program waits for that half a second only.
  let parsed = leading.start;
  leading.onMessage = (message) => {
    if (message.type === 'resync') parsed = Number(message['offset']);
  };
  const parsing = setInterval(() => {
    parsed = Math.min(leading.offset, parsed + 16 * 1024);
    leading.say({ type: 'ack', offset: parsed });
  }, 50);
  try {
    await eventually('it waits for the page that leads', isHeld);
    // And goes on as fast as that parses: whoever was let go is waited for no more.
    await eventually('a second in which it was no faster', async () => {
      const from = await printed();
      const parsedBefore = parsed;
      await eventually('a second of parsing', () => parsed >= parsedBefore + 20 * 16 * 1024);
      return (await printed()) < from + 2_000_000;
    });
  } finally {
    clearInterval(parsing);
    daemon.close();
  }
  await host.client().terminal.kill.mutate({ session: id });
});

test('the page that typed last leads, and has its size', async () => {
  const { id } = await cat();
  using one = new TestPage(host.at, id, { stream: 'stream-eight' });
  await one.message('attached');
  using two = new TestPage(host.at, id, { stream: 'stream-nine' });
  expect(await two.message('attached')).toMatchObject({ leading: false });
  two.say({ type: 'viewport', cols: 120, rows: 40 });
  two.type(0, 'x');
  expect(await two.message('leading')).toMatchObject({ leading: true });
  expect(await one.message('resized')).toMatchObject({ cols: 120, rows: 40 });
});

const ASKS_WHEN_RESIZED = `
import os, signal
signal.signal(signal.SIGWINCH, lambda *_: os.write(1, b"resized\\x1b[5n"))
os.write(1, b"ready")
while True: signal.pause()
`;

describe('what is asked while the screen of a page that leads is made', () => {
  test('is put to that page, once: behind the screen if that shows it already, else where it comes', async () => {
    await using fresh = await TestHost.start();
    let byMessage = 0;
    // The first screen takes long to be made, but nothing says that it does.
    for (let round = 0; round < 10 && byMessage === 0; round += 1) {
      const { terminal } = fresh.client();
      const { id } = await terminal.create.mutate({
        command: [pythonPath(), '-c', ASKS_WHEN_RESIZED],
        cols: 100,
        rows: 30,
      });
      await terminal.wait.mutate({ session: id, text: 'ready' });
      using page = new TestPage(fresh.at, id, { stream: 'stream of a leader', screen: true });
      const shown = () => page.messages.find(({ type }) => type === 'screen');
      await page.until(
        'the question has come',
        () => String(shown()?.['text']).includes('resized') || page.text.includes('resized'),
      );
      // Behind all that the host has told of the question.
      await page.pong();
      const asked = page.messages.filter(({ type }) => type === 'asked').map(({ text }) => text);
      byMessage += asked.length;
      expect([...asked, ...questionsIn(page.text)]).toEqual(['\x1b[5n']);
      expect(questionsIn(String(shown()?.['text']))).toEqual([]);
    }
    expect(byMessage).toBe(1);
  });
});

function questionsIn(text: string): string[] {
  return queriesIn(Buffer.from(text));
}
