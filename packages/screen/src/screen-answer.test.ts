import { expect, test } from 'vitest';
import { Emulators } from './emulator.ts';
import { screenAnswer } from './screen-answer.ts';
import type { UnseenTerminal } from './queries/answers.ts';

const UNSEEN: UnseenTerminal = { cols: 20, rows: 4, facts: {} };

test.each([
  { where: 'there', seen: '\x1b[2;3r\x1bP$qr', next: '\x1b[1mtext' },
  { where: 'behind what comes next', seen: '\x1b[2;3r\x1bP$qr\x1b[1m', next: 'text' },
])(
  'a query that the next sequence ends is answered once, and no output is taken for its rest: $where',
  ({ seen, next }) => {
    using emulator = new Emulators().open({ cols: 20, rows: 4 });
    emulator.feed(Buffer.from(seen));
    expect(screenAnswer(emulator, '\x1bP$qr', UNSEEN)).toBe('\x1bP1$r2;3r\x1b\\');
    emulator.feed(Buffer.from(next));
    expect(emulator.terminal.buffer.active.getLine(0)?.translateToString(true)).toBe('text');
  },
);
