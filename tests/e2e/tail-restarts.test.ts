import {
  eventually,
  firstDifference,
  type Gate,
  LINE_BYTES,
  startDaemon,
  stopProcess,
  type TestDaemon,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';

const RESTARTS = 50;
const MEBIBYTE = 1024 * 1024;

test('tail --follow, killed and restarted at its last offset 50 times under flood, misses and repeats nothing', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  let offset = 0;
  for (let restart = 0; restart < RESTARTS; restart += 1) {
    const tail = daemon.home.startCli(['tail', flood.id, '--follow', '--from', String(offset)]);
    if (restart === 0) await openWhenFollowed(gate, daemon, flood.id);
    // Odd amounts, so that it is killed anywhere.
    await tail.stdout.untilLength(1 + ((restart * 77_777) % 300_000));
    tail.kill('SIGKILL');
    const { stdout, stderr } = await tail.result();
    expect(stderr).toBe('');
    expect(firstDifference(stdout, offset)).toBe(-1);
    offset += stdout.length;
  }
  expect(offset).toBeGreaterThan(RESTARTS * 100_000);
}, 120_000);

test('a tail that comes back after its lease gets its gap reported, and the program had gone on', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const first = daemon.home.startCli(['tail', flood.id, '--follow', '--lease', '1']);
  await openWhenFollowed(gate, daemon, flood.id);
  await first.stdout.untilLength(200_000);
  first.kill('SIGKILL');
  const { stdout } = await first.result();
  const goneOn = stdout.length + 8 * MEBIBYTE;
  await eventually('the program goes on', async () => (await daemon.get(flood)).offset > goneOn);

  const second = daemon.home.startCli(['tail', flood.id, '--follow', '--from', String(stdout.length)]);
  await second.stdout.untilLength(200_000);
  second.kill('SIGKILL');
  const { stdout: rest, stderr } = await second.result();
  const gap = /^holdfast: gap: bytes (\d+)–(\d+) are not available .*\n$/.exec(stderr);
  expect(gap?.[1]).toBe(String(stdout.length));
  const goesOnAt = Number(gap?.[2]) + 1;
  expect(goesOnAt).toBeGreaterThan(stdout.length + 6 * MEBIBYTE);
  expect(firstDifference(rest, goesOnAt)).toBe(-1);
}, 60_000);

test('a tail that is stopped holds the program for its lease, and hears of the gap when it goes on', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const tail = daemon.home.startCli(['tail', flood.id, '--follow', '--lease', '1']);
  await openWhenFollowed(gate, daemon, flood.id);
  await tail.stdout.untilLength(200_000);
  await stopProcess(tail.pid);
  const stoppedAt = (await daemon.get(flood)).offset;
  const started = performance.now();
  await eventually(
    'the program goes on',
    async () => (await daemon.get(flood)).offset > stoppedAt + 2 * MEBIBYTE,
  );
  // Less than the lease that it would have by default.
  expect(performance.now() - started).toBeLessThan(4_500);
  process.kill(tail.pid, 'SIGCONT');
  await tail.stderr.waitFor(/gap: bytes/);
  const { length } = tail.stdout;
  await tail.stdout.untilLength(length + 200_000);
  tail.kill('SIGKILL');
  const { stdout, stderr } = await tail.result();
  expect(joined(stdout, stderr)).toBe(true);
}, 60_000);

test('a tail that is stopped by Ctrl-Z and continued within its lease misses nothing', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const tail = daemon.home.startCli(['tail', flood.id, '--follow', '--lease', '30']);
  await openWhenFollowed(gate, daemon, flood.id);
  await tail.stdout.untilLength(100_000);
  process.kill(tail.pid, 'SIGTSTP');
  const held = await eventually('the program is held back', async () => {
    const { holders } = await (await daemon.client()).request('status', {});
    return holders.length > 0 ? await daemon.get(flood) : undefined;
  });
  process.kill(tail.pid, 'SIGCONT');
  await tail.stdout.untilLength(held.offset + 100_000);
  tail.kill('SIGKILL');
  const { stdout, stderr } = await tail.result();
  expect(stderr).toBe('');
  expect(firstDifference(stdout, 0)).toBe(-1);
}, 60_000);

test('a reader that takes nothing from tail holds the program for the lease only', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const tail = daemon.home.startCli(['tail', flood.id, '--follow', '--lease', '1']);
  await openWhenFollowed(gate, daemon, flood.id);
  await tail.stdout.untilLength(1);
  tail.child.stdout?.pause();
  await eventually(
    'the program goes on',
    async () => (await daemon.get(flood)).offset > 16 * MEBIBYTE,
    20_000,
  );
  tail.child.stdout?.resume();
  await tail.stderr.waitFor(/gap: bytes/);
  tail.kill('SIGKILL');
  const { stdout, stderr } = await tail.result();
  expect(joined(stdout, stderr)).toBe(true);
}, 60_000);

test('a lease outlives the crash of a reader but not the goodbye of one', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const client = await daemon.client();
  const isHeld = async () => (await client.request('status', {})).holders.length > 0;
  const head = await runHead(gate, daemon, flood.id);
  expect(head).toBe(numbered(0));
  // `head` closed the pipe: tail ends, lets go, and the program runs on at once.
  const { offset } = await daemon.get(flood);
  await eventually(
    'the program goes on',
    async () => (await daemon.get(flood)).offset > offset + 2 * MEBIBYTE,
    1_000,
  );
  expect(await isHeld()).toBe(false);
}, 30_000);

test('tail without --follow ends at the end as it was when it began', async () => {
  await using daemon = await startDaemon();
  const flood = await daemon.open('flood.py');
  await eventually('some output', async () => (await daemon.get(flood)).offset > 3 * MEBIBYTE);
  const { code, stdout, stderr } = await daemon.cli(['tail', flood.id]);
  expect(code).toBe(0);
  const gap = /bytes \d+–(\d+) are/.exec(stderr);
  if (gap) expect(joined(stdout, stderr)).toBe(true);
  const { offset } = await daemon.get(flood);
  expect(stdout.length).toBeLessThanOrEqual(offset);
}, 30_000);

/** Lets the flood begin once somebody follows it. */
async function openWhenFollowed(gate: Gate, daemon: TestDaemon, session: string): Promise<void> {
  await eventually('a follower', async () => (await daemon.get(session)).clients > 0);
  await gate.open();
}

async function runHead(gate: Gate, daemon: TestDaemon, session: string): Promise<string> {
  const { bin } = daemon.home.installation;
  const shell = daemon.home.terminalWith([
    '/bin/sh',
    '-c',
    `${bin} tail ${session} --follow | head -c ${LINE_BYTES}; echo end`,
  ]);
  await openWhenFollowed(gate, daemon, session);
  const [, line] = await shell.waitFor(/(.*)\r?\nend/);
  await shell.ended();
  return line ?? '';
}

function numbered(line: number): string {
  return String(line).padStart(LINE_BYTES - 1, '0');
}

/** Whether pieces of the flood, with the gaps told on stderr between them, are each what the program wrote. */
function joined(stdout: Buffer, stderr: string): boolean {
  const gaps = [...stderr.matchAll(/gap: bytes (\d+)–(\d+) are/g)].map(([, from, to]) => [
    Number(from),
    Number(to) + 1,
  ]);
  let at = 0;
  let offset = 0;
  for (const [from = 0, to = 0] of [...gaps, [Number.POSITIVE_INFINITY, 0]]) {
    const length = Math.min(from - offset, stdout.length - at);
    if (firstDifference(stdout.subarray(at, at + length), offset) !== -1) return false;
    at += length;
    offset = to;
  }
  return at === stdout.length;
}
