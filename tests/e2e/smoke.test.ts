import { numberedLines, sha256, startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';

test('a flood of a million bytes is recorded as it was written', async () => {
  await using daemon = await startDaemon();
  const recording = await daemon.record(await daemon.open('flood.py', [65_536]));
  const { exit, offset } = await recording.exited();
  expect(exit).toEqual({ code: 0 });
  expect(offset).toBe(65_536 * 16);
  expect(sha256(recording.bytes)).toBe(sha256(numberedLines(0, 65_536)));
});

test('a terminal shows a session', async () => {
  await using daemon = await startDaemon();
  const terminal = daemon.home.terminal(['new', '--', '/bin/sh']);
  await terminal.waitFor('$ ');
  const modes = terminal.modes;
  terminal.type('echo $((6*7))\r');
  await terminal.waitFor('42');
  terminal.type('exit 3\r');
  expect(await terminal.ended()).toEqual({ code: 0 });
  expect(terminal.modes).not.toBe(modes);
});
