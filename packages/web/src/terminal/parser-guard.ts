import { guardSequences } from '@holdfast/screen/sequence-guards';
import type { Terminal } from '@xterm/xterm';
import { coreOf } from './core.ts';

/**
 * Keeps a terminal going whatever a program prints: xterm.js parses nothing any more, for ever, once something that it parses has
 * thrown. The rest of that piece is not shown then, and `onFault` is called; what comes next is.
 */
export function guardParser(terminal: Terminal, onFault: (cause: unknown) => void): void {
  const core = coreOf(terminal);
  guardSequences(core);
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
