import { isTerminal, type Reactor } from '@holdfast/posix';
import { type Exit, HoldfastError, type Session } from '@holdfast/protocol';
import type { Client } from '@holdfast/client';
import { isHomeInUse } from '@holdfast/supervisor';
import type { Context } from '../context.ts';
import { EXIT } from '../output/exit-codes.ts';
import { printable } from '../output/printable.ts';
import { formatExit } from '../output/session-table.ts';
import type { PrefixKey } from './detach-keys.ts';
import { type Ending, viewSession } from './session-view.ts';

/** Shows a session in this terminal until it ends or the user detaches, and says which. Returns the exit code. */
export async function attachTo(
  session: Session,
  how: {
    client: Client;
    reactor: Reactor;
    context: Context;
    prefix: PrefixKey | undefined;
    readOnly: boolean;
    from: 'newest' | 'start';
  },
): Promise<number> {
  const { context, ...view } = how;
  const ending = await viewSession({
    ...view,
    session,
    env: context.env,
    signals: 'leave',
    note: context.note,
  });
  return tellEnding(ending, session, context);
}

/** What to say after a view; throws if the daemon was lost, or the output had nowhere to go. */
export function tellEnding(ending: Ending, { name }: Session, context: Context): number {
  if (ending.kind === 'lost') {
    const { code, message } = ending.error;
    const fate = isHomeInUse(context.home) ? '' : '; the daemon has ended, and the program with it';
    throw new HoldfastError(code, `can't show ${printable(name)} any longer: ${message}${fate}`, {
      cause: ending.error,
    });
  }
  if (ending.kind === 'unwritable') {
    const shown = printable(name);
    const why = `${ending.error.message}; ${shown} goes on running: holdfast attach ${shown}`;
    throw new HoldfastError('E_INTERNAL', `can't write the output: ${why}`, { cause: ending.error });
  }
  if (ending.kind === 'exited') context.note(`[${exitInWords(ending.exit)}]`);
  if (ending.kind === 'detached') {
    const shown = printable(name);
    context.note(`[detached from ${shown}; it goes on running: holdfast attach ${shown}]`);
  }
  return EXIT.done;
}

/** How a session's program ended. */
export function exitInWords(exit: Exit): string {
  return 'lost' in exit ? 'lost: the daemon was killed, and the program ended with it' : formatExit(exit);
}

/** Throws unless keyboard and screen are a terminal. */
export function requireTerminal(hint: string): void {
  if (isTerminal(0) && isTerminal(1)) return;
  const what = isTerminal(0) ? 'stdout' : 'stdin';
  throw new HoldfastError('E_USAGE', `${what} is not a terminal; ${hint}`);
}
