import { expect } from 'vitest';
import { Client } from '../../src/client.ts';
import type { Connector } from '../../src/transport.ts';
import { noise, seeded, sha256 } from './random.ts';
import type { ScriptedDaemon } from './scripted-daemon.ts';

const OUTPUT_BYTES = 3_000_000;
const TYPED_BYTES = 1_000_000;

/** Output and input of a session are exact though connections are cut anywhere. Returns the client, which is still to be closed. */
export async function exactThroughCuts(
  daemon: ScriptedDaemon,
  { connector, seed }: { connector: Connector; seed: number },
): Promise<Client> {
  const session = daemon.addSession('one', noise(OUTPUT_BYTES));
  session.exit = { code: 0 };
  const random = seeded(seed);
  daemon.cut = () => ({ sentBytes: 600 + random(300_000), receivedBytes: 600 + random(300_000) });
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
  const typed = noise(TYPED_BYTES);
  const written = input.write(typed);
  expect(await exited).toBe(OUTPUT_BYTES);
  await written;
  expect(sha256(...output)).toBe(sha256(session.output));
  expect(sha256(...session.typed)).toBe(sha256(typed));
  expect(daemon.complaints).toEqual([]);
  return client;
}
