/**
 * What the old program may have left on in a terminal, put back without a cell of its text being touched: the output may have
 * stopped within a sequence (CAN), on the alternate screen (whose way back restores a cursor, so one is saved before), or anywhere.
 */
const BACK_TO_TEXT =
  '\x18\x1b7\x1b[?1049l\x1b[!p\x1b[?2026l\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l' +
  '\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b[?7h\x1b[?25h\x1b>\x1b[>4m\x1b[<99u\x1b[0 q\x1b[20l\x1b(B\x1b)B\x0f\x1b]8;;\x1b\\\x1b[0m';

/** What stands in the output between what the old program has printed and what the new one prints. */
export function restoredLine(at: Date): string {
  const time = `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const text = `[restored at ${time}: what is above was printed before; the program was started anew]`;
  return `${BACK_TO_TEXT}\r\n\x1b[J\x1b[2m${text}\x1b[0m\r\n`;
}
