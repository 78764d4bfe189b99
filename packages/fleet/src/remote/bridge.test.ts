import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBridge } from './bridge.ts';
import { Dialer } from './dial.ts';

/** A pid that no process of this machine has, as those of another pid namespace have none here. */
const ELSEWHERE = 99_999_999;

let folder = '';
const tmpdirBefore = process.env['TMPDIR'];

beforeEach(() => {
  folder = mkdtempSync('/tmp/hf-bridge-');
  process.env['TMPDIR'] = folder;
});

afterEach(() => {
  if (tmpdirBefore === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = tmpdirBefore;
  rmSync(folder, { recursive: true, force: true });
});

/** Where nobody answers; counts what is asked. */
function silentFleet(): { dialer: Dialer; dials: () => number } {
  let count = 0;
  const nc: Pick<NatsConnection, 'subscribe' | 'request'> = {
    subscribe: () => {
      count += 1;
      return { unsubscribe: () => undefined } as ReturnType<NatsConnection['subscribe']>;
    },
    request: () => new Promise(() => undefined),
  };
  return { dialer: new Dialer(nc as NatsConnection, 'alpha'), dials: () => count };
}

/** A folder as a command leaves it that is killed. */
async function leaveBehind(name: string): Promise<string> {
  const left = path.join(folder, name);
  mkdirSync(left);
  const listen = `require('net').createServer().listen(${JSON.stringify(path.join(left, 'daemon.sock'))}, () => console.log())`;
  const child = spawn(process.execPath, ['-e', listen]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(readdirSync(left)).toEqual(['daemon.sock']);
  return left;
}

test('a folder is removed when nobody listens in it, whatever pid its name has, and one where somebody does is not', async () => {
  const left = await leaveBehind(`holdfast-fleet-${process.pid}-left`);
  const live = path.join(folder, `holdfast-fleet-${ELSEWHERE}-live`);
  mkdirSync(live);
  const server = createServer().listen(path.join(live, 'daemon.sock'));
  await once(server, 'listening');
  /** Its command is about to listen. */
  const unborn = path.join(folder, `holdfast-fleet-${ELSEWHERE}-new`);
  mkdirSync(unborn);

  const { dialer } = silentFleet();
  const bridge = await openBridge(dialer);
  expect(existsSync(left)).toBe(false);
  expect(readdirSync(live)).toEqual(['daemon.sock']);
  expect(existsSync(unborn)).toBe(true);
  expect(readdirSync(bridge.folder)).toEqual(['daemon.sock']);
  server.close();
});

test('who looks whether somebody listens there has the host asked for nothing; a client has, with its first word', async () => {
  const { dialer, dials } = silentFleet();
  const bridge = await openBridge(dialer);
  await openBridge(silentFleet().dialer);
  expect(existsSync(bridge.socketPath)).toBe(true);
  const looking = connect(bridge.socketPath);
  await once(looking, 'connect');
  looking.end();
  looking.resume();
  await once(looking, 'close');
  expect(dials()).toBe(0);
  const client = connect(bridge.socketPath);
  client.write('hello');
  await expect.poll(dials).toBe(1);
  client.destroy();
});

test('where no folder for temporary files is, making one in it fails, and not the look for what was left', async () => {
  const { dialer } = silentFleet();
  process.env['TMPDIR'] = path.join(folder, 'gone');
  await expect(openBridge(dialer)).rejects.toMatchObject({ code: 'ENOENT', syscall: 'mkdtemp' });
});
