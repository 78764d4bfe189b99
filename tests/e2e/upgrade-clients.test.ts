import type { Input } from '@holdfast/client';
import { processEntry } from '@holdfast/posix';
import {
  DATA_HEADER_BYTES,
  encodeAck,
  encodeControl,
  encodeData,
  FRAME,
  FrameReader,
  PROTOCOLS,
  type Session,
} from '@holdfast/protocol';
import {
  eventually,
  firstDifference,
  type Gate,
  isAlive,
  RawClient,
  Recording,
  sha256,
  startDaemon,
  stopProcess,
  type TestDaemon,
  TestHome,
  untilEnded,
  settled,
  settledFdCount,
  SmallDisk,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { mastersOf, startWithPoints, stoppedSuccessor, targetsOf, upgrade } from './support/upgrades.ts';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

// Clients in every state

test('clients that read never, or 1 MB/s, are carried over 5 times, and get every byte or are told which not', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const { socketPath } = daemon.home.paths;
  using never = await Reader.subscribe(socketPath, flood, { mode: 'exact', leaseMs: 200 });
  using slow = await Reader.subscribe(socketPath, flood, { mode: 'viewer' }, 1_000_000);
  using exact = await Reader.subscribe(socketPath, flood, { mode: 'exact', leaseMs: 60_000 }, 1_000_000);
  never.client.stopReading();
  await gate.open();
  for (let round = 0; round < 5; round += 1) {
    const { length } = exact;
    await eventually('the slow one gets on', () => exact.length > length + 200 * KIBIBYTE);
    expect((await upgrade(daemon)).clients).toEqual({ kept: 4, dropped: 0 });
  }
  const { length } = never;
  never.client.socket.resume();
  await eventually('the one that never read gets the rest', () => never.length > length + 2 * MEBIBYTE);
  for (const reader of [never, slow, exact]) {
    expect(reader.faults).toEqual([]);
    expect(reader.client.isClosed).toBe(false);
  }
  expect(exact.gaps).toBe(0);
  expect(exact.offset).toBe(exact.length);
}, 90_000);

test('half a frame is joined to its rest, which comes after the upgrade: hello, request, input', async () => {
  await using daemon = await startDaemon();
  const { socketPath } = daemon.home.paths;
  const echo = await daemon.open('raw-echo.py', [100_000]);
  const output = await daemon.record(echo);
  await output.waitFor('ready');

  using unheard = await RawClient.connect(socketPath);
  const hello = encodeControl({
    id: 0,
    type: 'hello',
    protocols: PROTOCOLS,
    client: { name: 'half', version: '0' },
  });
  using asking = await RawClient.connect(socketPath);
  await asking.hello();
  const request = encodeControl({ id: 2, type: 'get', session: echo.id });
  using typing = await RawClient.connect(socketPath);
  await typing.hello();
  await typing.request({ id: 1, type: 'openInput', session: echo.id, channel: 5, stream: 'half-a-frame' });
  const typed = Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 31) & 255));
  const frame = encodeData({ type: FRAME.INPUT, channel: 5, offset: 0, bytes: typed });

  // Each part follows an answered request, so that the daemon has read the one before it.
  const cuts = [0, 2, 5, DATA_HEADER_BYTES + 1, 20_000, frame.length];
  const part = (bytes: Uint8Array, index: number) =>
    bytes.subarray(
      ...[index, index + 1].map((at) => Math.ceil(((cuts[at] ?? 0) * bytes.length) / frame.length)),
    );
  for (let index = 0; index + 1 < cuts.length; index += 1) {
    if (index > 0) await upgrade(daemon);
    unheard.send(part(hello, index));
    asking.send(index === 0 ? Buffer.concat([ping(1), part(request, 0)]) : part(request, index));
    typing.send(frame.subarray(cuts[index], cuts[index + 1]));
    if (index === 0) await asking.message(({ id }) => id === 1, 'the answer to the whole request');
  }
  const greeting = await unheard.message(({ id }) => id === 0, 'the answer to hello');
  expect(greeting).toMatchObject({ ok: { daemon: { generation: cuts.length - 1 } } });
  const answer = await asking.message(({ id }) => id === 2, 'the answer to the halved request');
  expect(answer).toMatchObject({ ok: { session: { id: echo.id, pid: echo.pid } } });
  await output.output.untilLength('ready'.length + typed.length);
  expect(sha256(output.bytes.subarray('ready'.length))).toBe(sha256(typed));
  for (const client of [unheard, asking, typing]) expect(client.isClosed).toBe(false);
}, 60_000);

function ping(id: number): Uint8Array {
  return encodeControl({ id, type: 'status' });
}

test('1 MiB pasted into a program that is slow to read arrives whole, before, during and after upgrades', async () => {
  await using daemon = await startDaemon();
  const gates = [1, 2, 3, 4].map(() => daemon.home.gate());
  const program = await daemon.open('slow-digest.py', [MEBIBYTE, ...gates.map(({ path }) => path)]);
  const output = await daemon.record(program);
  await output.waitFor('ready;');
  const client = await daemon.connect();
  const input = await client.openInput(program.id);
  const pasted = Buffer.from(Array.from({ length: MEBIBYTE }, (_, index) => (index ^ (index >> 8)) & 255));
  let isDone = false;
  const pasting = input.write(pasted).then(() => {
    isDone = true;
  });
  for (const [index, gate] of gates.entries()) {
    await output.waitFor(`at ${index + 1};`);
    expect(isDone).toBe(false);
    // It reads on while the daemon is replaced, but for the last time: then there is half of it left to be typed.
    const isLast = index === gates.length - 1;
    await Promise.all([upgrade(daemon), ...(isLast ? [] : [gate.open()])]);
    if (isLast) await gate.open();
  }
  const [, sum] = await output.waitFor(/sum (\w+);/);
  await pasting;
  expect(sum).toBe(sha256(pasted));
  expect((await output.exited()).exit).toEqual({ code: 0 });
}, 60_000);

// Requests at any moment

test('open, resize, typing, wait and kill through 10 upgrades take effect exactly once each', async () => {
  await using daemon = await startDaemon();
  const over = new AbortController();
  const workers = [0, 1, 2].map((worker) => work(daemon, worker, over.signal));
  for (let round = 0; round < 10; round += 1) await upgrade(daemon);
  over.abort();
  const named = (await Promise.all(workers)).flat();
  expect(named.length).toBeGreaterThan(10);
  const client = await daemon.client();
  const { sessions } = await client.request('list', {});
  expect(sessions.map(({ name }) => name).toSorted()).toEqual(named.toSorted());
  expect((await client.request('status', {})).sessions.running).toBe(0);
}, 120_000);

/** Opens session after session and has each of them do something, until told to end; returns their names. */
async function work(daemon: TestDaemon, worker: number, over: AbortSignal): Promise<string[]> {
  const client = await daemon.connect();
  const names: string[] = [];
  while (!over.aborted) {
    const number = names.length;
    const name = `w${worker}-${number}`;
    names.push(name);
    const code = number % 250;
    const command = ['/bin/sh', '-c', `read line; echo "got $line"; read none; exit ${code}`];
    const { id } = await daemon.openCommand(command, { name });
    const output = await Recording.begin(client, id);
    const size = { cols: 100 + (number % 100), rows: 30 };
    await client.request('resize', { session: id, ...size });
    const waiting = client.request('wait', { session: name }, { timeoutMs: null });
    const input = await client.openInput(id);
    await input.write(Buffer.from(`${name}\n`));
    await output.waitFor('got ');
    const isKilled = number % 2 === 1;
    if (isKilled) await client.request('kill', { session: id }, { timeoutMs: null });
    else await input.write(Buffer.from('\n'));
    expect((await waiting).session).toMatchObject({
      exit: isKilled ? { signal: 'SIGHUP' } : { code },
      ...size,
    });
    await output.exited();
    expect(output.text.split(`got ${name}\r\n`)).toHaveLength(2);
    expect(output.sizes).toMatchObject([size]);
  }
  return names;
}

test('wait, kill and endInput that were not answered before are answered by the successor', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const client = await daemon.connect();
  const gate = daemon.home.gate();
  const reads = await daemon.openCommand(['/bin/sh', '-c', `read none <${gate.path}; cat | wc -c`]);
  const output = await daemon.record(reads);
  const stubborn = await daemon.open('ignore-hangup.py');
  await (await daemon.record(stubborn)).waitFor('ready');
  const lines = Buffer.from('fifteen letters\n'.repeat(12_000));
  const input = await client.openInput(reads.id);
  const typing = input.write(lines);
  typing.catch(() => undefined);
  using raw = await RawClient.connect(daemon.home.paths.socketPath);
  await raw.hello();
  await raw.request({ id: 1, type: 'openInput', session: reads.id, channel: 1, stream: 'end-of-input' });
  raw.send(encodeData({ type: FRAME.INPUT, channel: 1, offset: 0, bytes: Buffer.from('last line\n') }));
  raw.control({ id: 2, type: 'endInput', channel: 1, midLine: false });
  let isWaitOver = false;
  const waiting = client.request('wait', { session: reads.id }, { timeoutMs: null }).finally(() => {
    isWaitOver = true;
  });
  // The kill is begun when the successor is about to be ready: a hang-up has a second before force is used.
  at({ 'successor.loaded': 'stop' });
  const upgrading = upgrade(daemon);
  const successor = await stoppedSuccessor(daemon);
  at({});
  const killing = client.request('kill', { session: stubborn.id }, { timeoutMs: null });
  await Promise.all([client.request('status', {}), raw.request({ id: 3, type: 'status' })]);
  process.kill(successor, 'SIGCONT');
  await upgrading;
  await upgrade(daemon);
  expect(isWaitOver).toBe(false);
  expect(raw.messages.some(({ id }) => id === 2)).toBe(false);

  expect((await killing).session.exit).toEqual({ signal: 'SIGKILL' });
  expect(isAlive(stubborn.pid)).toBe(false);
  await gate.open();
  expect(await raw.message(({ id }) => id === 2, 'the answer to endInput')).toMatchObject({
    ok: { typed: true },
  });
  await typing;
  expect((await waiting).session.exit).toEqual({ code: 0 });
  expect(output.text.trim().split('\n').at(-1)).toBe(String(lines.length + 'last line\n'.length));
}, 60_000);

test('of an end of input that was typed in part before an upgrade, the rest is typed after it, and no more', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  // How much a terminal has room for is not the same each time; where the last one was full, the next may have room for one byte.
  let room = Number.POSITIVE_INFINITY;
  const half = async () => {
    const gate = daemon.home.gate();
    const script = `stty -echo; echo ready; read none <${gate.path}; cat >/dev/null; read line; echo "then $line"`;
    const session = await daemon.openCommand(['/bin/sh', '-c', script]);
    const output = await daemon.record(session);
    await output.waitFor('ready');
    const input = await client.openInput(session.id);
    const typed = await typeUpTo(input, room - 1);
    if (typed !== room - 1) {
      room = typed;
      return undefined;
    }
    let isTyped = false;
    const ending = input.end({ midLine: true });
    ending.then(() => (isTyped = true)).catch(() => undefined);
    // What was asked for later is answered: the end of input has been begun.
    for (let asked = 0; asked < 2; asked += 1) await client.request('status', {});
    if (!isTyped) return { gate, input, output, ending };
    room = Number.POSITIVE_INFINITY;
    return undefined;
  };
  const { gate, input, output, ending } = await eventually('a terminal with room for one', half, 45_000);
  await upgrade(daemon);
  await gate.open();
  expect(await ending).toBe(true);
  await input.write(Buffer.from('this\n'));
  await output.waitFor('then this');
}, 60_000);

// Leases, viewers, watchers

test('tail --follow through 5 upgrades prints exactly what the program wrote', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const tail = daemon.home.startCli(['tail', flood.id, '--follow']);
  await openWhenFollowed(gate, daemon, flood.id);
  for (let round = 0; round < 5; round += 1) {
    await tail.stdout.untilLength(tail.stdout.length + 500_000);
    await upgrade(daemon);
  }
  await tail.stdout.untilLength(tail.stdout.length + 500_000);
  tail.kill('SIGKILL');
  const { stdout, stderr } = await tail.result();
  expect(stderr).toBe('');
  expect(firstDifference(stdout, 0)).toBe(-1);
}, 60_000);

test("a stopped tail's lease runs down although upgrade follows upgrade", async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const tail = daemon.home.startCli(['tail', flood.id, '--follow', '--lease', '3']);
  await openWhenFollowed(gate, daemon, flood.id);
  await tail.stdout.untilLength(200_000);
  await stopProcess(tail.pid);
  const client = await daemon.client();
  await eventually(
    'the program is held',
    async () => (await client.request('status', {})).holders.length > 0,
  );
  const { offset } = await daemon.get(flood);
  let upgrades = 0;
  const isHeld = async () => (await daemon.get(flood)).offset < offset + 4 * MEBIBYTE;
  const started = performance.now();
  while (await isHeld()) {
    await upgrade(daemon);
    upgrades += 1;
    expect(performance.now() - started).toBeLessThan(30_000);
  }
  expect(upgrades).toBeGreaterThan(1);
  process.kill(tail.pid, 'SIGCONT');
  await tail.stderr.waitFor(/gap: bytes/);
  tail.kill('SIGKILL');
}, 60_000);

test('a lease whose subscriber has gone survives upgrades, and who comes back misses nothing', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const tail = daemon.home.startCli(['tail', flood.id, '--follow', '--lease', '60']);
  await openWhenFollowed(gate, daemon, flood.id);
  await tail.stdout.untilLength(200_000);
  tail.kill('SIGKILL');
  const { stdout } = await tail.result();
  const client = await daemon.client();
  const orphan = { session: flood.id, by: 'lease', clientPid: null };
  const holders = async () => (await client.request('status', {})).holders;
  const [before] = await eventually('the program is held', async () => {
    const held = await holders();
    return held[0]?.clientPid === null ? held : undefined;
  });
  for (let round = 0; round < 3; round += 1) await upgrade(daemon);
  expect(await holders()).toEqual([{ ...orphan, limit: before?.limit }]);
  const again = daemon.home.startCli(['tail', flood.id, '--follow', '--from', String(stdout.length)]);
  await again.stdout.untilLength(3 * MEBIBYTE);
  again.kill('SIGKILL');
  const rest = await again.result();
  expect(rest.stderr).toBe('');
  expect(firstDifference(rest.stdout, stdout.length)).toBe(-1);
}, 60_000);

test('who leads, whose size counts and who only looks on is the same after an upgrade', async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.open('report-winch.py');
  const program = await daemon.record(id);
  await program.waitFor('size 80x24;');
  const view = async (cols: number, readOnly = false) => {
    const client = await daemon.connect();
    const options = { mode: 'viewer', viewport: { cols, rows: 30 }, readOnly } as const;
    return { client, recording: await Recording.begin(client, id, options) };
  };
  const onlooker = await view(50, true);
  const first = await view(100);
  const second = await view(60);
  await program.waitFor('size 100x30;');
  await upgrade(daemon);
  expect([onlooker, first, second].map(({ recording }) => recording.subscription.leading)).toEqual([
    false,
    true,
    false,
  ]);
  second.recording.subscription.setViewport({ cols: 61, rows: 30 });
  onlooker.recording.subscription.setViewport({ cols: 51, rows: 30 });
  first.recording.subscription.setViewport({ cols: 101, rows: 30 });
  await program.waitFor('size 101x30;');
  await upgrade(daemon);
  const input = await second.client.openInput(id);
  await input.write(Buffer.from('x'));
  await program.waitFor('size 61x30;');
  await eventually('who leads is told', () => second.recording.subscription.leading);
  await upgrade(daemon);
  second.client.close();
  await program.waitFor(/size 61x30;[^]*size 101x30;/);
  first.client.close();
  await eventually('two clients are left', async () => (await daemon.get(id)).clients === 2);
  expect(program.text).not.toMatch(/size (50|51|60)x30;/);
  expect(onlooker.recording.leading).toEqual([]);
}, 60_000);

test('a watcher hears of what happens after upgrades, and forgets nothing it was told', async () => {
  await using daemon = await startDaemon();
  const told = new Map<string, Session>();
  let lists = 0;
  const client = await daemon.connect();
  await client.watch({
    onSessions: (sessions) => {
      lists += 1;
      for (const session of sessions) told.set(session.id, session);
    },
    onSession: (session) => told.set(session.id, session),
    onForgotten: (id) => told.delete(id),
  });
  const before = await daemon.openCommand(['/bin/cat']);
  await upgrade(daemon);
  await upgrade(daemon);
  const after = await daemon.openCommand(['/bin/sh', '-c', 'exit 3']);
  await eventually('the exit is told', () => told.get(after.id)?.exit);
  const asked = await daemon.client();
  await asked.request('rename', { session: before.id, name: 'renamed' });
  await eventually('the name is told', () => told.get(before.id)?.name === 'renamed');
  await upgrade(daemon);
  await asked.request('forget', { session: after.id });
  await eventually('that it is forgotten is told', () => !told.has(after.id));
  expect([...told.keys()]).toEqual([before.id]);
  expect(lists).toBe(1);
}, 60_000);

test('a history that was asked for in memory goes from daemon to daemon', async () => {
  await using daemon = await startDaemon();
  await keepsHistory(daemon);
}, 60_000);

test.skipIf(!SmallDisk.isPossible())(
  'a history for which the disk had no room goes from daemon to daemon, its warning with it (needs to mount)',
  async () => {
    await using home = new TestHome();
    using disk = new SmallDisk(home.paths.stateDir, 1024 * 1024);
    await using daemon = await startDaemon({ home });
    disk.fill();
    const session = await keepsHistory(daemon);
    expect(session.warnings.join()).toMatch(/history is kept in memory/);
  },
  60_000,
);

/** Upgrades a daemon with a session whose history is in memory, and expects all of it afterwards. */
async function keepsHistory(daemon: TestDaemon): Promise<Session> {
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [20_000], { historyIn: 'memory' });
  const script = `echo begin; read none <${gate.path}; echo end`;
  const running = await daemon.openCommand(['/bin/sh', '-c', script], { historyIn: 'memory' });
  await daemon.record(flood).then((output) => output.exited());
  await daemon.record(running).then((output) => output.waitFor('begin'));
  const fds = [];
  for (let round = 0; round < 3; round += 1) fds.push(await settledFdCount((await upgrade(daemon)).to.pid));
  expect(fds.at(-1)).toBeLessThanOrEqual(fds[0] ?? 0);
  const whole = await daemon.record(flood);
  await whole.exited();
  expect(whole.bytes).toHaveLength(320_000);
  expect(firstDifference(whole.bytes, 0)).toBe(-1);
  const output = await daemon.record(running);
  await gate.open();
  await output.exited();
  expect(output.text).toBe('begin\r\nend\r\n');
  expect(await daemon.get(running)).toMatchObject({ historyIn: 'memory', exit: { code: 0 } });
  return daemon.get(running);
}

// Sessions

test('a session that exited before upgrades stays listed, with its status and its history', async () => {
  await using daemon = await startDaemon();
  const one = await daemon.openCommand(['/bin/sh', '-c', 'echo one; exit 5'], { name: 'one' });
  const other = await daemon.openCommand(['/bin/sh', '-c', 'echo other; kill -USR1 $$'], { name: 'other' });
  const client = await daemon.client();
  for (const { id } of [one, other]) await client.request('wait', { session: id });
  const before = (await client.request('list', {})).sessions;
  for (let round = 0; round < 3; round += 1) expect((await upgrade(daemon)).sessions).toBe(0);
  expect((await client.request('list', {})).sessions).toEqual(before);
  expect(before.map(({ exit }) => exit)).toEqual([{ code: 5 }, { signal: 'SIGUSR1' }]);
  const output = await daemon.record('other');
  await output.exited();
  expect(output.text).toBe('other\r\n');
  await client.request('forget', { session: 'one' });
  await upgrade(daemon);
  expect((await client.request('list', {})).sessions.map(({ name }) => name)).toEqual(['other']);
}, 60_000);

test('without pidfds the end of an adopted program is noticed, and its status is lost, not invented', async () => {
  await using daemon = await startDaemon({ args: ['--no-pidfd'] });
  const gate = daemon.home.gate();
  const adopted = await daemon.openCommand(['/bin/sh', '-c', `read none <${gate.path}; echo bye; exit 7`]);
  const killed = await daemon.openCommand(['/bin/sleep', '1000']);
  const output = await daemon.record(adopted);
  const client = await daemon.client();
  await upgrade(daemon);
  await upgrade(daemon);
  await gate.open();
  expect((await output.exited()).exit).toEqual({ lost: true });
  expect(output.text).toBe('bye\r\n');
  const { session } = await client.request('kill', { session: killed.id }, { timeoutMs: null });
  expect(session.exit).toEqual({ lost: true });
  await untilEnded(killed.pid);
  const own = await daemon.openCommand(['/bin/sh', '-c', 'exit 7']);
  expect((await client.request('wait', { session: own.id })).session.exit).toEqual({ code: 7 });
}, 60_000);

test('vim runs through upgrades and redraws on resize; programs have no descriptor of another session', async (context) => {
  if (process.env['HOLDFAST_MISSING_PROGRAMS']?.split(',').includes('vim')) context.skip('needs vim');
  await using daemon = await startDaemon();
  const client = await daemon.client();
  const vim = await daemon.openCommand(['vim', '-u', 'NONE', '-i', 'NONE', '-n'], { name: 'vim' });
  const screen = await daemon.record(vim);
  const input = await client.openInput(vim.id);
  await input.write(Buffer.from('ihello from before\u001b'));
  await screen.waitFor('hello from before');
  const shells: Session[] = [];
  for (let round = 0; round < 5; round += 1) {
    await upgrade(daemon);
    const { length } = screen.output;
    const rows = 30 + round;
    await client.request('resize', { session: vim.id, cols: 100, rows });
    await eventually(`vim redraws for ${rows} rows`, () =>
      screen.text.slice(length).includes('hello from before'),
    );
    shells.push(await daemon.openCommand(['/bin/sh', '-c', 'read none; exit 4']));
  }
  const status = await client.request('status', {});
  expect(mastersOf(status.daemon.pid)).toBe(shells.length + 1);
  for (const session of [vim, ...shells]) {
    expect((await daemon.get(session)).pid).toBe(session.pid);
    expect(new Set(targetsOf(session.pid))).toEqual(new Set([await terminalOf(session.pid)]));
  }
  await input.write(Buffer.from(':cquit 9\r'));
  expect((await client.request('wait', { session: vim.id })).session.exit).toEqual({ code: 9 });
}, 60_000);

/** Device of the program's controlling terminal, by its number. */
async function terminalOf(pid: number): Promise<string> {
  const number = (await processEntry(pid))?.terminal ?? 0;
  return `/dev/pts/${(number & 0xff) | ((number >> 12) & 0xfff00)}`;
}

/** Lets the flood begin once somebody follows it. */
async function openWhenFollowed(gate: Gate, daemon: TestDaemon, session: string): Promise<void> {
  await eventually('a follower', async () => (await daemon.get(session)).clients > 0);
  await gate.open();
}

/** A raw subscriber to the flood that checks each byte by its offset, and may read slowly. */
class Reader implements Disposable {
  readonly client: RawClient;
  /** Bytes that came. */
  length = 0;
  /** Where the next one belongs. */
  offset = 0;
  /** Times that bytes were left out and this was told. */
  gaps = 0;
  readonly faults: string[] = [];

  static async subscribe(
    socketPath: string,
    session: Session,
    options: object,
    bytesPerSecond?: number,
  ): Promise<Reader> {
    const client = await RawClient.connect(socketPath);
    await client.hello();
    const reader = new Reader(client, bytesPerSecond);
    await client.request({ id: 1, type: 'subscribe', session: session.id, channel: 1, from: 0, ...options });
    return reader;
  }

  private constructor(client: RawClient, bytesPerSecond: number | undefined) {
    this.client = client;
    const frames = new FrameReader(
      {
        control: (json) => this.#event(JSON.parse(json)),
        data: (_type, _channel, offset, bytes) => this.#output(offset, bytes),
        ack: () => undefined,
      },
      { accepts: [FRAME.CONTROL, FRAME.OUTPUT, FRAME.INPUT_ACK] },
    );
    const { socket } = client;
    socket.on('data', (chunk) => {
      frames.push(chunk);
      client.send(encodeAck({ type: FRAME.OUTPUT_ACK, channel: 1, offset: this.offset }));
      if (bytesPerSecond === undefined) return;
      socket.pause();
      // Its pace is what the test is about.
      setTimeout(() => socket.resume(), (chunk.length * 1000) / bytesPerSecond);
    });
  }

  #output(offset: number, bytes: Uint8Array): void {
    if (offset !== this.offset) this.faults.push(`bytes at ${offset}, not ${this.offset}`);
    const difference = firstDifference(bytes, offset);
    if (difference !== -1) this.faults.push(`a wrong byte at ${offset + difference}`);
    this.length += bytes.length;
    this.offset = offset + bytes.length;
  }

  #event(message: { event?: string; from?: number; to?: number; offset?: number }): void {
    if (message.event !== 'gap' && message.event !== 'resync') return;
    const from = message.from ?? this.offset;
    const to = message.to ?? message.offset ?? Number.NaN;
    if (from !== this.offset || !(to > from)) this.faults.push(`a gap at ${from}, not ${this.offset}`);
    this.gaps += 1;
    this.offset = to;
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
  }
}

/**
 * Types so many bytes, or as many as the terminal takes; resolves with how many that was. The pieces fill the kernel's buffers
 * to the last byte, as larger ones would not.
 */
async function typeUpTo(input: Input, byteCount: number): Promise<number> {
  const piece = Buffer.from('fifteen letters\n'.repeat(16));
  let given = 0;
  const type = async () => {
    while (given < byteCount) {
      const bytes = piece.subarray(0, byteCount - given);
      given += bytes.length;
      await input.write(bytes);
    }
  };
  type().catch(() => undefined);
  return settled(() => given - input.bufferedBytes);
}
