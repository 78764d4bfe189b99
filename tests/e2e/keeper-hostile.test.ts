import net from 'node:net';
import path from 'node:path';
import { fdCount, hostileBytes, hostileJson, settledFdCount } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TestKeeper } from './support/test-keeper.ts';

const LINES = 150;
const start = { node: '/bin/node', nodeArguments: ['--x'], entry: '/opt/main.js' };
const line = fc.oneof(
  // Nothing that a keeper would obey: a start that is right replaces it.
  hostileJson({ type: 'status', ...start }, { type: 'resume', ...start, node: 'relative' }),
  hostileBytes(Buffer.from('{"type":"status"}'), Buffer.alloc(50_000, 'x')),
);

test('whatever is said to the keeper on its socket, it says what is wrong, and goes on', async () => {
  await using keeper = await TestKeeper.start();
  const before = fdCount(keeper.pid);
  await fc.assert(
    fc.asyncProperty(line, fc.integer({ min: 1, max: 40_000 }), async (said, cut) => {
      const answer = await answerTo(keeper, Buffer.from(said as string), cut);
      // One document, or nothing to who has hung up amid a line.
      if (answer !== '')
        expect(JSON.parse(answer)).toEqual({
          [answer.startsWith('{"ok"') ? 'ok' : 'error']: expect.anything(),
        });
    }),
    { numRuns: LINES },
  );
  expect(JSON.parse(await keeper.request({ type: 'status' }))).toMatchObject({
    ok: { report: { pid: keeper.pid, daemonPid: keeper.daemon, failures: 0, state: 'running' } },
  });
  expect(await settledFdCount(keeper.pid)).toBe(before);
});

/** What the keeper answers to something that comes in two pieces and ends. */
function answerTo(keeper: TestKeeper, said: Buffer, cut: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(path.join(keeper.folder, 'keeper.sock'));
    // ECONNRESET, EPIPE: it has answered before everything was said.
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.write(said.subarray(0, cut));
    socket.end(said.subarray(cut));
  });
}
