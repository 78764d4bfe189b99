import { createInterface } from 'node:readline/promises';
import { HoldfastError } from '@holdfast/protocol';
import type { Context } from '../context.ts';
import { countSessions } from '../output/count-sessions.ts';
import { connectIfRunning } from './connect.ts';

/**
 * Whether all sessions may be ended, of which somebody is asked if any run; says so if the answer is no. Throws if nobody can be
 * asked.
 */
export async function mayEndSessions(context: Context, { isSure }: { isSure: boolean }): Promise<boolean> {
  if (isSure) return true;
  const consequence = await consequenceOfEnding(context);
  if (consequence === undefined || (await ask(consequence))) return true;
  context.note('Nothing was ended.');
  return false;
}

/** undefined if nothing runs. */
async function consequenceOfEnding(context: Context): Promise<string | undefined> {
  try {
    const client = await connectIfRunning(context);
    const status = await client?.request('status', {});
    client?.close();
    const running = status?.sessions.running ?? 0;
    if (running === 0) return undefined;
    return `this ends ${countSessions(running)} and everything that runs in ${running === 1 ? 'it' : 'them'}`;
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'E_HELD') throw error;
    return 'no daemon runs, and this ends all programs that wait for one';
  }
}

async function ask(consequence: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new HoldfastError('E_RUNNING', `${consequence}, and nobody can be asked: use --yes`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`holdfast: ${consequence}. Go on? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    // Ctrl-C or Ctrl-D is a no; the cursor still stands behind the question.
    process.stderr.write('\n');
    return false;
  } finally {
    terminal.close();
  }
}
