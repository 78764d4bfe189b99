import type { Exit } from '@holdfast/protocol';
import {
  eventually,
  fdCount,
  processState,
  program,
  Recording,
  settledFdCount,
  startDaemon,
  type TestDaemon,
  zombiesOf,
} from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';

const SIGNALS =
  'SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGIO'.split(
    ' ',
  );

describe.each([
  { how: 'by pidfd', args: [] },
  { how: 'without pidfds', args: ['--no-pidfd'] },
])('told $how', ({ args }) => {
  test('300 programs that write 70,000 bytes and exit at once: every byte arrives, then the right code', async () => {
    await using daemon = await startDaemon({ args });
    await daemon.client();
    const fdsBefore = await settledFdCount(daemon.pid);
    await inBatches(300, 30, async (index) => {
      const code = index % 256;
      const session = await daemon.open('write-and-exit.py', [70_000, code]);
      const recording = await daemon.record(session);
      const { exit, offset } = await recording.exited(30_000);
      expect({ exit, offset, gaps: recording.gaps }).toEqual({ exit: { code }, offset: 70_000, gaps: [] });
      expect(recording.bytes.equals(numberedBlocks(70_000))).toBe(true);
    });
    await eventually('no zombie', () => zombiesOf(daemon.pid).length === 0);
    await eventually('the descriptors are back', () => fdCount(daemon.pid) === fdsBefore);
  }, 180_000);

  test('each exit code from 0 to 255 is that code, and death by a signal is that signal', async () => {
    await using daemon = await startDaemon({ args });
    const expected: Exit[] = [
      ...Array.from({ length: 256 }, (_, code) => ({ code })),
      ...SIGNALS.map((signal) => ({ signal })),
    ];
    const got: (Exit | null)[] = [];
    await inBatches(expected.length, 30, async (index) => {
      const how = expected[index];
      const word = how && 'code' in how ? how.code : (SIGNALS[index - 256] ?? '');
      got[index] = await statusOf(daemon, program('write-and-exit.py', 0, word));
    });
    expect(got).toEqual(expected);
    await eventually('no zombie', () => zombiesOf(daemon.pid).length === 0);
  }, 180_000);

  test('what a program wrote last arrives, though its end is known before it was read', async () => {
    await using daemon = await startDaemon({ args });
    const gate = daemon.home.gate();
    const flood = await daemon.open('flood.py', [100, gate.path]);
    // Stopped, the daemon reads nothing; when it goes on, the output and the end of the program are there at once.
    const recording = await daemon.record(flood);
    process.kill(daemon.pid, 'SIGSTOP');
    await gate.open();
    await eventually('the program has ended', () => processState(flood.pid) === 'Z');
    process.kill(daemon.pid, 'SIGCONT');
    expect(await recording.exited()).toEqual({ exit: { code: 0 }, offset: 1_600 });
  });

  test('a status is known although a process that was left behind keeps the terminal open', async () => {
    await using daemon = await startDaemon({ args });
    const session = await daemon.openCommand([
      '/bin/sh',
      '-c',
      'trap "" HUP; (sleep 1000; echo late) & echo early; exit 5',
    ]);
    const recording = await daemon.record(session);
    expect((await recording.exited()).exit).toEqual({ code: 5 });
    expect(recording.text).toBe('early\r\n');
    await (await daemon.client()).request('list', {});
    // Once more for a child that it begot just before.
    await eventually('nothing is left behind any more', () => {
      const left = daemon.home.processes.filter((pid) => pid !== daemon.pid);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      return left.length === 0;
    });
  });

  test('a straggler that goes on writing for ever can not keep its session from ending', async () => {
    await using daemon = await startDaemon({ args });
    const flood = program('flood.py')
      .map((word) => `'${word}'`)
      .join(' ');
    const session = await daemon.openCommand(['/bin/sh', '-c', `trap "" HUP; ${flood} & sleep 0.3; exit 6`]);
    const client = await daemon.client();
    const ended = await client.request('wait', { session: session.id }, { timeoutMs: 15_000 });
    expect(ended.session.exit).toEqual({ code: 6 });
  });
});

/** What write-and-exit.py writes. */
function numberedBlocks(byteCount: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(byteCount / 8) }, (_, block) =>
    String(block).padStart(8, '0'),
  );
  return Buffer.from(blocks.join('')).subarray(0, byteCount);
}

async function statusOf(daemon: TestDaemon, command: string[]): Promise<Exit | null> {
  const session = await daemon.openCommand(command);
  const recording = await Recording.begin(await daemon.client(), session.id);
  return (await recording.exited(30_000)).exit;
}

async function inBatches(
  count: number,
  atOnce: number,
  run: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
