import { drawAnsi, type Emulator, Emulators, modeDifferences, type ScreenSize } from '@holdfast/screen';
import { eventually, type Terminal } from '@holdfast/testkit';
import type { AlwaysAttached } from './always-attached.ts';

const emulators = new Emulators();

/** What a user's terminal shows, by all that was written to it. It has the size with which it was opened. */
export function shownBy(terminal: Terminal, size: ScreenSize): Emulator {
  const emulator = emulators.open(size);
  emulator.feed(terminal.screen.bytes);
  return emulator;
}

/** Resolves when the user's terminal shows what one shows that was always attached; fails with what is different. */
export async function untilSame(
  terminal: Terminal,
  size: ScreenSize,
  always: AlwaysAttached,
  withinMs?: number,
): Promise<void> {
  let found: string[] = [];
  try {
    await eventually(
      'the two terminals show the same',
      () => {
        using attached = shownBy(terminal, size);
        const expected = always.emulator();
        found = shownDifferences(expected, attached);
        return found.length === 0;
      },
      withinMs,
    );
  } catch (cause) {
    throw new Error(`the terminals differ: ${found.join('\n')}`, { cause });
  }
}

/**
 * The terminal of a user has lines of its own above those of the session, and has been told to switch off what it never had on. Everything
 * else is compared: cells with attributes, the session's lines above the screen, cursor, modes, title.
 */
function shownDifferences(always: Emulator, user: Emulator): string[] {
  const hidden = always.internals.isAlternate ? '' : 'saved cursor of the alternate buffer';
  const found = modeDifferences(comparable(always), comparable(user)).filter(
    (difference) => hidden === '' || !difference.startsWith(hidden),
  );
  const lines = always.internals.isAlternate ? 0 : always.internals.normal.ybase;
  const [expected, shown] = [linesOf(always, lines), linesOf(user, lines)];
  for (const [index, line] of expected.entries())
    if (shown[index] !== line)
      found.push(`line ${index - lines}: ${JSON.stringify(line)}, not ${JSON.stringify(shown[index])}`);
  if (shown.length < expected.length) found.push(`${expected.length - shown.length} lines are missing`);
  const [a, b] = [always, user].map(({ terminal }) => terminal.buffer.active);
  if (a?.cursorX !== b?.cursorX || a?.cursorY !== b?.cursorY)
    found.push(`cursor: ${a?.cursorX},${a?.cursorY}, not ${b?.cursorX},${b?.cursorY}`);
  return found.slice(0, 12);
}

function linesOf(emulator: Emulator, historyLines: number): string[] {
  return drawAnsi(emulator, { historyLines }).split('\n');
}

/** Modes that were reset and never set say nothing. */
function comparable(emulator: Emulator): Emulator {
  for (const [mode, isSet] of emulator.tracked.modes) if (!isSet) emulator.tracked.modes.delete(mode);
  return emulator;
}
