import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { holdings } from '../../test/kit/holdings.ts';
import { Daemon } from '../daemon.ts';

const NO_HOME = resolve('/no/such/home');

const options = {
  runtimeDir: NO_HOME,
  stateDir: NO_HOME,
  home: NO_HOME,
  usePidfd: true,
  readyFd: undefined,
  channelFd: undefined,
  keeperFd: undefined,
};

test('a rehearsal passes on what programs print, and leaves nothing behind', async () => {
  // What is opened once for a whole process.
  await Daemon.rehearse(options);
  const before = holdings();
  const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)]);
  expect(await Daemon.rehearse(options)).toBeGreaterThan(30_000);
  expect(holdings()).toEqual(before);
  expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(listeners);
});

test.for([0, 20, 60, 90, 120, 159, 160, 165])(
  'a rehearsal with room for %i descriptors leaves none behind, whether it is done or not',
  async (room) => {
    await Daemon.rehearse(options);
    const before = holdings();
    const failure = await rehearseWithin(room);
    expect(failure).toContain(room >= 160 ? 'none' : 'EMFILE');
    expect(holdings()).toEqual(before);
  },
);

/** What a rehearsal fails of where only so many more descriptors can be opened. */
async function rehearseWithin(room: number): Promise<string> {
  using _full = new FullTable(room);
  return Daemon.rehearse(options).then(() => 'none', String);
}

/** A process that can open only so many more descriptors. */
class FullTable implements Disposable {
  #opened: number[] = [];

  constructor(room: number) {
    limit('--nofile=2048:');
    try {
      for (;;) this.#opened.push(fs.openSync('/dev/null', 'r'));
    } catch {
      // EMFILE: that was the last one.
    }
    for (const fd of this.#opened.splice(0, room)) fs.closeSync(fd);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#opened.splice(0)) fs.closeSync(fd);
  }
}

function limit(wanted: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), wanted]);
}
