import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { firstDifference, startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { sameBuild } from '../e2e/support/upgrades.ts';

const CHAIN = [20, 22, 24, 26, 20];
/** What npm says when it can't get to the registry. */
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/;

test(`one daemon goes through Node ${CHAIN.join(' → ')} without a byte lost`, async (context) => {
  await using daemon = await startDaemon();
  const folder = daemon.home.scratch('nodes');
  const nodes = new Map<number, string>();
  for (const major of new Set(CHAIN)) {
    try {
      nodes.set(major, await installNode(path.join(folder, String(major)), major));
    } catch (error) {
      const reason = UNREACHABLE.exec(String(error))?.[0];
      if (!reason) throw error;
      context.skip(`needs node@${major} of the npm registry: ${reason}`);
    }
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

/** Returns the program: that of the package which the `node` package's install script would bring; no script is run. */
async function installNode(folder: string, major: number): Promise<string> {
  mkdirSync(folder);
  const name = `node-${process.platform}-${process.arch}`;
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--fetch-retries=1'];
  const args = ['install', '--prefix', folder, ...quiet, `${name}@${major}`];
  await promisify(execFile)('npm', args, { cwd: folder });
  return path.join(folder, 'node_modules', name, 'bin', 'node');
}
