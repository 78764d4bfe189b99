import { isAlive, startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { LittleMemory, whyNoLittleMemory } from './support/little-memory.ts';
import { expectOneEach } from './support/one-each.ts';

/** More than what keeper and daemon may need meanwhile. */
const MEMORY_BYTES = 128 * 1024 * 1024;

const why = whyNoLittleMemory();

test.skipIf(why !== undefined)(
  `where memory runs out the kernel ends the program that takes it; keeper, daemon and other sessions stay${why ? ` (${why})` : ''}`,
  async () => {
    await using daemon = await startDaemon({ keeper: true });
    const greedy = await daemon.open('eat-memory.py');
    const modest = await daemon.openCommand(['/bin/cat']);
    const output = await daemon.record(modest);
    await (await daemon.record(greedy)).waitFor('ready');
    const pids = [daemon.pid, await daemon.servingPid(), modest.pid];
    await using memory = new LittleMemory(MEMORY_BYTES);
    for (const pid of [...pids, greedy.pid]) memory.add(pid);
    const client = await daemon.client();
    await (await client.openInput(greedy.id)).write(Buffer.from('\n'));
    const ended = await client.request('wait', { session: greedy.id }, { timeoutMs: 30_000 });
    expect(ended.session.exit).toEqual({ signal: 'SIGKILL' });
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    await (await client.openInput(modest.id)).write(Buffer.from('on\n'));
    await output.waitFor('on\r\non\r\n');
    await expectOneEach(daemon);
  },
);
