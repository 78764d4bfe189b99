import { type Exit, HoldfastError, type Session } from '@holdfast/protocol';
import { isHomeInUse } from '@holdfast/supervisor';
import type { Context } from '../context.ts';
import { EXIT } from '../output/exit-codes.ts';
import { printable } from '../output/printable.ts';
import { formatExit } from '../output/session-table.ts';
import { typedCommand } from '../output/typed-command.ts';

/** How a view ends. */
export type Ending =
  | { readonly kind: 'exited'; readonly exit: Exit }
  | { readonly kind: 'detached' }
  /** The user's terminal has gone. */
  | { readonly kind: 'closed' }
  /** The reader of the output has gone, as `head` does. */
  | { readonly kind: 'unread' }
  /** The output can't be written, as on a full disk. `exit`: how the program has ended, if that is known. */
  | { readonly kind: 'unwritable'; readonly error: Error; readonly exit?: Exit }
  | { readonly kind: 'lost'; readonly error: HoldfastError };

/** What to say after a view. Returns the exit code; throws if the daemon was lost, or the output had nowhere to go. */
export function tellEnding(ending: Ending, { name }: Session, context: Context): number {
  const { home, host, note } = context;
  const shown = printable(name);
  const goesOn = `goes on running: ${typedCommand(context, 'attach', shown)}`;
  if (ending.kind === 'lost') {
    const { code, message } = ending.error;
    // Of another machine's daemon nothing more is known.
    const mayRunOn = host !== undefined || isHomeInUse(home);
    const fate = mayRunOn ? '' : '; the daemon has ended, and the session with it';
    throw new HoldfastError(code, `can't show ${shown} any longer: ${message}${fate}`, {
      cause: ending.error,
    });
  }
  if (ending.kind === 'unwritable') {
    const { error, exit } = ending;
    const fate = exit ? `has ended (${exitInWords(exit)})` : goesOn;
    throw new HoldfastError('E_INTERNAL', `can't write the output: ${error.message}; ${shown} ${fate}`, {
      cause: error,
    });
  }
  if (ending.kind === 'exited') note(`[${exitInWords(ending.exit)}]`);
  if (ending.kind === 'detached') note(`[detached from ${shown}; it ${goesOn}]`);
  if (ending.kind !== 'unread') return EXIT.done;
  note(`[nobody reads the output any more; ${shown} ${goesOn}]`);
  return EXIT.unread;
}

/** How a session ended. Of one that is lost nothing more can be said: its program may even run on, without its terminal. */
export function exitInWords(exit: Exit): string {
  return 'lost' in exit
    ? "lost: the session is over, and how its program ended can't be known"
    : formatExit(exit);
}
