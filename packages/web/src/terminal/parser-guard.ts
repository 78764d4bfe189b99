import type { Terminal } from '@xterm/xterm';
import { type Core, coreOf } from './core.ts';

/**
 * Keeps a terminal going whatever a program prints: xterm.js parses nothing any more, for ever, once something that it parses has
 * thrown. The rest of that piece is not shown then, and `onFault` is called; what comes next is.
 */
export function guardParser(terminal: Terminal, onFault: (cause: unknown) => void): void {
  const core = coreOf(terminal);
  avoidThrow(core);
  const handler = core._inputHandler;
  const parse = handler.parse.bind(handler);
  handler.parse = (data, promiseResult) => {
    try {
      return parse(data, promiseResult);
    } catch (cause) {
      handler._parser.reset();
      onFault(cause);
      return undefined;
    }
  };
}

/**
 * From the last cell of a screen without scrollback, xterm.js 6.0 throws at "erase above": it looks for a line below the last.
 * Everything is erased then, which it can do under another number. `@holdfast/screen` does the same.
 */
function avoidThrow(core: Core): void {
  for (const id of [{ final: 'J' }, { prefix: '?', final: 'J' }])
    core._inputHandler._parser.registerCsiHandler(id, ({ params }) => {
      const { x, y, lines } = core.buffers.active;
      if (params[0] === 1 && x + 1 >= core.cols && !lines.get(y + 1)) params[0] = 2;
      return false;
    });
}
