import { expect, test } from 'vitest';
import { ScriptedDaemon } from '../../test/kit/scripted-daemon.ts';
import { Client } from '../client.ts';
import { Terminal } from './terminal.ts';

test('output is given up while it is being opened, and let go of when it is opened later', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one', Buffer.from('output'));
  let answer = () => {};
  daemon.scripts.set('subscribe', (peer, request) => {
    answer = () => peer.answerAsUsual(request);
  });
  await using client = await Client.connect({ connector: daemon.connector, name: 'test' });
  const terminal = await Terminal.find(client, 'one');
  const stop = new AbortController();
  const reading = terminal.output({ signal: stop.signal }).next();
  await daemon.requested.until(({ type }) => type === 'subscribe');
  const reason = new Error('enough');
  stop.abort(reason);
  await expect(reading).rejects.toBe(reason);
  answer();
  await daemon.requested.until(({ type }) => type === 'unsubscribe');
});

test('output ends at its end, also within a piece, though the program goes on; what lies behind is not told', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one', Buffer.from('output'));
  await using client = await Client.connect({ connector: daemon.connector, name: 'test' });
  const terminal = await Terminal.find(client, 'one');
  const pieces: string[] = [];
  for await (const piece of terminal.output({ from: 1, to: 4 }))
    pieces.push(piece.kind === 'output' ? Buffer.from(piece.bytes).toString() : piece.reason);
  expect(pieces).toEqual(['utp']);
  await daemon.requested.until(({ type }) => type === 'unsubscribe');
});
