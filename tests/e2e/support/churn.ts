import { readdirSync } from 'node:fs';
import { childrenOf, fdCount, privateBytes, type TestDaemon } from '@holdfast/testkit';
import { expect } from 'vitest';

const AT_ONCE = 4;
/** What Node's heap may differ by; a leak of 16 KiB a session would show. */
const HEAP_BYTES = 32 * 1024 * 1024;

/** Opens, ends and forgets sessions, and expects the daemon's counters to be afterwards what they were before. */
export async function churn(
  daemon: TestDaemon,
  { times, historyIn }: { times: number; historyIn: 'disk' | 'memory' },
): Promise<void> {
  const client = await daemon.client();
  const one = async () => {
    const session = await daemon.openCommand(['/bin/sh', '-c', 'echo done; exit 3'], { historyIn });
    const recording = await daemon.record(session);
    const { exit } = await recording.exited();
    expect({ exit, text: recording.text }).toEqual({ exit: { code: 3 }, text: 'done\r\n' });
    await client.request('forget', { session: session.id });
  };
  // The first ones make what is kept for all.
  for (let count = 0; count < 20; count += 1) await one();
  const before = { fds: fdCount(daemon.pid), files: filesOf(daemon), memory: privateBytes(daemon.pid) };
  let left = times;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(fdCount(daemon.pid)).toBe(before.fds);
  expect(childrenOf(daemon.pid)).toEqual([]);
  expect(filesOf(daemon)).toEqual(before.files);
  expect(privateBytes(daemon.pid)).toBeLessThan(before.memory + HEAP_BYTES);
  expect((await client.request('list', {})).sessions).toEqual([]);
}

function filesOf(daemon: TestDaemon): string[] {
  return readdirSync(daemon.home.paths.stateDir, { recursive: true }).map(String).toSorted();
}
