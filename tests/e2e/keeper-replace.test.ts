import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { startTimeOf } from '@holdfast/posix';
import {
  childrenOf,
  commandLine,
  eventually,
  fdCount,
  installation,
  isAlive,
  processState,
  settledFdCount,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { TestKeeper } from './support/test-keeper.ts';

const SAME = { node: process.execPath, nodeArguments: [], entry: installation().keeperEntry };

test('another keeper takes its place: same process, same children, same descriptors, and it goes on', async () => {
  await using keeper = await TestKeeper.start();
  const program = await keeper.open('a', ['/bin/sh', '-c', 'read line; exit 5']);
  const gone = await keeper.open('b', ['/bin/sh', '-c', 'exit 6']);
  const daemon = await keeper.kill();
  await keeper.hears({ by: daemon, type: 'exited', pid: gone });
  const fds = await settledFdCount(keeper.pid);
  const started = startTimeOf(keeper.pid);
  const answer: unknown = JSON.parse(await keeper.request({ type: 'replace', ...SAME }));
  expect(answer).toEqual({ ok: { pid: keeper.pid, version: expect.any(String), build: expect.any(String) } });
  expect(commandLine(keeper.pid)).toContain('--legacy-fd');
  expect(startTimeOf(keeper.pid)).toBe(started);
  await eventually('as many descriptors', () => fdCount(keeper.pid) === fds);
  expect([daemon, program].every(isAlive)).toBe(true);
  expect(keeper.report).toMatchObject({ pid: keeper.pid, daemonPid: daemon });
  // The daemon's channel is the same one.
  await keeper.open('c', ['/bin/cat']);
  await keeper.order({ do: 'type', name: 'session/a', text: '\n' });
  expect(await keeper.hears({ by: daemon, type: 'exited', pid: program })).toMatchObject({
    status: { code: 5 },
  });
  const next = await keeper.kill();
  expect(keeper.heard({ by: next, type: 'give' }).map(({ name }) => name)).toEqual([
    'lock',
    'listener',
    'session/a',
    'session/b',
    'session/c',
  ]);
  expect(keeper.heard({ by: next, type: 'exited' }).map(({ status }) => status)).toEqual([
    { code: 6 },
    { code: 5 },
  ]);
});

test('it knows how a program ends whose terminal was let go of before', async () => {
  await using keeper = await TestKeeper.start();
  const program = await keeper.open('a', ['/bin/sh', '-c', 'trap "" HUP; exec sleep 600']);
  const daemon = await keeper.kill();
  await keeper.order({ do: 'say', kind: 'drop', name: 'session/a' });
  expect(await keeper.request({ type: 'replace', ...SAME })).toContain('"ok"');
  process.kill(program, 'SIGTERM');
  expect(await keeper.hears({ by: daemon, type: 'exited', pid: program })).toMatchObject({
    status: { signal: 'SIGTERM' },
  });
});

test('one that can not start changes nothing, and it is said why', async () => {
  await using keeper = await TestKeeper.start();
  const { daemon } = keeper;
  const fds = fdCount(keeper.pid);
  const broken = path.join(keeper.folder, 'broken.mjs');
  writeFileSync(broken, 'throw new Error("I am broken")');
  const mute = path.join(keeper.folder, 'mute.mjs');
  writeFileSync(mute, 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)');
  for (const [replacement, why] of [
    [{ ...SAME, entry: broken }, 'it could not start (code 1)'],
    [{ ...SAME, entry: mute }, 'it could not start (SIGTERM)'],
    [{ ...SAME, node: '/nowhere/node' }, 'ENOENT'],
  ] as const) {
    const answer: unknown = JSON.parse(await keeper.request({ type: 'replace', ...replacement }));
    expect(answer).toEqual({ error: expect.stringContaining(why) });
  }
  expect(readFileSync(path.join(keeper.folder, 'keeper.log'), 'utf8')).toContain('I am broken');
  expect(commandLine(keeper.pid)).not.toContain('--legacy-fd');
  await eventually('as many descriptors', () => fdCount(keeper.pid) === fds);
  expect(keeper.report.daemonPid).toBe(daemon);
  await keeper.kill();
});

test('in the middle of an upgrade, with a daemon that does not read, nothing is lost by it', async () => {
  await using keeper = await TestKeeper.start();
  for (let id = 0; id < 20; id += 1) await keeper.open(`s${id}`, ['/bin/cat']);
  const predecessor = keeper.daemon;
  const successor = await keeper.succeed();
  await keeper.order({ do: 'say', kind: 'adopted', pid: successor }, successor);
  const stalled = keeper.order({ do: 'stall', times: 40 }, predecessor);
  await eventually('it stands still', () => processState(predecessor) === 'T');
  expect(await keeper.request({ type: 'replace', ...SAME })).toContain('"ok"');
  process.kill(predecessor, 'SIGCONT');
  await eventually('it reads', () => {
    return keeper.heard({ by: predecessor, type: 'given', count: 22 }).length === 40;
  });
  await stalled;
  expect(keeper.heard({ by: predecessor, type: 'give', fds: 1 })).toHaveLength(40 * 22);
  await keeper.order({ do: 'say', kind: 'current', pid: successor, ...SAME }, successor);
  await keeper.hears({ by: successor, type: 'granted' });
  expect(keeper.report.daemonPid).toBe(successor);
});

test('a keeper that holds is replaced by one that holds', async () => {
  await using keeper = await TestKeeper.start();
  keeper.crashes = true;
  process.kill(keeper.daemon, 'SIGKILL');
  await eventually('it holds', () => keeper.report.state === 'held');
  const { reason, heldSince } = keeper.report;
  expect(await keeper.request({ type: 'replace', ...SAME })).toContain('"ok"');
  expect(keeper.report).toMatchObject({ state: 'held', failures: 3, daemonPid: null, reason, heldSince });
});

test('who asked for a replacement and lost its place among too many clients gets no answer, and nobody else does', async () => {
  await using keeper = await TestKeeper.start();
  await keeper.open('a', ['/bin/cat']);
  const fds = await settledFdCount(keeper.pid);
  const slow = path.join(keeper.folder, 'slow.mjs');
  writeFileSync(slow, 'setTimeout(() => process.exit(1), 1_000)');
  const asked = keeper.request({ type: 'replace', ...SAME, entry: slow });
  await eventually('the trial', () => childrenOf(keeper.pid).length === 2);
  const sockets = Array.from({ length: 16 }, () => net.connect(path.join(keeper.folder, 'keeper.sock')));
  expect(await asked).toContain('more than 16 clients');
  // Its descriptor's number is another's now.
  await keeper.open('b', ['/bin/cat']);
  await eventually('the end of the trial', () => childrenOf(keeper.pid).length === 1);
  await keeper.request({ type: 'status' }).catch(() => undefined);
  for (const socket of sockets) socket.destroy();
  await eventually('one descriptor more', () => fdCount(keeper.pid) === fds + 1);
  await keeper.order({ do: 'type', name: 'session/b', text: 'x\n' });
  await keeper.order({ do: 'read', name: 'session/b' });
  expect((await keeper.hears({ type: 'read' }))['text']).not.toContain('error');
});
