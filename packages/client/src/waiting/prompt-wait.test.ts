import { setTimeout as passed } from 'node:timers/promises';
import { encodeControl, type Request } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import type { Peer } from '../../test/kit/peer.ts';
import { ScriptedDaemon } from '../../test/kit/scripted-daemon.ts';
import { Client } from '../client.ts';
import { PromptWait } from './prompt-wait.ts';

const PROMPT = Buffer.from('\x1b]133;A\x07$ \x1b]133;B\x07');
const RUNS = Buffer.from('building\r\n');
const NEXT_PROMPT = Buffer.concat([Buffer.from('\x1b]133;D;3\x07'), PROMPT]);
/** Longer than a prompt has to stand. */
const STANDS_MS = 600;

/** Shows a prompt, and behind it a crash, in which the beginning of a command may have got lost. */
function showPromptAndCrash(daemon: ScriptedDaemon, after: (peer: Peer, channel: number) => void): void {
  const session = daemon.addSession('shell', PROMPT);
  daemon.scripts.set('subscribe', (peer: Peer, request: Request) => {
    if (request.type !== 'subscribe') return;
    const { channel } = request.parameters;
    const result = { session: session.describe(), offset: 0, leading: false };
    peer.send(encodeControl({ id: request.id, ok: result }));
    peer.output(channel, 0, PROMPT);
    const to = PROMPT.length + 4_095;
    peer.event({ event: 'gap', channel, from: PROMPT.length, to, reason: 'crash' });
    after(peer, channel);
  });
}

test('a prompt before a crash does not count when something was printed behind it: a command may run', async () => {
  await using daemon = await ScriptedDaemon.listen();
  let goOn: () => void = () => undefined;
  showPromptAndCrash(daemon, (peer, channel) => {
    peer.output(channel, PROMPT.length, RUNS);
    goOn = () => peer.output(channel, PROMPT.length + RUNS.length, NEXT_PROMPT);
  });
  await using client = await Client.connect({ connector: daemon.connector, name: 'test' });
  const wait = new PromptWait();
  let isMet = false;
  const waiting = wait.run(client, 'shell').finally(() => {
    isMet = true;
  });
  await passed(STANDS_MS);
  expect(isMet).toBe(false);
  goOn();
  expect(await waiting).toBe(true);
  expect(wait.lastExit).toBe(3);
});

test('a prompt before a crash counts when nothing has come since', async () => {
  await using daemon = await ScriptedDaemon.listen();
  showPromptAndCrash(daemon, () => undefined);
  await using client = await Client.connect({ connector: daemon.connector, name: 'test' });
  expect(await new PromptWait().run(client, 'shell')).toBe(true);
});
