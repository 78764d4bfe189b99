import fs from 'node:fs';
import { expect, test } from 'vitest';
import {
  close,
  exitStatusOfChild,
  exitStatusOfZombie,
  listProcesses,
  openFilesSoftLimit,
  openPidfd,
  openPty,
  pipe,
  processEntry,
  READABLE,
  sendSignal,
  sendSignalToGroupOf,
  setNonBlocking,
  spawnOnTerminal,
  spawnWithDescriptors,
  startTimeOf,
  takeExitStatus,
  waitReadable,
} from '@holdfast/posix';
import { libc } from '../src/libc.ts';
import { platform } from '../src/platform.ts';
import { onReactor } from './kit/on-reactor.ts';
import { defaults, Program } from './kit/program.ts';
import { Scratch } from './kit/scratch.ts';

test.for(['a) R 1 (b', '))) Z 1 1 1', '(', ') ', 'ünï', 'line\nbreak'])(
  'a process that calls itself %j is listed as what it is',
  async (name) => {
    using scratch = new Scratch();
    fs.copyFileSync('/bin/cat', scratch.path(name));
    await onReactor(async (reactor) => {
      await using program = new Program(reactor, [scratch.path(name)]);
      const entry = (await listProcesses()).find(({ pid }) => pid === program.pid);
      expect(entry).toMatchObject({
        command: name,
        parent: process.pid,
        session: program.pid,
        isZombie: false,
      });
      expect(entry?.startTime).toBeGreaterThan(0);
    });
  },
);

test.for([
  { how: 'exit 7', status: { code: 7 } },
  { how: 'kill -KILL $$', status: { signal: 'SIGKILL' } },
])('how a process that nobody has waited for has ended is known: $how', ({ how, status }) => {
  const nothing = fs.openSync('/dev/null', 'r+');
  const start = { file: '/bin/sh', argv: ['sh', '-c', `read none; ${how}`], cwd: '/', env: {} };
  const { read, write } = pipe();
  setNonBlocking(read, false);
  const pid = spawnWithDescriptors(start, [read, nothing, nothing]);
  const startTime = startTimeOf(pid);
  expect(exitStatusOfZombie(pid, startTime)).toBeUndefined();
  const pidfd = openPidfd(pid) ?? -1;
  expect(exitStatusOfChild(pid)).toBe('running');
  for (const fd of [nothing, read, write]) close(fd);
  expect(waitReadable(pidfd, 10_000)).toBe(true);
  close(pidfd);
  expect(exitStatusOfZombie(pid, startTime)).toEqual(status);
  expect(exitStatusOfZombie(pid, startTime + 1)).toBeUndefined();
  // Looking takes nothing.
  for (let look = 0; look < 2; look += 1) expect(exitStatusOfChild(pid)).toEqual(status);
  expect(takeExitStatus(pid)).toEqual(status);
  expect(exitStatusOfZombie(pid, startTime)).toBeUndefined();
  expect(exitStatusOfChild(pid)).toBe('unknown');
});

test('a process that has ended can neither be signalled nor watched', async () => {
  await onReactor(async (reactor) => {
    await using program = new Program(reactor, ['/bin/cat']);
    expect(takeExitStatus(program.pid)).toBe('running');
    expect(sendSignal(program.pid, 15)).toBe(true);
    expect((await program.ended).status).toEqual({ signal: 'SIGTERM' });
    expect(sendSignal(program.pid, 0)).toBe(false);
    expect(openPidfd(program.pid)).toBeUndefined();
  });
});

test('a group is reached by the pidfd of its leader, and found empty when nobody is in it any more', async (context) => {
  await onReactor(async (reactor) => {
    // The leader ends; its child, whose number nobody here has, stays in the group.
    const script = 'trap "" HUP; sleep 100 & echo ready; read line';
    await using program = new Program(reactor, ['/bin/sh', '-c', script]);
    const pidfd = openPidfd(program.pid) ?? -1;
    await program.until(/ready/);
    expect(sendSignal(program.pid, 9)).toBe(true);
    await program.ended;
    const isReached = sendSignalToGroupOf(pidfd, 0);
    if (isReached === undefined) context.skip('needs Linux 6.9');
    expect(isReached).toBe(true);
    while (sendSignalToGroupOf(pidfd, 9)) await new Promise((resolve) => setImmediate(resolve));
    expect(sendSignalToGroupOf(pidfd, 9)).toBe(false);
    close(pidfd);
  });
});

test('a program that has ended is a zombie until its status is taken, which only its parent can', async () => {
  const { master, slavePath } = openPty({ cols: 80, rows: 24 });
  const pid = spawnOnTerminal({ ...defaults(['/bin/true']), slavePath });
  const pidfd = openPidfd(pid) ?? -1;
  await onReactor(
    (reactor) =>
      new Promise<void>((resolve) => {
        const watch = reactor.watch(pidfd, READABLE, () => {
          watch.close();
          resolve();
        });
      }),
  );
  expect(await processEntry(pid)).toMatchObject({ pid, parent: process.pid, isZombie: true });
  expect(takeExitStatus(process.ppid)).toBe('unknown');
  expect(takeExitStatus(pid)).toEqual({ code: 0 });
  expect(takeExitStatus(pid)).toBe('unknown');
  expect(await processEntry(pid)).toBeUndefined();
  [master, pidfd].forEach((fd) => close(fd));
});

test('processes are not called gone when it is we who have no descriptor left', async () => {
  await withoutDescriptors(async () => {
    await expect(processEntry(process.pid)).rejects.toThrow(expect.objectContaining({ code: 'EMFILE' }));
    await expect(listProcesses()).rejects.toThrow(expect.objectContaining({ code: 'EMFILE' }));
  });
});

test('the soft limit of open files of another process is its own', async () => {
  await onReactor(async (reactor) => {
    await using program = new Program(reactor, ['/bin/cat'], { openFilesLimit: 77 });
    expect(openFilesSoftLimit(program.pid)).toBe(77);
    expect(openFilesSoftLimit(process.pid)).toBeGreaterThan(77);
  });
  expect(openFilesSoftLimit(2 ** 22 + 1)).toBeUndefined();
});

/** Runs `action` while this process can open nothing. */
async function withoutDescriptors(action: () => Promise<void>): Promise<void> {
  const before = Buffer.alloc(16);
  libc.getrlimit(platform.limits.openFiles, before);
  const none = Buffer.from(before);
  none.writeBigUInt64LE(0n, 0);
  libc.setrlimit(platform.limits.openFiles, none);
  try {
    await action();
  } finally {
    libc.setrlimit(platform.limits.openFiles, before);
  }
}
