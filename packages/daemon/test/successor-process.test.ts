import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { Reactor } from '@holdfast/posix';
import { fdCount } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { SuccessorProcess } from '../src/handoff/successor-process.ts';

/** Opens all descriptors that may be opened. */
function openAll(): number[] {
  const opened: number[] = [];
  try {
    for (;;) opened.push(fs.openSync('/dev/null', 'r'));
  } catch {
    return opened; // EMFILE
  }
}

test('wherever descriptors run out on the way to a successor, none stays open, and it is said', () => {
  execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=256:']);
  const reactor = new Reactor();
  const target = { node: '/bin/cat', execArgv: [], entry: import.meta.filename };
  // The functions of libc are found now.
  SuccessorProcess.start(target, { reactor, options: [], keeperFd: undefined }).dispose();
  const before = fdCount(process.pid);
  let failures = 0;
  for (let free = 0; free < 16; free += 1) {
    const opened = openAll();
    for (const fd of opened.splice(0, free)) fs.closeSync(fd);
    try {
      SuccessorProcess.start(target, { reactor, options: [], keeperFd: undefined }).dispose();
    } catch (error) {
      failures += 1;
      expect(error).toMatchObject({ code: 'E_UPGRADE_START' });
    } finally {
      for (const fd of opened) fs.closeSync(fd);
    }
    expect(fdCount(process.pid)).toBe(before);
  }
  expect(failures).toBeGreaterThan(4);
  expect(failures).toBeLessThan(16);
  reactor.dispose();
});
