import { createHash, randomBytes } from 'node:crypto';
import { eventually, LINE_BYTES, numberedLines, program, within } from '@holdfast/testkit';
import { expect } from 'vitest';
import { PersistentPage } from './persistent-page.ts';
import { TestHost } from './test-host.ts';

/** More than is printed in all: however long a host takes to start, nothing has to be skipped. */
const HISTORY_BYTES = 128 * 1024 * 1024;
const TYPED_BYTES = 400_000;

/**
 * Ends the host so many times, by force and by Ctrl-C in turn, while a program floods and another one echoes what a page types: both pages, and an API client,
 * go on, and all that came and all that was typed is exact.
 */
export async function hostSurvivesKills(kills: number): Promise<void> {
  await using host = await TestHost.start();
  const { terminal } = host.client();
  const gate = host.home.gate();
  const lines = kills * 250_000;
  const command = program('flood.py', lines, gate.path);
  const flood = await terminal.create.mutate({ command, historyBytes: HISTORY_BYTES });
  const echo = await terminal.create.mutate({
    command: ['sh', '-c', 'stty raw -echo; printf ready; exec cat'],
    historyBytes: 1_048_576,
  });
  const typed = Buffer.from(randomBytes(TYPED_BYTES / 2).toString('hex'));
  const reader = new PersistentPage(host, flood.id);
  const writer = new PersistentPage(host, echo.id, typed);
  try {
    await gate.open();
    for (let kill = 1; kill <= kills; kill += 1) {
      const { offset } = reader;
      const target = Math.min(offset + 100_000, lines * LINE_BYTES);
      await eventually('output goes on', () => reader.offset >= target, 60_000);
      // Every other time as an update of it ends it: pages are told.
      await (kill % 2 === 1 ? host.crash() : host.end());
      await host.start();
      const sessions = await host.client().terminal.list.query();
      expect(sessions.map(({ id, pid }) => ({ id, pid }))).toEqual(
        [flood, echo].map(({ id, pid }) => ({ id, pid })),
      );
    }
    await within('the flood has ended', reader.ended, 300_000);
    expect(reader.offset).toBe(lines * LINE_BYTES);
    expect(reader.sha256).toBe(createHash('sha256').update(numberedLines(0, lines)).digest('hex'));
    await eventually('all is typed', () => writer.done === typed.length, 120_000);
    const whole = Buffer.concat([Buffer.from('ready'), typed]);
    await eventually('all is echoed', () => writer.offset >= whole.length, 60_000);
    expect(writer.offset).toBe(whole.length);
    expect(writer.sha256).toBe(createHash('sha256').update(whole).digest('hex'));
    console.log(
      `host ended ${kills} times: ${reader.reconnects} and ${writer.reconnects} reconnects, ${reader.offset} bytes read, ${typed.length} typed, all exact`,
    );
    expect(reader.reconnects + writer.reconnects).toBeGreaterThan(0);
  } finally {
    reader.close();
    writer.close();
  }
}
