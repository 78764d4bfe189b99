import type { TerminalSize } from '@holdfast/posix';
import { END_OF_SEQUENCE, resetSequence } from './restore.ts';
import type { TerminalModes } from './terminal-modes.ts';

/** What a shell may have left otherwise than a painted screen expects it. */
const NEUTRAL = '\x1b[m\x1b(B\x0f\x1b[?6l\x1b[r\x1b[?7h\x1b[4l';
const EMPTY_SCREEN = '\x1b[H\x1b[J';

/**
 * What makes room for a session's screen in a terminal in use. What is on it moves into its scrollback, to the line above the cursor, and
 * no further: so nothing is lost, and no blank lines are between it and the session's own.
 */
export function makeRoom({ rows }: TerminalSize): string {
  return `\r${'\n'.repeat(Math.max(0, rows - 1))}${NEUTRAL}${EMPTY_SCREEN}`;
}

/** The same where the screen shows what is not true any more. */
export function startOver(modes: TerminalModes, { cols }: TerminalSize): string {
  return `${END_OF_SEQUENCE}${resetSequence(modes, cols)}${NEUTRAL}${EMPTY_SCREEN}`;
}
