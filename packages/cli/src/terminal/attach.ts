import { isTerminal, type Reactor } from '@holdfast/posix';
import { HoldfastError, type Session } from '@holdfast/protocol';
import type { Client } from '@holdfast/client';
import type { Context } from '../context.ts';
import type { PrefixKey } from './detach-keys.ts';
import { tellEnding } from './ending.ts';
import { viewSession } from './session-view.ts';

/** Shows a session in this terminal until it ends or the user detaches, and says which. Returns the exit code. */
export async function attachTo(
  session: Session,
  how: {
    client: Client;
    reactor: Reactor;
    context: Context;
    prefix: PrefixKey | undefined;
    readOnly: boolean;
    begin: 'screen' | 'output';
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

/** Throws unless keyboard and screen are a terminal. */
export function requireTerminal(hint: string): void {
  if (isTerminal(0) && isTerminal(1)) return;
  const what = isTerminal(0) ? 'stdout' : 'stdin';
  throw new HoldfastError('E_USAGE', `${what} is not a terminal; ${hint}`);
}
