import path from 'node:path';
import { firstDifference, startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { installNode } from '../e2e/support/nodes.ts';
import { sameBuild } from '../e2e/support/upgrades.ts';

const CHAIN = [20, 22, 24, 26, 20];

test(`one daemon goes through Node ${CHAIN.join(' → ')} without a byte lost`, async (context) => {
  await using daemon = await startDaemon();
  const folder = daemon.home.scratch('nodes');
  const nodes = new Map<number, string>();
  for (const major of new Set(CHAIN)) {
    const installed = await installNode(path.join(folder, String(major)), major);
    if ('why' in installed) context.skip(`needs node@${major} of the npm registry: ${installed.why}`);
    else nodes.set(major, installed.node);
  }
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const output = await daemon.record(flood);
  await gate.open();
  const shell = await daemon.openCommand(['/bin/sh', '-c', 'read line; echo "got $line"; exit 6']);
  const client = await daemon.connect();
  const states: string[] = [];
  client.onStateChange = (state) => states.push(state);
  for (const major of CHAIN) {
    const node = nodes.get(major) ?? '';
    await client.request('upgrade', { ...sameBuild(daemon), node }, { timeoutMs: 60_000 });
    const { daemon: serving } = await client.request('status', {});
    expect(serving.node.split('.')[0]).toBe(String(major));
    const own = await daemon.openCommand(['/bin/sh', '-c', `exit ${major}`]);
    const { session } = await client.request('wait', { session: own.id });
    expect(session.exit).toEqual({ code: major });
    const { length } = output.bytes;
    await output.output.untilLength(length + 256 * 1024);
    expect(firstDifference(output.bytes.subarray(length), length)).toBe(-1);
  }
  const shown = await daemon.record(shell);
  await (await client.openInput(shell.id)).write(Buffer.from('this\r'));
  expect((await shown.exited()).exit).toEqual({ code: 6 });
  expect(shown.text).toContain('got this');
  expect(output.gaps).toEqual([]);
  expect(states).toEqual([]);
}, 900_000);
