import { close, openPty, read, WOULD_BLOCK } from '@holdfast/posix';
import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TITLE } from './restore.ts';
import { TerminalGuard } from './terminal-guard.ts';
import { TerminalModes } from './terminal-modes.ts';

test('what keeps the title is left to whoever writes the output, and told once', () => {
  const { master, slavePath } = openPty({ cols: 80, rows: 24 });
  const screenFd = openSync(slavePath, 'r+');
  const guard = new TerminalGuard({ keyboardFd: undefined, screenFd, modes: new TerminalModes() });
  try {
    expect([guard.keepTitle(), guard.keepTitle()]).toEqual([TITLE.keep, '']);
    expect(read(master, Buffer.alloc(64), 0, 64)).toBe(WOULD_BLOCK);
  } finally {
    guard.dispose();
    closeSync(screenFd);
    close(master);
  }
});
