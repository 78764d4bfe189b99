import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { close, openPty, Reactor, startTimeOf, WOULD_BLOCK, write } from '@holdfast/posix';
import { eventually } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { History } from '../src/history/history.ts';
import { InputQueue } from '../src/session/input-queue.ts';
import { Terminal } from '../src/session/terminal.ts';

test('a program that another daemon has started is known to be gone, and not when that can not be known', () => {
  const reactor = new Reactor();
  const { master, slavePath } = openPty({ cols: 80, rows: 24 });
  const history = History.withoutFiles(65_536);
  const events = { readable: () => undefined, programEnded: () => undefined };
  // Not our child, and there.
  const pid = process.ppid;
  const program = { pid, master, slavePath, pidfd: null };
  const terminal = new Terminal(program, new InputQueue(history.ledger), { reactor, usePidfd: true, events });
  const startTime = startTimeOf(pid);
  expect(terminal.exit(startTime)).toBe('running');
  expect(terminal.exit(startTime + 1)).toBe('unknown');
  // No descriptor was left to look it up: when it was started, or now.
  expect(terminal.exit(0)).toBe('running');
  const spare: number[] = [];
  try {
    for (;;) spare.push(fs.openSync('/dev/null', 'r'));
  } catch {
    // EMFILE
  }
  try {
    expect(terminal.exit(startTime)).toBe('running');
  } finally {
    for (const fd of spare) close(fd);
  }
  terminal.close();
  history.close();
  reactor.dispose();
});

test('an end of input for which a full terminal has no room is typed when the program has read', async () => {
  const reactor = new Reactor();
  reactor.start();
  const { master, slavePath } = openPty({ cols: 80, rows: 24 });
  const slave = fs.openSync(slavePath, fs.constants.O_RDWR | fs.constants.O_NOCTTY | fs.constants.O_NONBLOCK);
  // Else what is written here comes back, and fills the terminal's other direction.
  execFileSync('stty', ['-echo'], { stdio: [slave, 'ignore', 'inherit'] });
  const history = History.withoutFiles(65_536);
  const events = { readable: () => undefined, programEnded: () => undefined };
  const program = { pid: process.pid, master, slavePath, pidfd: null };
  const terminal = new Terminal(program, new InputQueue(history.ledger), { reactor, usePidfd: true, events });
  try {
    const lines = Buffer.from('fifteen letters\n'.repeat(256));
    let written = 0;
    // The kernel moves on what it was given, and has room again for a while.
    for (let refusals = 0; refusals < 5; ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const count = write(master, lines);
      if (count === WOULD_BLOCK) refusals += 1;
      else {
        written += count;
        refusals = 0;
      }
    }
    let isTyped: boolean | undefined;
    const typing = terminal
      .typeEndOfFile(false, () => undefined)
      .then((typed) => {
        isTyped = typed;
      });
    await Promise.resolve();
    expect(isTyped).toBe(undefined);

    const read: number[] = [];
    await eventually('the end of the input', () => {
      try {
        read.push(fs.readSync(slave, Buffer.alloc(4_096)));
      } catch {
        // EAGAIN: what was written is still on its way.
      }
      return read.at(-1) === 0;
    });
    await typing;
    expect({ isTyped, byteCount: read.reduce((sum, count) => sum + count, 0) }).toEqual({
      isTyped: true,
      byteCount: written,
    });
  } finally {
    terminal.close();
    fs.closeSync(slave);
    history.close();
    reactor.dispose();
  }
});
