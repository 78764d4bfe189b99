import { readdirSync } from 'node:fs';
import { Reactor } from '@holdfast/posix';
import { expect, test } from 'vitest';
import { exactThroughCuts } from '../../test/kit/exact-through-cuts.ts';
import { noise } from '../../test/kit/random.ts';
import { ScriptedDaemon } from '../../test/kit/scripted-daemon.ts';
import { Client } from '../client.ts';
import { posixConnector } from './posix.ts';

/** Runs with a reactor that owns the event loop, in which the scripted daemon lives on Node's sockets. */
async function onReactor(body: (reactor: Reactor) => Promise<void>): Promise<void> {
  const reactor = new Reactor();
  reactor.start();
  try {
    await body(reactor);
  } finally {
    reactor.dispose();
  }
}

test('output and input are exact on the reactor when connections are cut anywhere', async () => {
  await using daemon = await ScriptedDaemon.listen();
  await onReactor(async (reactor) => {
    const before = descriptors();
    const connector = posixConnector(daemon.socketPath, reactor);
    const client = await exactThroughCuts(daemon, { connector, seed: 7 });
    client.close();
    await Promise.all([...daemon.peers].map((peer) => peer.closed.next()));
    expect(descriptors()).toBeLessThanOrEqual(before);
  });
});

test('a congested reader stops the reading, and a peer that goes meanwhile is noticed afterwards', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one', noise(4_000_000));
  session.exit = { code: 0 };
  await onReactor(async (reactor) => {
    const connector = posixConnector(daemon.socketPath, reactor);
    const client = await Client.connect({ connector, name: 'test' });
    const peer = await daemon.connected.next();
    let total = 0;
    let isHeld = false;
    let heard: () => void = () => {};
    const exited = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const firstData = new Promise<void>((resolve) => {
      void client
        .subscribe('one', {
          from: 'start',
          mode: 'exact',
          onData: (bytes) => {
            total += bytes.length;
            if (isHeld || total > 200_000) return true;
            resolve();
            return false;
          },
          onExited: () => heard(),
        })
        .then((subscription) => {
          release = () => subscription.resume();
        });
    });
    let release = () => {};
    await firstData;
    isHeld = true;
    peer.cutOff();
    await peer.closed.next();
    expect(total).toBeLessThan(300_000);
    release();
    await exited;
    expect(total).toBe(4_000_000);
    expect(client.state).toBe('connected');
    client.close();
  });
});

test('a time-out runs on the reactor’s clock, and nobody listening is E_NO_DAEMON', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.scripts.set('hello', () => {});
  await onReactor(async (reactor) => {
    const connector = posixConnector(daemon.socketPath, reactor);
    const greeting = Client.connect({ connector, name: 'test', helloTimeoutMs: 20 });
    await expect(greeting).rejects.toMatchObject({ code: 'E_NO_DAEMON' });
    const nowhere = posixConnector(`${daemon.socketPath}.not`, reactor);
    const connecting = Client.connect({ connector: nowhere, name: 'test' });
    await expect(connecting).rejects.toMatchObject({ code: 'E_NO_DAEMON', cause: { code: 'ENOENT' } });
  });
});

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
