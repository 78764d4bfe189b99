import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { encodeControl } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { IDENTITY } from '../test/kit/peer.ts';
import { ScriptedDaemon } from '../test/kit/scripted-daemon.ts';
import { Client } from './client.ts';
import { netConnector } from './transport/net.ts';

test('hello tells who the daemon is', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const client = await Client.connect({ connector: daemon.connector, name: 'test', version: '9' });
  expect(client.daemon).toEqual(IDENTITY);
  expect(client.home).toBe('/home');
  expect(client.protocol).toBe(1);
  expect(client.state).toBe('connected');
  const hello = await daemon.requested.next();
  expect(hello).toMatchObject({ type: 'hello', parameters: { client: { name: 'test', version: '9' } } });
  client.close();
});

test('a daemon that nobody runs is E_NO_DAEMON, with the cause', async () => {
  const connector = netConnector('/nonexistent/daemon.sock');
  const error = await Client.connect({ connector, name: 'test' }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'E_NO_DAEMON', cause: { code: 'ENOENT' } });
});

test('no common protocol is E_VERSION, whoever finds it out', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const { connector } = daemon;
  daemon.scripts.set('hello', (peer, request) => peer.refuse(request, 'E_VERSION', 'too old'));
  await expect(Client.connect({ connector, name: 'test' })).rejects.toMatchObject({
    code: 'E_VERSION',
    message: 'too old',
  });
  daemon.scripts.set('hello', (peer, request) => {
    peer.send(encodeControl({ id: request.id, ok: { protocol: 99, daemon: IDENTITY, home: '/' } }));
  });
  await expect(Client.connect({ connector, name: 'test' })).rejects.toMatchObject({ code: 'E_VERSION' });
});

test('a hello that is not answered is E_NO_DAEMON: none could be reached', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.scripts.set('hello', () => {});
  const connecting = Client.connect({ connector: daemon.connector, name: 'test', helloTimeoutMs: 50 });
  await expect(connecting).rejects.toMatchObject({ code: 'E_NO_DAEMON' });
});

test('a code that this build does not know is kept in the message', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.scripts.set('hello', (peer, request) => peer.refuse(request, 'E_TOMORROW', 'not yet'));
  const connecting = Client.connect({ connector: daemon.connector, name: 'test' });
  await expect(connecting).rejects.toMatchObject({ code: 'E_INTERNAL', message: 'not yet (E_TOMORROW)' });
});

test('what comes before the answer to hello is refused', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.scripts.set('hello', (peer) => peer.event({ event: 'forgotten', id: 'x' }));
  const connecting = Client.connect({ connector: daemon.connector, name: 'test' });
  await expect(connecting).rejects.toMatchObject({ code: 'E_PROTOCOL' });
});

test('the reason that the daemon gives for closing is the error', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.scripts.set('hello', (peer) => {
    peer.event({ event: 'closing', code: 'E_LIMIT', message: 'too many clients' });
    peer.cutOff();
  });
  const connecting = Client.connect({ connector: daemon.connector, name: 'test' });
  await expect(connecting).rejects.toMatchObject({ code: 'E_LIMIT', message: 'too many clients' });
});

test('a socket path of any length works', async () => {
  await using daemon = new ScriptedDaemon('n'.repeat(200));
  mkdirSync(dirname(daemon.socketPath));
  process.chdir(dirname(daemon.socketPath));
  await daemon.listen('d.sock');
  const client = await Client.connect({ connector: daemon.connector, name: 'test' });
  process.chdir('/');
  client.close();
});
