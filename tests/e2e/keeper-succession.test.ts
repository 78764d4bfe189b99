import { execFileSync } from 'node:child_process';
import fs, { readFileSync } from 'node:fs';
import path from 'node:path';
import { childrenOf, eventually, isAlive, stopProcess, untilEnded } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { STAND_IN, TestKeeper } from './support/test-keeper.ts';

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}

/** A daemon and a successor that has taken over everything and waits. */
async function handOver(keeper: TestKeeper): Promise<{ predecessor: number; successor: number }> {
  const predecessor = keeper.daemon;
  const successor = await keeper.succeed();
  await keeper.order({ do: 'say', kind: 'adopted', pid: successor }, successor);
  return { predecessor, successor };
}

/** The successor asks, and is granted. Daemons are started with `-u` more from then on, to be told apart. */
async function grant(keeper: TestKeeper, successor: number): Promise<void> {
  const start = { ...STAND_IN, nodeArguments: [...STAND_IN.nodeArguments, '-u'] };
  await keeper.order({ do: 'say', kind: 'current', pid: successor, ...start }, successor);
  await keeper.hears({ by: successor, type: 'granted' });
}

/** Whether the daemon that was started last was started in the way of the one that was granted. */
function isOfGranted(keeper: TestKeeper): boolean {
  return JSON.stringify(keeper.heard({ type: 'started' }).at(-1)?.['argv']).includes('"-u"');
}

test('a successor is granted, and when its predecessor ends it is the child of the keeper', async () => {
  await using keeper = await TestKeeper.start();
  const program = await keeper.open('a', ['/bin/cat']);
  const { predecessor, successor } = await handOver(keeper);
  await grant(keeper, successor);
  expect(parentOf(successor)).toBe(predecessor);
  await eventually('the report names it', () => keeper.report.daemonPid === successor);
  process.kill(predecessor, 'SIGKILL');
  await untilEnded(predecessor);
  await eventually('both are its children', () => childrenOf(keeper.pid).length === 2);
  expect(new Set(childrenOf(keeper.pid))).toEqual(new Set([successor, program]));
  await keeper.kill(successor);
  expect(isOfGranted(keeper)).toBe(true);
  expect(keeper.heard({ by: keeper.daemon, type: 'give', name: 'session/a' })).toHaveLength(1);
});

test('when the granted successor dies, the predecessor is current again, and is what is started later', async () => {
  await using keeper = await TestKeeper.start();
  const { predecessor, successor } = await handOver(keeper);
  await grant(keeper, successor);
  process.kill(successor, 'SIGKILL');
  await keeper.hears({ by: predecessor, type: 'currentAgain' });
  expect(keeper.heard({ type: 'started' })).toHaveLength(2);
  await keeper.kill(predecessor);
  expect(isOfGranted(keeper)).toBe(false);
});

test('when the predecessor dies, a successor that has adopted everything is granted without having asked', async () => {
  await using keeper = await TestKeeper.start();
  const { predecessor, successor } = await handOver(keeper);
  process.kill(predecessor, 'SIGKILL');
  await keeper.hears({ by: successor, type: 'granted' });
  await eventually('the report names it', () => keeper.report.daemonPid === successor);
  expect(keeper.heard({ type: 'started' })).toHaveLength(2);
  // What it says then is not a second request, but how it is to be started.
  const before = keeper.heard({ by: successor, type: 'granted' }).length;
  await keeper.order({ do: 'say', kind: 'current', pid: successor, ...STAND_IN }, successor);
  await keeper.hears({ by: successor, type: 'granted' }, before + 1);
});

test('when the predecessor dies while the successor loads, a daemon is started and the successor can not be granted', async () => {
  await using keeper = await TestKeeper.start();
  const predecessor = keeper.daemon;
  const successor = await keeper.succeed();
  await keeper.kill(predecessor);
  await keeper.hears({ by: successor, type: 'end' });
  expect(keeper.heard({ by: successor, type: 'granted' })).toEqual([]);
  expect(keeper.report.daemonPid).toBe(keeper.daemon);
});

test('when a successor dies before it is granted, nothing else happens, and the next one can be', async () => {
  await using keeper = await TestKeeper.start();
  const { predecessor, successor } = await handOver(keeper);
  process.kill(successor, 'SIGKILL');
  await untilEnded(successor);
  await eventually('another one', async () => {
    await keeper.order({ do: 'say', kind: 'channel' }, predecessor);
    return keeper.heard({ by: predecessor, type: 'channel' }).length > 1;
  });
  expect(keeper.heard({ by: predecessor, type: 'currentAgain' })).toEqual([]);
  expect(keeper.report.daemonPid).toBe(predecessor);
});

test('when both die in one moment, what was granted last is started', async () => {
  await using keeper = await TestKeeper.start();
  const { predecessor, successor } = await handOver(keeper);
  await grant(keeper, successor);
  await stopProcess(keeper.pid);
  for (const pid of [successor, predecessor]) process.kill(pid, 'SIGKILL');
  for (const pid of [successor, predecessor]) await untilEnded(pid);
  process.kill(keeper.pid, 'SIGCONT');
  await keeper.hears({ type: 'obeying' }, 3);
  expect(isOfGranted(keeper)).toBe(true);
});

test('what a successor said before the keeper looked counts, though its predecessor has died meanwhile', async () => {
  await using keeper = await TestKeeper.start();
  const predecessor = keeper.daemon;
  const successor = await keeper.succeed();
  await stopProcess(keeper.pid);
  await keeper.order({ do: 'say', kind: 'adopted', pid: successor }, successor);
  process.kill(predecessor, 'SIGKILL');
  await untilEnded(predecessor);
  process.kill(keeper.pid, 'SIGCONT');
  await keeper.hears({ by: successor, type: 'granted' });
  expect(keeper.heard({ type: 'started' })).toHaveLength(2);
});

test('a dead successor is not granted, though it had asked', async () => {
  await using keeper = await TestKeeper.start();
  const { predecessor, successor } = await handOver(keeper);
  await stopProcess(keeper.pid);
  await keeper.order({ do: 'say', kind: 'current', pid: successor, ...STAND_IN }, successor);
  process.kill(successor, 'SIGKILL');
  await untilEnded(successor);
  process.kill(keeper.pid, 'SIGCONT');
  await keeper.request({ type: 'status' });
  expect(keeper.report.daemonPid).toBe(predecessor);
  expect(keeper.heard({ by: predecessor, type: 'currentAgain' })).toEqual([]);
});

test('as long as the predecessor lives there is no further hand-over, and nobody else may ask', async () => {
  await using keeper = await TestKeeper.start();
  const predecessor = keeper.daemon;
  const successor = await keeper.succeed();
  await keeper.order({ do: 'say', kind: 'current', pid: successor, ...STAND_IN }, successor);
  expect(await keeper.hears({ by: successor, type: 'refused' })).toMatchObject({ to: 'current' });
  await keeper.order({ do: 'say', kind: 'giveBack' }, successor);
  expect(await keeper.hears({ by: successor, type: 'refused' }, 2)).toMatchObject({ to: 'giveBack' });
  await keeper.order({ do: 'say', kind: 'adopted', pid: successor }, successor);
  // Two channels have no order: the answer says that the keeper has heard the first.
  await keeper.request({ type: 'status' });
  await keeper.order({ do: 'say', kind: 'channel' }, predecessor);
  expect(await keeper.hears({ by: predecessor, type: 'refused' })).toMatchObject({ to: 'channel' });
  await grant(keeper, successor);
  await keeper.order({ do: 'say', kind: 'ready' }, predecessor);
  expect(await keeper.hears({ by: predecessor, type: 'refused' }, 2)).toMatchObject({ to: 'ready' });
  // One wish waits until the predecessor has ended.
  await keeper.order({ do: 'say', kind: 'channel' }, successor);
  await keeper.order({ do: 'say', kind: 'channel' }, successor);
  expect(await keeper.hears({ by: successor, type: 'refused' }, 3)).toMatchObject({ to: 'channel' });
  expect(keeper.heard({ by: successor, type: 'channel' })).toEqual([]);
  process.kill(predecessor, 'SIGKILL');
  await keeper.hears({ by: successor, type: 'channel' });
});

test('a daemon or successor that stands still is not dead', async () => {
  await using keeper = await TestKeeper.start();
  const { predecessor, successor } = await handOver(keeper);
  for (const pid of [predecessor, successor]) await stopProcess(pid);
  await keeper.request({ type: 'status' });
  expect(keeper.report.daemonPid).toBe(predecessor);
  expect(keeper.heard({ type: 'started' })).toHaveLength(2);
  for (const pid of [predecessor, successor]) process.kill(pid, 'SIGCONT');
  await grant(keeper, successor);
});

test('exits that nobody has recorded are told to the one that is granted, and to the one that is current again', async () => {
  await using keeper = await TestKeeper.start();
  const program = await keeper.open('a', ['/bin/sh', '-c', 'read line; exit 9']);
  await keeper.kill();
  const { predecessor, successor } = await handOver(keeper);
  await keeper.order({ do: 'type', name: 'session/a', text: '\n' }, predecessor);
  await keeper.hears({ by: predecessor, type: 'exited', pid: program });
  await grant(keeper, successor);
  await keeper.hears({ by: successor, type: 'exited', pid: program });
  process.kill(successor, 'SIGKILL');
  expect(await keeper.hears({ by: predecessor, type: 'exited', pid: program }, 2)).toMatchObject({
    status: { code: 9 },
  });
});

test('a successor that the keeper is asked to start is its child, and hears both', async () => {
  await using keeper = await TestKeeper.start();
  const predecessor = keeper.daemon;
  await keeper.order({ do: 'spawn', ...STAND_IN });
  const successor = Number((await keeper.hears({ type: 'spawned' }))['pid']);
  await keeper.hears({ by: successor, type: 'obeying' });
  expect(parentOf(successor)).toBe(keeper.pid);
  expect(keeper.heard({ by: successor, type: 'started' })).toMatchObject([
    { mode: 'adopt', argv: expect.arrayContaining(['--channel-fd', '3', '--keeper-fd', '4']) },
  ]);
  await keeper.order({ do: 'say', kind: 'adopted', pid: successor }, successor);
  await grant(keeper, successor);
  process.kill(predecessor, 'SIGKILL');
  await untilEnded(predecessor);
  await keeper.kill(successor);
  expect(isAlive(keeper.daemon)).toBe(true);
});

test('without pidfds the same holds', async () => {
  await using keeper = await TestKeeper.start(['--no-pidfd']);
  const first = await handOver(keeper);
  await grant(keeper, first.successor);
  process.kill(first.successor, 'SIGKILL');
  await keeper.hears({ by: first.predecessor, type: 'currentAgain' });
  await keeper.order({ do: 'say', kind: 'channel' }, first.predecessor);
  await keeper.kill(first.predecessor);
  expect(keeper.heard({ by: keeper.daemon, type: 'started' })[0]?.['argv']).toContain('--no-pidfd');
});

test('a successor that has adopted everything is granted although the disk stands still', async () => {
  // The log is a pipe that can be full, as a disk can be busy.
  const folder = fs.mkdtempSync('/tmp/hf-');
  const file = path.join(folder, 'keeper.log');
  execFileSync('mkfifo', [file]);
  const log = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
  let logged = '';
  const isLogged = (text: string) => {
    logged += readAll(log);
    return logged.includes(text);
  };
  await using keeper = await TestKeeper.start([], folder);
  const successor = await keeper.succeed();
  await eventually('the offer is logged', () => isLogged('"to":"offered"'));
  fillUp(log);
  await keeper.order({ do: 'say', kind: 'adopted', pid: successor }, successor);
  await grant(keeper, successor);
  await eventually('the grant is logged', () => isLogged('"action":"grant"'));
  fs.closeSync(log);
});

function readAll(fd: number): string {
  let text = '';
  try {
    for (;;) {
      const chunk = Buffer.alloc(65_536);
      text += chunk.toString('latin1', 0, fs.readSync(fd, chunk));
    }
  } catch {
    return text; // EAGAIN
  }
}

function fillUp(fd: number): void {
  for (const chunk of [Buffer.alloc(4_096), Buffer.alloc(1)]) {
    try {
      for (;;) fs.writeSync(fd, chunk);
    } catch {
      // EAGAIN: it takes no such chunk any more.
    }
  }
}
