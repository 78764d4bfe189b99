import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import {
  close,
  listProcesses,
  openFilesSoftLimit,
  openPidfd,
  processEntry,
  READABLE,
  sendSignal,
  takeExitStatus,
} from '@holdfast/posix';
import { libc } from '../src/libc.ts';
import { platform } from '../src/platform.ts';
import { onReactor } from './kit/on-reactor.ts';
import { Program } from './kit/program.ts';
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

test('a process that has ended is a zombie until its status is taken, then gone', async () => {
  await onReactor(async (reactor) => {
    await using program = new Program(reactor, ['/bin/cat']);
    const pidfd = openPidfd(program.pid) ?? -1;
    expect(takeExitStatus(program.pid)).toBe('running');
    const ended = new Promise<void>((resolve) => {
      const watch = reactor.watch(pidfd, READABLE, () => {
        watch.close();
        resolve();
      });
    });
    sendSignal(program.pid, 15);
    await ended;
    await program.ended;
    close(pidfd);
    expect(await processEntry(program.pid)).toBeUndefined();
    expect(takeExitStatus(program.pid)).toBe('unknown');
    expect(sendSignal(program.pid, 0)).toBe(false);
    expect(openPidfd(program.pid)).toBeUndefined();
  });
});

test('a zombie is listed as one', async () => {
  // The shell's child ends at once, and sleep, which the shell becomes, never waits for it.
  const parent = spawn('/bin/sh', ['-c', 'echo end | { read line; } & echo $!; read line; exec sleep 60'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const child = Number(line);
  const pidfd = openPidfd(child);
  expect(pidfd).toBeDefined();
  await onReactor(
    (reactor) =>
      new Promise<void>((resolve) => {
        const watch = reactor.watch(pidfd ?? -1, READABLE, () => {
          watch.close();
          resolve();
        });
      }),
  );
  expect(await processEntry(child)).toMatchObject({ pid: child, parent: parent.pid, isZombie: true });
  expect(takeExitStatus(child)).toBe('unknown');
  close(pidfd ?? -1);
  const exited = once(parent, 'exit');
  parent.kill('SIGKILL');
  await exited;
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
