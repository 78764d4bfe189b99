import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { holdings } from '../../test/kit/holdings.ts';
import { Daemon } from '../daemon.ts';

const NO_HOME = resolve('/no/such/home');

test('a rehearsal passes on what programs print, and leaves nothing behind', async () => {
  const options = {
    runtimeDir: NO_HOME,
    stateDir: NO_HOME,
    home: NO_HOME,
    usePidfd: true,
    readyFd: undefined,
    channelFd: undefined,
    keeperFd: undefined,
  };
  // What is opened once for a whole process.
  await Daemon.rehearse(options);
  const before = holdings();
  const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)]);
  expect(await Daemon.rehearse(options)).toBeGreaterThan(40_000);
  expect(holdings()).toEqual(before);
  expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(listeners);
});
