import { createInterface } from 'node:readline/promises';
import type { Client } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import type { Context } from '../context.ts';
import { connectIfRunning } from './connect.ts';
import { isHomeInUse } from '@holdfast/supervisor';
import { keeperReport } from '@holdfast/supervisor/keeper-report';
import { countSessions } from '../output/count-sessions.ts';

/** From the answer to `stop` to the end of the process: it only has to close files. */
const EXIT_PATIENCE_MS = 5_000;
const CHECK_MS = 10;

export type Stopped =
  | { readonly kind: 'notRunning' }
  | { readonly kind: 'declined' }
  | { readonly kind: 'stoppedKeeper' }
  | { readonly kind: 'stopped'; readonly ended: number };

/** Ends every session and the daemon, after asking; says so if the answer is no. Throws if nobody can be asked. */
export async function stopDaemon(context: Context, { isSure }: { isSure: boolean }): Promise<Stopped> {
  let client: Client | undefined;
  try {
    client = await connectIfRunning(context);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'E_HELD') return stopKeeper(context, isSure);
    throw error;
  }
  if (!client) return { kind: 'notRunning' };
  try {
    const { sessions } = await client.request('status', {});
    if (!isSure && sessions.running > 0 && !(await confirm(sessions.running))) return decline(context);
    const { ended } = await client.request('stop', {}, { timeoutMs: null });
    await untilGone(context);
    return { kind: 'stopped', ended };
  } finally {
    client.close();
  }
}

/** No daemon can be had to end the sessions: they are hung up when nobody holds their terminals any more. */
async function stopKeeper(context: Context, isSure: boolean): Promise<Stopped> {
  const keeper = keeperReport(context.home);
  if (!keeper) return { kind: 'notRunning' };
  if (!isSure && !(await ask('no daemon runs, and this ends all programs that wait for one')))
    return decline(context);
  process.kill(keeper.pid, 'SIGTERM');
  await untilGone(context);
  return { kind: 'stoppedKeeper' };
}

function decline(context: Context): Stopped {
  context.note('Nothing was ended.');
  return { kind: 'declined' };
}

function confirm(running: number): Promise<boolean> {
  return ask(
    `this ends ${countSessions(running)} and everything that runs in ${running === 1 ? 'it' : 'them'}`,
  );
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

/** The home is free only when the process has ended; a daemon that starts before that would find it taken. */
async function untilGone({ home }: Context): Promise<void> {
  const deadline = performance.now() + EXIT_PATIENCE_MS;
  while (isHomeInUse(home)) {
    if (performance.now() > deadline) {
      throw new HoldfastError('E_TIMEOUT', 'all sessions have ended, but the daemon has not');
    }
    await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
  }
}
