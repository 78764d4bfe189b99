import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { noise, seeded, sha256 } from '../../test/kit/random.ts';
import { ScriptedDaemon } from '../../test/kit/scripted-daemon.ts';
import { Client } from '../client.ts';
import { streamConnector } from './stream.ts';

test('output and input are exact through streams that are cut anywhere, and closing ends the last one', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one', noise(3_000_000));
  session.exit = { code: 0 };
  const random = seeded(11);
  daemon.cut = () => ({ sentBytes: 600 + random(300_000), receivedBytes: 600 + random(300_000) });
  const opened: Duplex[] = [];
  const connector = streamConnector(async () => {
    const stream = connect(daemon.socketPath);
    await once(stream, 'connect');
    opened.push(stream);
    return stream;
  });
  const client = await Client.connect({ connector, name: 'test' });
  const output: Buffer[] = [];
  const exited = new Promise<number>((resolve) => {
    void client.subscribe('one', {
      from: 'start',
      mode: 'exact',
      onData: (bytes) => {
        output.push(Buffer.from(bytes));
      },
      onExited: ({ offset }) => resolve(offset),
    });
  });
  const input = await client.openInput('one');
  const typed = noise(1_000_000);
  const written = input.write(typed);
  expect(await exited).toBe(3_000_000);
  await written;
  expect(sha256(...output)).toBe(sha256(session.output));
  expect(sha256(...session.typed)).toBe(sha256(typed));
  expect(daemon.complaints).toEqual([]);
  expect(opened.length).toBeGreaterThan(2);
  client.close();
  await Promise.all(opened.filter(({ closed }) => !closed).map((stream) => once(stream, 'close')));
});
