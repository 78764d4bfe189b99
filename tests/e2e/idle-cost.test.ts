import { readFileSync } from 'node:fs';
import {
  cpuMs,
  eventually,
  fdCount,
  passTime,
  privateBytes,
  startDaemon,
  stopProcess,
  type TestDaemon,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';

const MEASURED_MS = 1_000;
/** What an idle session costs the daemon, beside its history. */
const SESSION_BYTES = 64 * 1024;
/** So many that what the heap has not collected yet is little of each. */
const SESSIONS = 200;

test('a daemon with 20 idle sessions, viewers and followers uses no processor time', async () => {
  await using daemon = await startDaemon();
  for (let count = 0; count < 20; count += 1) {
    const session = await daemon.openCommand(['/bin/cat']);
    await daemon.record(session);
    await daemon.record(session, { mode: 'viewer' });
  }
  expect(await shareOfProcessor(daemon)).toBeLessThan(0.02);
});

test('an idle daemon is small, and so is each further session', async () => {
  await using daemon = await startDaemon();
  await daemon.client();
  expect(residentBytes(daemon.pid)).toBeLessThan(60 * 1024 * 1024);
  for (let count = 0; count < 20; count += 1) await daemon.openCommand(['/bin/cat']);
  const before = privateBytes(daemon.pid);
  for (let count = 0; count < SESSIONS; count += 1) await daemon.openCommand(['/bin/cat']);
  expect((privateBytes(daemon.pid) - before) / SESSIONS).toBeLessThan(SESSION_BYTES);
}, 120_000);

test('a program that lets go of its terminal and lives on costs nothing, and gets its input when it comes back', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.open('close-terminal.py');
  const recording = await daemon.record(session);
  await recording.waitFor('closing');
  const input = await (await daemon.client()).openInput(session.id);
  expect(await shareOfProcessor(daemon)).toBeLessThan(0.02);
  expect(await daemon.get(session)).toMatchObject({ state: 'running' });
  process.kill(session.pid, 'SIGUSR1');
  await recording.waitFor('opened');
  await input.write(Buffer.from('again\n'));
  await recording.waitFor('read again');
  expect(recording.text).toBe('closingopenedagain\r\nread again\r\n');
});

test('input typed while nobody has the terminal open costs nothing, and is there when somebody has', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.open('close-terminal.py');
  const recording = await daemon.record(session);
  await recording.waitFor('closing');
  const input = await (await daemon.client()).openInput(session.id);
  // More than the kernel keeps for who opens it next: the rest goes on when that one reads, with no word from either side.
  const written = input.write(Buffer.from(`${'early\n'.repeat(20_000)}last\n`));
  expect(await shareOfProcessor(daemon)).toBeLessThan(0.02);
  process.kill(session.pid, 'SIGUSR1');
  await recording.waitFor('opened');
  await written;
  await recording.waitFor('last');
});

test('a program that is held back costs nothing', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const tail = daemon.home.startCli(['tail', flood.id, '--follow', '--lease', '60']);
  await eventually('a follower', async () => (await daemon.get(flood)).clients === 1);
  await stopProcess(tail.pid);
  await gate.open();
  await eventually('it is held back', async () => {
    return (await (await daemon.client()).request('status', {})).holders.length > 0;
  });
  expect(await shareOfProcessor(daemon)).toBeLessThan(0.02);
});

test('a client that waits for room in its socket costs nothing', async () => {
  await using daemon = await startDaemon();
  const flood = await daemon.open('flood.py', [500_000]);
  const tail = daemon.home.startCli(['tail', flood.id, '--follow', '--lease', '0']);
  await tail.stdout.untilLength(1);
  await stopProcess(tail.pid);
  await eventually('the program has ended', async () => (await daemon.get(flood)).state === 'exited');
  const fds = fdCount(daemon.pid);
  expect(await shareOfProcessor(daemon)).toBeLessThan(0.02);
  tail.kill('SIGKILL');
  await eventually('the connection is closed', () => fdCount(daemon.pid) < fds);
});

/** The smallest of some measurements: what happened before may still be settling. */
async function shareOfProcessor(daemon: TestDaemon): Promise<number> {
  let least = 1;
  for (let round = 0; round < 3 && least >= 0.02; round += 1) {
    const before = cpuMs(daemon.pid);
    await passTime(MEASURED_MS);
    least = Math.min(least, (cpuMs(daemon.pid) - before) / MEASURED_MS);
  }
  return least;
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
}
