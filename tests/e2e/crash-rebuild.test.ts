import fs from 'node:fs';
import path from 'node:path';
import type { HoldfastError, Session } from '@holdfast/protocol';
import {
  eventually,
  isAlive,
  missingAtCrashes,
  passTime,
  processState,
  program,
  settled,
  sha256,
  startDaemon,
  type TestDaemon,
  TestHome,
  untilEnded,
} from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { pretendInFlight } from './support/in-flight.ts';
import { StandInKeeper } from './support/stand-in-keeper.ts';

const MEBIBYTE = 1024 * 1024;
const AT_RISK_BYTES = 4_095;

test('a daemon that is given everything back goes on: same programs, waiting connects, one mark for each kill', async () => {
  await using keeper = new StandInKeeper();
  await keeper.start();
  const gate = keeper.home.gate();
  const flood = await keeper.open('flood.py', [gate.path]);
  const output = await keeper.record(flood);
  const tail = keeper.home.startCli(['tail', '--follow', '--from', 'start', flood.id]);
  await gate.open();
  await tail.stdout.untilLength(1);
  for (let kill = 1; kill <= 2; kill += 1) {
    await output.output.untilLength(output.output.length + MEBIBYTE);
    await keeper.crash();
    const early = keeper.connect(false);
    expect(await keeper.start()).toMatchObject({ ready: true });
    const { session } = await (await early).request('get', { session: flood.id });
    expect(session).toMatchObject({ pid: flood.pid, state: 'running', exit: null, warnings: [] });
    await eventually('it was told of the crash', () => output.gaps.length === kill);
  }
  await output.output.untilLength(output.output.length + MEBIBYTE);
  for (const { from, to, reason } of output.gaps)
    expect({ reason, bytes: to - from }).toEqual({ reason: 'crash', bytes: AT_RISK_BYTES });
  const missing = missingAtCrashes(
    output.bytes,
    output.gaps.map(({ from }) => from),
  );
  for (const bytes of missing) {
    expect(bytes).toBeGreaterThanOrEqual(0);
    expect(bytes).toBeLessThanOrEqual(AT_RISK_BYTES);
  }
  await tail.stdout.untilLength(output.gaps[1]?.from ?? 0);
  await tail.stderr.waitFor(/(.*crashed.*\n){2}/);
  tail.kill('SIGINT');
  const { stderr } = await tail.result();
  expect(stderr.trim().split('\n')).toEqual(
    output.gaps.map(
      ({ from }) => `holdfast: gap: at byte ${from}, up to 4095 bytes may be missing (the daemon crashed)`,
    ),
  );
}, 60_000);

test('a session that anybody was told of outlives its daemon, though that is killed in the same moment', async () => {
  await using keeper = new StandInKeeper();
  await keeper.start();
  const opened: Session[] = [];
  for (let kill = 0; kill < 5; kill += 1) {
    opened.push(await keeper.openCommand(['/bin/cat']));
    await keeper.restart();
  }
  for (const { id, pid } of opened) expect(await keeper.get(id)).toMatchObject({ pid, state: 'running' });
});

test('two crashes at the same offset are two, for who was there, for who comes after, and not for who begins behind them', async () => {
  await using keeper = new StandInKeeper();
  await keeper.start();
  const cat = await keeper.openCommand(['/bin/cat']);
  const there = await keeper.record(cat);
  for (let kill = 1; kill <= 2; kill += 1) {
    await keeper.restart();
    await eventually('it was told of the crash', () => there.gaps.length === kill);
  }
  const later = await keeper.record(cat);
  await eventually('it was told of both', () => later.gaps.length === 2);
  const behind = await (await keeper.connect()).subscribe(cat.id, {
    from: 'now',
    mode: 'exact',
    onData: () => undefined,
    onGap: () => expect.unreachable(),
  });
  const input = await (await keeper.connect()).openInput(cat.id);
  await input.write(Buffer.from('x\n'));
  await later.waitFor('x\r\n');
  await eventually('the new one has it, too', () => behind.offset >= 'x\r\n'.length);
  expect([there.gaps.length, later.gaps.length]).toEqual([2, 2]);
});

test('input that was being typed when the daemon was killed is reported and never typed again; the rest is typed once', async () => {
  await using keeper = new StandInKeeper();
  await keeper.start();
  const SLICES = 400;
  const SLICE_BYTES = 500;
  const IN_FLIGHT_BYTES = 1_000;
  const typed = Buffer.from(Array.from({ length: SLICES * SLICE_BYTES }, (_, index) => (index * 7) & 255));
  const echo = await keeper.open('raw-echo.py', [typed.length - IN_FLIGHT_BYTES]);
  const output = await keeper.record(echo);
  await output.waitFor('ready');
  process.kill(echo.pid, 'SIGSTOP');
  const input = await (await keeper.connect()).openInput(echo.id);
  const fates = Array.from({ length: SLICES }, (_, slice) =>
    input.write(typed.subarray(slice * SLICE_BYTES, (slice + 1) * SLICE_BYTES)).then(
      () => 'done',
      (error: HoldfastError) => error.code,
    ),
  );
  await eventually('the terminal is full', () => input.bufferedBytes < typed.length);
  const done = await settled(() => input.bufferedBytes).then((left) => typed.length - left);
  await keeper.crash();
  pretendInFlight(keeper.home, echo.id, { offset: done, length: IN_FLIGHT_BYTES });
  await keeper.start();
  process.kill(echo.pid, 'SIGCONT');
  await output.exited();
  const expected = Buffer.concat([typed.subarray(0, done), typed.subarray(done + IN_FLIGHT_BYTES)]);
  expect(sha256(output.bytes.subarray('ready'.length))).toBe(sha256(expected));
  const inDoubt = (slice: number) =>
    slice * SLICE_BYTES < done + IN_FLIGHT_BYTES && (slice + 1) * SLICE_BYTES > done;
  expect(await Promise.all(fates)).toEqual(
    Array.from({ length: SLICES }, (_, slice) => (inDoubt(slice) ? 'E_INPUT_UNKNOWN' : 'done')),
  );
});

test('what was being typed is in doubt also if the program has ended before anybody can be asked', async () => {
  await using scratch = new TestHome();
  const points = path.join(scratch.scratch('points'), 'points.json');
  fs.writeFileSync(points, JSON.stringify({ 'daemon.typed': 'kill' }));
  await using keeper = new StandInKeeper({ env: { HOLDFAST_TEST_POINTS: points } });
  await keeper.start();
  const { id, pid } = await keeper.openCommand(['/bin/sh', '-c', 'read line; exit 7']);
  const input = await (await keeper.connect()).openInput(id);
  const typed = input.write(Buffer.from('typed\n')).catch((error: unknown) => error);
  await untilEnded(pid);
  fs.writeFileSync(points, '{}');
  await keeper.restart();
  expect(await typed).toMatchObject({ code: 'E_INPUT_UNKNOWN' });
  await expect(input.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'E_EXITED' });
});

test('a lease that stood in the session’s state holds the program back for its subscriber, who comes back in time', async () => {
  await using keeper = new StandInKeeper();
  await keeper.start();
  const gate = keeper.home.gate();
  const flood = await keeper.open('flood.py', [gate.path], { historyBytes: 65_536 });
  const client = await keeper.connect(false);
  await client.subscribe(flood.id, {
    from: 'start',
    mode: 'exact',
    leaseMs: 60_000,
    onData: () => undefined,
  });
  await eventually('its lease is in the state', () => stateOf(keeper, flood.id).includes('"leaseMs":60000'));
  await keeper.crash();
  await gate.open();
  await keeper.start();
  // Long enough for the flood to lap the history many times.
  await settled(async () => (await keeper.get(flood.id)).offset);
  expect((await keeper.get(flood.id)).historyStart).toBe(0);
  const output = await keeper.record(flood);
  await output.output.untilLength(MEBIBYTE);
  expect(output.gaps.map(({ reason }) => reason)).toEqual(['crash']);
});

describe.each([
  { how: 'by pidfd', args: [] },
  { how: 'without pidfds', args: ['--no-pidfd'] },
])('told $how', ({ args }) => {
  test('what a program wrote, and how it ended, while no daemon lived, is known', async () => {
    await using keeper = new StandInKeeper({ args });
    await keeper.start();
    const gate = keeper.home.gate();
    const session = await keeper.open('flood.py', [10, gate.path]);
    const output = await keeper.record(session);
    await keeper.crash();
    await gate.open();
    await untilEnded(session.pid);
    keeper.exits.set(session.pid, { code: 7 });
    await keeper.start();
    expect(await output.exited()).toEqual({ exit: { code: 7 }, offset: 160 });
    await eventually('nothing is held for it any more', () => !keeper.held.has(`session/${session.id}`));
    await eventually('its status was taken', () => keeper.exits.size === 0);
  });

  test('a program that goes on and ends later has the status that the keeper tells, or by the pidfd', async () => {
    await using keeper = new StandInKeeper({ args });
    await keeper.start();
    const gate = keeper.home.gate();
    const session = await keeper.open('flood.py', [10, gate.path]);
    await keeper.restart();
    const output = await keeper.record(session);
    await gate.open();
    await eventually('somebody has reaped it', () => processState(session.pid) === undefined);
    // The daemon notices by itself within 500 ms, and waits for the keeper's word.
    await passTime(700);
    keeper.tell({ type: 'exited', pid: session.pid, status: { code: 0 } });
    expect(await output.exited()).toEqual({ exit: { code: 0 }, offset: 160 });
    await eventually('its status was taken', () => keeper.heard.some(({ type }) => type === 'taken'));
  });

  test('of one that ended unseen nobody makes up a status', async () => {
    await using keeper = new StandInKeeper({ args });
    await keeper.start();
    const session = await keeper.openCommand(['/bin/cat']);
    await keeper.crash();
    process.kill(session.pid, 'SIGKILL');
    await untilEnded(session.pid);
    await keeper.start();
    const { exit } = await (await keeper.record(session)).exited();
    // Somebody may reap it so late that its pidfd could be opened before.
    expect([{ lost: true }, { signal: 'SIGKILL' }]).toContainEqual(exit);
  });
});

test('a session that was being killed is killed by the next daemon, whoever of it is left', async () => {
  await using keeper = new StandInKeeper();
  await keeper.start();
  // Its leader ends by the hang-up; the others ignore it.
  const session = await keeper.openCommand([
    '/bin/sh',
    '-c',
    '"$@" & wait',
    'sh',
    ...program('fork-tree.py'),
  ]);
  const [, pids = ''] = await (await keeper.record(session)).waitFor(/pids ([\d ]+) end/);
  const family = pids.split(' ').map(Number);
  await beginKill(keeper, session);
  await keeper.crash();
  expect(family.every(isAlive)).toBe(true);
  await keeper.start();
  for (const pid of family) await untilEnded(pid);
  await eventually('it is over', async () => (await keeper.get(session.id)).state === 'exited');
  await eventually('nothing is left to do', () => !stateOf(keeper, session.id).includes('"kill"'));
});

test('where nobody kept anything, it is said that the end of a session was not seen', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.open('ignore-hangup.py');
  await (await daemon.record(session)).waitFor('ready');
  await beginKill(daemon, session);
  await daemon.crash();
  expect(isAlive(session.pid)).toBe(true);
  await using next = await startDaemon({ home: daemon.home });
  expect(await next.get(session)).toMatchObject({
    exit: { lost: true },
    warnings: [expect.stringContaining('it was being killed when its daemon ended')],
  });
  process.kill(session.pid, 'SIGKILL');
  await untilEnded(session.pid);
});

/** More than a socket takes that nobody reads: Linux counts some 770 bytes of its 208 KiB for each. */
const SOCKET_MESSAGES = 320;

test('a program whose terminal nobody had a copy of is lost with its daemon, and no status is made up', async () => {
  await using keeper = new StandInKeeper();
  await keeper.start();
  await eventually('the home is held', () => keeper.held.size === 2);
  keeper.listens = false;
  let session = await keeper.openCommand(['/bin/cat'], { historyBytes: 65_536 });
  for (let opened = 1; opened < SOCKET_MESSAGES; opened += 1)
    session = await keeper.openCommand(['/bin/cat'], { historyBytes: 65_536 });
  expect((await keeper.get(session.id)).unescrowed).toBe(true);
  await keeper.crash();
  await untilEnded(session.pid);
  keeper.listens = true;
  await keeper.start();
  expect(await keeper.get(session.id)).toMatchObject({ state: 'exited', exit: { lost: true } });
}, 60_000);

test('a session that was recorded as lost by somebody who did not have its master goes on', async () => {
  await using keeper = new StandInKeeper();
  await keeper.start();
  const [session, gone] = [await keeper.openCommand(['/bin/cat']), await keeper.openCommand(['/bin/cat'])];
  await type(keeper, session.id, 'before\n');
  await keeper.crash();
  process.kill(gone.pid, 'SIGKILL');
  await eventually('somebody has reaped it', () => processState(gone.pid) === undefined);
  const end = { exit: { lost: true }, exitedAt: new Date().toISOString() };
  for (const { id } of [session, gone])
    fs.writeFileSync(
      fileOf(keeper, id, 'state.json'),
      JSON.stringify({ ...JSON.parse(stateOf(keeper, id)), ...end }),
    );
  await keeper.start();
  expect(await keeper.get(session.id)).toMatchObject({ pid: session.pid, state: 'running', exit: null });
  await type(keeper, session.id, 'after\n');
  expect(await keeper.get(gone.id)).toMatchObject({ state: 'exited', exit: { lost: true } });
});

describe('torn files', () => {
  test('a living session whose state can’t be read goes on under its id, with its output', async () => {
    await using keeper = new StandInKeeper();
    await keeper.start();
    const session = await keeper.openCommand(['/bin/cat'], { name: 'mine', cols: 101, rows: 33 });
    await type(keeper, session.id, 'before\n');
    await keeper.crash();
    fs.writeFileSync(fileOf(keeper, session.id, 'state.json'), '{"schema":1,"id":"');
    await keeper.start();
    expect(await keeper.get(session.id)).toMatchObject({
      id: session.id,
      name: session.id,
      pid: session.pid,
      state: 'running',
      command: ['/bin/cat'],
      cwd: '/',
      cols: 101,
      rows: 33,
      offset: 'before\r\nbefore\r\n'.length,
      warnings: [expect.stringContaining('its name and its beginning are lost')],
    });
    await type(keeper, session.id, 'after\n');
    const output = await keeper.record(session);
    await output.waitFor('before\r\nbefore\r\nafter\r\nafter\r\n');
  });

  test.each(['ring', 'ledger', 'marks', 'ledger and marks'])(
    'a living session whose %s is damaged goes on with a new history, at no offset that there was before; the old one is kept',
    async (names) => {
      await using keeper = new StandInKeeper();
      await keeper.start();
      const session = await keeper.openCommand(['/bin/cat']);
      const there = await keeper.record(session);
      await type(keeper, session.id, 'before\n');
      await there.waitFor('before\r\nbefore\r\n');
      const end = there.bytes.length;
      await keeper.crash();
      for (const name of names.split(' and ')) {
        const file = fileOf(keeper, session.id, name);
        if (name === 'ring') fs.truncateSync(file, 5_000);
        else fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size, 0x5a));
      }
      await keeper.start();
      const { offset, historyStart, ...anew } = await keeper.get(session.id);
      expect(anew).toMatchObject({
        pid: session.pid,
        state: 'running',
        warnings: [expect.stringContaining(`its history begins anew, at ${offset}`)],
      });
      expect(historyStart).toBe(offset);
      // The ledger tells exactly; without it nobody can.
      if (names.startsWith('ledger')) expect(offset).toBeGreaterThan(end + 2 ** 40);
      else expect(offset).toBe(end);
      await type(keeper, session.id, 'after\n');
      await there.waitFor('before\r\nbefore\r\nafter\r\nafter\r\n');
      const gaps = there.gaps.map(({ from, to, reason }) => ({ from, to, reason }));
      expect(gaps.filter(({ reason }) => reason === 'evicted')).toEqual(
        offset > end ? [{ from: end, to: offset, reason: 'evicted' }] : [],
      );
      expect(gaps.some(({ reason }) => reason === 'crash')).toBe(true);
      await (await keeper.record(session)).waitFor(/^after\r\nafter\r\n$/);
      const aside = path.join(keeper.home.paths.stateDir, 'set-aside');
      const [folder = ''] = fs.readdirSync(aside);
      expect(fs.readdirSync(path.join(aside, folder)).toSorted()).toEqual([
        'ledger',
        'marks',
        'ring',
        'times',
      ]);
      // It is whole again, and so is what follows a further crash.
      await keeper.restart();
      expect(await keeper.get(session.id)).toMatchObject({
        offset: offset + 'after\r\nafter\r\n'.length,
        historyStart: offset,
      });
    },
  );

  test('a session that was being opened when the daemon was killed is ended: nobody was told of it', async () => {
    await using keeper = new StandInKeeper();
    await keeper.start();
    const session = await keeper.openCommand(['/bin/cat']);
    await keeper.crash();
    fs.rmSync(fileOf(keeper, session.id, 'state.json'));
    await keeper.start();
    await expect(keeper.get(session.id)).rejects.toMatchObject({ code: 'E_NO_SESSION' });
    await untilEnded(session.pid);
    expect(fs.existsSync(fileOf(keeper, session.id, ''))).toBe(false);
  });

  test('a session whose rebuilding kills the daemon twice is left aside, alive and reported; the others are served', async () => {
    const points = path.join(fs.mkdtempSync('/tmp/hf-points-'), 'points.json');
    await using keeper = new StandInKeeper({ env: { HOLDFAST_TEST_POINTS: points } });
    fs.writeFileSync(points, '{}');
    await keeper.start();
    const sessions = [];
    for (let count = 0; count < 5; count += 1) sessions.push(await keeper.openCommand(['/bin/cat']));
    const [, , deadly] = sessions;
    if (!deadly) throw new Error('unreachable');
    await keeper.crash();
    fs.writeFileSync(points, JSON.stringify({ [`daemon.rebuilding ${deadly.id}`]: 'kill' }));
    expect(await keeper.start()).toBeUndefined();
    expect(await keeper.start()).toBeUndefined();
    expect(await keeper.start()).toMatchObject({ ready: true });
    const client = await keeper.connect();
    const status = await client.request('status', {});
    expect(status.sessions).toEqual({ running: 4, exited: 0 });
    expect(status.aside).toEqual([{ id: deadly.id, why: expect.stringContaining('died twice') }]);
    expect(isAlive(deadly.pid)).toBe(true);
    expect(keeper.held.has(`session/${deadly.id}`)).toBe(true);
    // It stays aside, and the next crash is one like any other.
    await keeper.restart();
    expect((await (await keeper.connect()).request('status', {})).sessions.running).toBe(4);
    fs.rmSync(path.dirname(points), { recursive: true });
  }, 60_000);
});

test('a keeper that takes nothing delays nobody; what it has no copy of is marked, until it takes it', async () => {
  await using keeper = new StandInKeeper();
  await keeper.start();
  await eventually('the home is held', () => keeper.held.size === 2);
  keeper.listens = false;
  const client = await keeper.connect();
  const marked = async () =>
    (await client.request('list', {})).sessions.filter(({ unescrowed }) => unescrowed).length;
  const started = performance.now();
  let opened = 0;
  for (; opened < SOCKET_MESSAGES; opened += 1)
    await keeper.openCommand(['/bin/cat'], { historyBytes: 65_536 });
  expect((performance.now() - started) / opened).toBeLessThan(500);
  expect(await marked()).toBe(opened);
  const last = (await client.request('list', {})).sessions.at(-1);
  if (!last) throw new Error('unreachable');
  expect(last.unescrowed).toBe(true);
  await client.request('kill', { session: last.id });
  keeper.listens = true;
  await eventually('all are held', async () => (await marked()) === 0);
  await eventually('those that run are held', () => keeper.held.size === 2 + opened - 1);
  expect(keeper.heard.some((message) => 'name' in message && message.name.endsWith(last.id))).toBe(false);
}, 60_000);

function stateOf({ home }: { home: TestHome }, id: string): string {
  return fs.readFileSync(path.join(home.paths.stateDir, 'sessions', id, 'state.json'), 'utf8');
}

/** Resolves when the session has been hung up, and that is noted; whoever ignores it has a second left. */
async function beginKill(daemon: TestDaemon | StandInKeeper, session: Session): Promise<void> {
  const client = await daemon.connect();
  client.request('kill', { session: session.id }, { timeoutMs: null }).catch(() => undefined);
  await eventually('it is hung up', () => stateOf(daemon, session.id).includes('"isHungUp":true'));
  client.close();
}

function fileOf(keeper: StandInKeeper, id: string, name: string): string {
  return path.join(keeper.home.paths.stateDir, 'sessions', id, name);
}

/** Types into a session that echoes, and waits until that was taken. */
async function type(keeper: StandInKeeper, id: string, text: string): Promise<void> {
  const client = await keeper.connect(false);
  const before = (await keeper.get(id)).offset;
  await (await client.openInput(id)).write(Buffer.from(text));
  const echoed = 2 * (text.length + 1);
  await eventually('its echo', async () => (await keeper.get(id)).offset === before + echoed);
  client.close();
}
