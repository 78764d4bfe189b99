import fs from 'node:fs';
import { close, openPty, Reactor, startTimeOf } from '@holdfast/posix';
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
