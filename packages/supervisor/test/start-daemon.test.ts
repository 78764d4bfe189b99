import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { netConnector } from '@holdfast/client';
import { close, lockFile } from '@holdfast/posix';
import { createHome, type Home, isAccepting, isHomeInUse, resolveHome } from '@holdfast/supervisor';
import { expect, test } from 'vitest';
import { startDaemon } from '../src/start-daemon.ts';

const daemonEntry = fileURLToPath(new URL('programs/daemon.mjs', import.meta.url));

/** A home of its own, and the environment of somebody who starts a daemon there. */
class Place implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'hf-ensure-'));
  readonly home: Home = resolveHome({ HOLDFAST_HOME: this.folder });
  #hasTold = false;

  start(play: string, how: { daemonEntry?: string; node?: string } = {}): Promise<boolean> {
    createHome(this.home);
    const env = {
      PATH: process.env['PATH'],
      HOLDFAST_HOME: this.folder,
      HOLDFAST_SESSION: 'mine',
      SECRET: 'do not tell',
      HOLDFAST_TEST_PLAY: play,
    };
    const clock = netConnector(this.home.socketPath);
    const keeperEntry = undefined;
    return startDaemon({
      home: this.home,
      daemonEntry,
      keeperEntry,
      node: process.execPath,
      env,
      clock,
      ...how,
    });
  }

  /** What the daemon knows of itself; it ends by telling. */
  facts(): Promise<{ pid: number; ppid: number; cwd: string; env: Record<string, string>; argv: string[] }> {
    this.#hasTold = true;
    return new Promise((resolve, reject) => {
      let told = '';
      const socket = connect(this.home.socketPath, () => socket.write('?'));
      socket.on('data', (piece) => {
        told += String(piece);
      });
      socket.on('error', reject);
      socket.on('end', () => resolve(JSON.parse(told)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasTold && isAccepting(this.home)) await this.facts();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

test('a daemon is started on its own: no child of ours, at /, with little of our environment', async () => {
  await using place = new Place();
  expect(isAccepting(place.home)).toBe(false);
  await place.start('serve');
  expect(isAccepting(place.home)).toBe(true);
  const { ppid, cwd, env, argv } = await place.facts();
  expect(ppid).not.toBe(process.pid);
  expect(cwd).toBe('/');
  expect(env).toMatchObject({ HOLDFAST_HOME: place.folder, HOLDFAST_TEST_PLAY: 'serve' });
  expect(env).not.toHaveProperty('SECRET');
  expect(env).not.toHaveProperty('HOLDFAST_SESSION');
  const { runtimeDir, stateDir } = place.home;
  const folders = `--runtime-dir ${runtimeDir} --state-dir ${stateDir} --home ${place.folder}`;
  expect(argv.join(' ')).toBe(`serve ${folders} --ready-fd 3`);
});

test('several starters at once end with one daemon, and all succeed', async () => {
  await using place = new Place();
  await Promise.all(Array.from({ length: 5 }, () => place.start('serve')));
  await place.start('serve');
  expect(isAccepting(place.home)).toBe(true);
});

test.each([
  ['crash', /the daemon could not be started: [^]*Error: cannot go on/],
  ['refuse', /the daemon could not be started: the disk is full/],
  ['chatter', /the daemon could not be started: it said "hello\\n" instead of being ready/],
])('a daemon that plays "%s" is E_DAEMON_START with the reason', async (play, message) => {
  await using place = new Place();
  const failure = place.start(play);
  await expect(failure).rejects.toMatchObject({ code: 'E_DAEMON_START' });
  await expect(failure).rejects.toThrow(message);
});

test('an entry that does not exist, and a node that does not exist, say so', async () => {
  await using place = new Place();
  const entry = place.start('serve', { daemonEntry: '/nonexistent/main.js' });
  await expect(entry).rejects.toThrow(/Cannot find module '\/nonexistent\/main.js'/);
  const node = place.start('serve', { node: '/nonexistent/node' });
  await expect(node).rejects.toThrow(/the daemon could not be started: [^]*\/nonexistent\/node/);
});

test('a home is in use as long as somebody holds its lock', async () => {
  await using place = new Place();
  expect(isHomeInUse(place.home)).toBe(false);
  await place.start('serve');
  const lock = lockFile(place.home.lockPath);
  expect(isHomeInUse(place.home)).toBe(true);
  if (lock !== undefined) close(lock);
  expect(isHomeInUse(place.home)).toBe(false);
});
