import {
  close,
  duplicate,
  listProcesses,
  lockFile,
  type ProcessEntry,
  processEntry,
  sendSignal,
} from '@holdfast/posix';
import {
  eventually,
  isAlive,
  processState,
  program,
  stopProcess,
  Terminal,
  untilEnded,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { IncomingLuggage, OutgoingLuggage } from '../src/handoff/luggage.ts';
import { ProcessLister } from '../src/session/process-table.ts';
import type { SuspendedKill } from '../src/session/suspended-session.ts';
import { type KillTarget, TreeKill } from '../src/session/tree-kill.ts';
import { Scratch } from './kit/scratch.ts';

const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
/** Adds up what was asked of it: how long a kill waits does not depend on how busy the machine is. */
const clock = {
  waitedMs: 0,
  after(ms: number, callback: () => void) {
    clock.waitedMs += ms;
    return setTimeout(callback, ms);
  },
};

function start(argv: readonly string[]): Terminal {
  return new Terminal({ file: argv[0] ?? '', argv, env });
}

function shell(script: string): Terminal {
  return start(['/bin/sh', '-c', script]);
}

async function target(terminal: Terminal, callerPid: number | null = null): Promise<KillTarget> {
  const device = (await processEntry(terminal.pid))?.terminal ?? 0;
  expect(device).toBeGreaterThan(0);
  return { leader: terminal.pid, terminal: () => device, callerPid };
}

function kill(target: KillTarget, processes = new ProcessLister()): Promise<number> {
  return new TreeKill(target, { clock, processes, changed, whileServing }).run();
}

async function changed(): Promise<void> {}

async function whileServing(): Promise<void> {}

test('a program that obeys the hang-up is not waited for, and ends by it', async () => {
  using terminal = shell('echo ready; read line');
  await terminal.waitFor('ready');
  clock.waitedMs = 0;
  expect(await kill(await target(terminal))).toBe(0);
  expect(clock.waitedMs).toBeLessThan(1_000);
  expect(await terminal.ended()).toEqual({ signal: 'SIGHUP' });
});

test('a zombie that nobody has reaped yet is not waited for', async () => {
  using terminal = shell('echo ready; read line');
  await terminal.waitFor('ready');
  expect(await kill(await target(terminal))).toBe(0);
  expect(processState(terminal.pid)).toBe('Z');
});

test('a program may use the second after the hang-up to end by itself', async () => {
  using terminal = shell(
    'trap "sleep 0.3; echo saved; exit 7" HUP; echo ready; while :; do sleep 0.05; done',
  );
  await terminal.waitFor('ready');
  expect(await kill(await target(terminal))).toBe(0);
  expect(await terminal.ended()).toEqual({ code: 7 });
  await terminal.waitFor('saved');
});

test('what ignores the hang-up is killed', async () => {
  using terminal = start(program('ignore-hangup.py'));
  await terminal.waitFor('ready');
  expect(await kill(await target(terminal))).toBe(0);
  expect(await terminal.ended()).toEqual({ signal: 'SIGKILL' });
});

test('a stopped process gets the hang-up, too', async () => {
  using terminal = shell('echo ready; read line');
  await terminal.waitFor('ready');
  await stopProcess(terminal.pid);
  expect(await kill(await target(terminal))).toBe(0);
  expect(await terminal.ended()).toEqual({ signal: 'SIGHUP' });
});

test.each(['stay', 'leave'])(
  'children, their children, and those with a group or a session of their own end with it (the leader may %s)',
  async (leader) => {
    using terminal = start(program('fork-tree.py', leader));
    const [, pids = ''] = await terminal.waitFor(/pids ([\d ]+)end/);
    const family = pids.trim().split(' ').map(Number);
    expect(family).toHaveLength(5);
    expect(family.every(isAlive)).toBe(true);
    if (leader === 'leave') {
      // What has a session of its own and no living parent in the tree is a daemon, and not found.
      await terminal.ended();
      const entries = (await listProcesses()).filter(({ pid }) => family.includes(pid));
      expect(await kill({ leader: terminal.pid, terminal: () => 0, callerPid: null })).toBe(0);
      const left = family.filter(isAlive);
      for (const pid of left) sendSignal(pid, 9);
      const daemons = entries.filter(({ session }) => session !== terminal.pid).map(({ pid }) => pid);
      expect(new Set(left)).toEqual(new Set(daemons));
      return;
    }
    expect(await kill(await target(terminal))).toBe(0);
    expect(family.filter(isAlive)).toEqual([]);
    expect(await terminal.ended()).toEqual({ signal: 'SIGKILL' });
  },
);

test.each(['stay', 'obey'])(
  'processes that fork faster than we look are caught (their leader may %s)',
  async (leader) => {
    using scratch = new Scratch();
    const lock = scratch.path('lock');
    using terminal = start(program('fork-chain.py', lock, leader));
    await terminal.waitFor('ready');
    expect(lockFile(lock)).toBeUndefined();
    expect(await kill(await target(terminal))).toBe(0);
    // Who has been killed lets go of it in a moment; who has not, in twenty seconds.
    close(await eventually('the end of all of them', () => lockFile(lock), 10_000));
  },
);

test('a group that a predecessor has seen is killed by the successor, although its list shows nobody of it', async () => {
  using terminal = shell('trap "" HUP; set -m; sleep 1000 & echo "job $! end"; read line');
  const [, job = ''] = await terminal.waitFor(/job (\d+) end/);
  const wanted = await target(terminal);
  // It stands still behind its hang-up, as a predecessor does that hands over.
  const standing = deferred();
  const before = new TreeKill(wanted, {
    clock: { after: standing.resolve },
    processes: new ProcessLister(),
    changed,
    whileServing,
  });
  void before.run();
  await standing.promise;
  using packed = new OutgoingLuggage(true);
  const { groups = [], ...begun }: SuspendedKill = JSON.parse(JSON.stringify(before.suspend(packed)));
  const luggage = new IncomingLuggage(packed.fds.map(duplicate), packed.memory);
  const processes = new ProcessLister(async () => []);
  const successor = new TreeKill(
    wanted,
    { clock, processes, changed, whileServing },
    { begun, handedOver: { groups, luggage } },
  );
  expect(await successor.run()).toBe(0);
  await untilEnded(Number(job));
  expect(await terminal.ended()).toEqual({ signal: 'SIGKILL' });
});

test('a predecessor whose successor serves by now signals nobody, whatever it was about', async () => {
  using terminal = start(program('ignore-hangup.py'));
  await terminal.waitFor('ready');
  const wanted = await target(terminal);
  for (const at of ['save', 'list'] as const) {
    const asked = deferred();
    let isOver = false;
    const predecessor = new TreeKill(
      wanted,
      {
        clock,
        processes: new ProcessLister(() => {
          if (at === 'list') isOver = true;
          return listProcesses();
        }),
        changed: async () => {
          isOver = true;
        },
        whileServing: async () => {
          if (!isOver) return;
          asked.resolve();
          await new Promise(() => undefined);
        },
      },
      at === 'list' ? { begun: { callerPid: null, isHungUp: true, known: [] } } : undefined,
    );
    let isDone = false;
    void predecessor.run().then(() => {
      isDone = true;
    });
    await asked.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect({ at, isDone, isHungUp: predecessor.progress.isHungUp }).toEqual({
      at,
      isDone: false,
      isHungUp: at === 'list',
    });
  }
  expect(isAlive(terminal.pid)).toBe(true);
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((resolveIt) => {
    resolve = resolveIt;
  });
  return { promise, resolve };
}

test('the caller and its ancestors are spared, but for those that belong to the session', async () => {
  using outside = shell('echo ready; read line');
  await outside.waitFor('ready');
  // It was started from the session and asks for its end: a terminal multiplexer, say.
  using terminal = shell('trap "" HUP; setsid sleep 1000 & echo "caller $! end"; read line');
  const [, caller = ''] = await terminal.waitFor(/caller (\d+) end/);
  const callerPid = Number(caller);
  expect(await kill(await target(terminal, callerPid))).toBe(0);
  expect(isAlive(callerPid)).toBe(true);
  sendSignal(callerPid, 9);
  expect(await terminal.ended()).toEqual({ signal: 'SIGKILL' });
  expect(isAlive(outside.pid)).toBe(true);
});

test('neither this process nor what it descends from is signalled, whatever the list says', async () => {
  using terminal = shell('echo ready; read line');
  await terminal.waitFor('ready');
  const ancestors = [process.pid, process.ppid];
  const processes = new ProcessLister(async () =>
    (await listProcesses()).map(
      (entry): ProcessEntry => (ancestors.includes(entry.pid) ? { ...entry, session: terminal.pid } : entry),
    ),
  );
  expect(await kill(await target(terminal), processes)).toBe(0);
  expect(await terminal.ended()).toEqual({ signal: 'SIGHUP' });
});

test('who gets the number of the closed terminal is not taken for a straggler', async () => {
  using next = start(program('ignore-hangup.py'));
  await next.waitFor('ready');
  const device = (await processEntry(next.pid))?.terminal ?? 0;
  using terminal = start(program('ignore-hangup.py'));
  await terminal.waitFor('ready');
  let isOpen = true;
  const aim: KillTarget = { leader: terminal.pid, callerPid: null, terminal: () => (isOpen ? device : 0) };
  const processes = new ProcessLister(async () => {
    const entries = await listProcesses();
    // The session exits while the list is read, and another is opened.
    isOpen = false;
    return entries;
  });
  expect(await kill(aim, processes)).toBe(0);
  expect(await terminal.ended()).toEqual({ signal: 'SIGKILL' });
  expect(isAlive(next.pid)).toBe(true);
});

test('without a list of processes the program itself is ended all the same', async () => {
  using terminal = start(program('ignore-hangup.py'));
  await terminal.waitFor('ready');
  const processes = new ProcessLister(() => Promise.reject(new Error('EMFILE')));
  const reaped = terminal.ended();
  expect(await kill(await target(terminal), processes)).toBe(0);
  expect(await reaped).toEqual({ signal: 'SIGKILL' });
});

test('processes that were found once stay targets when they lose their parents', async () => {
  // The hang-up ends the parent; its child has a session of its own and ignores everything.
  using terminal = shell(
    `setsid sh -c 'trap "" HUP; echo "child $$ end"; while :; do sleep 1; done' & read line`,
  );
  const [, child = ''] = await terminal.waitFor(/child (\d+) end/);
  expect(await kill(await target(terminal))).toBe(0);
  await untilEnded(Number(child));
});

test('after a crash nobody is killed whose session only has the number of the one that was to end', async () => {
  using terminal = shell('echo ready; read line');
  await terminal.waitFor('ready');
  const { pid } = terminal;
  const { startTime = 0 } = (await processEntry(pid)) ?? {};
  const goOn = (known: { pid: number; startTime: number }[]) =>
    new TreeKill(
      { leader: pid, terminal: () => 0, callerPid: null },
      { clock, processes: new ProcessLister(), changed, whileServing },
      { begun: { callerPid: null, isHungUp: true, known } },
    ).run();
  for (const known of [[], [{ pid, startTime: startTime - 1 }]]) {
    expect(await goOn(known)).toBe(0);
    expect(isAlive(pid)).toBe(true);
  }
  expect(await goOn([{ pid, startTime }])).toBe(0);
  expect(await terminal.ended()).toEqual({ signal: 'SIGKILL' });
});
