import { readdirSync } from 'node:fs';
import { childrenOf, privateBytes, settledFdCount, type TestDaemon } from '@holdfast/testkit';
import { expect } from 'vitest';

const AT_ONCE = 4;
/** Opens, ends and forgets sessions, and expects the daemon's counters to be afterwards what they were before. */
export async function churn(
  daemon: TestDaemon,
  options: {
    times: number;
    /** Sessions before counting begins: the first make what is kept for all, and V8 lets its heap grow for a while. */
    warmUp: number;
    growthBytes: number;
    historyIn: 'disk' | 'memory';
  },
): Promise<void> {
  const client = await daemon.client();
  const one = async () => {
    const session = await daemon.openCommand(['/bin/sh', '-c', 'echo done; exit 3'], {
      historyIn: options.historyIn,
    });
    const recording = await daemon.record(session);
    const { exit } = await recording.exited();
    expect({ exit, text: recording.text }).toEqual({ exit: { code: 3 }, text: 'done\r\n' });
    await client.request('forget', { session: session.id });
  };
  const many = async (count: number) => {
    let left = count;
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        await one();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };
  await many(options.warmUp);
  const before = {
    fds: await settledFdCount(daemon.pid),
    files: filesOf(daemon),
    memory: privateBytes(daemon.pid),
  };
  await many(options.times);
  expect(await settledFdCount(daemon.pid)).toBe(before.fds);
  expect(childrenOf(daemon.pid)).toEqual([]);
  expect(filesOf(daemon)).toEqual(before.files);
  expect(privateBytes(daemon.pid)).toBeLessThan(before.memory + options.growthBytes);
  expect((await client.request('list', {})).sessions).toEqual([]);
}

function filesOf(daemon: TestDaemon): string[] {
  return readdirSync(daemon.home.paths.stateDir, { recursive: true }).map(String).toSorted();
}
