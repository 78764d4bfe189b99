import { expect, test } from 'vitest';
import type { Peer } from '../../test/kit/peer.ts';
import { ScriptedDaemon } from '../../test/kit/scripted-daemon.ts';
import { Client } from '../client.ts';
import { OutputSearch } from './output-search.ts';
import { waitForOutput } from './wait-for-output.ts';

const BEFORE = Buffer.from('a long history ');

/** A session of which the screen is looked at before the end of its output has been searched. Tells why the match may be incomplete. */
async function incompleteWith(end: string): Promise<readonly string[]> {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one', Buffer.concat([BEFORE, Buffer.from(end)]));
  const { length } = session.output;
  let showEnd: () => void = () => undefined;
  daemon.scripts.set('subscribe', (peer: Peer, request) => {
    if (request.type !== 'subscribe') return;
    const { channel } = request.parameters;
    peer.answer(request, { session: session.describe(), offset: 0, leading: false });
    peer.output(channel, 0, BEFORE);
    showEnd = () => peer.output(channel, BEFORE.length, session.output.subarray(BEFORE.length));
  });
  daemon.scripts.set('capture', (peer: Peer, request) => {
    if (request.type !== 'capture') return;
    const cursor = { x: 0, y: 0, hidden: false };
    const shown = { text: 'ready', cols: 80, rows: 24, cursor, alternate: false };
    peer.answer(request, { ...shown, offset: length, incomplete: ['crash'] });
  });
  await using client = await Client.connect({ connector: daemon.connector, name: 'test' });
  let reasons: readonly string[] = [];
  const onIncomplete = (told: readonly string[]) => {
    reasons = told;
  };
  const waiting = waitForOutput(client, 'one', new OutputSearch(/ready/g), { onIncomplete });
  await daemon.requested.until(({ type }) => type === 'capture');
  // Answered behind the screen.
  await client.request('list', {});
  showEnd();
  expect(await waiting).toBe(true);
  return reasons;
}

test('a screen that may be incomplete is no reason to say so, if what is waited for stands in the output that it shows', async () => {
  expect(await incompleteWith('ready')).toEqual([]);
  expect(await incompleteWith('rea\x1b[mdy')).toEqual(['crash']);
});
