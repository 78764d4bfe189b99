import { homedir } from 'node:os';
import { machinesOf } from './machines.ts';
import type { Surroundings } from './restore.ts';
import type { ApiContext } from './trpc.ts';

/** With what a program starts, wherever that is. */
export interface ProgramSurroundings {
  /** The home folder of the user there. */
  readonly home: string;
  readonly passed: Surroundings;
}

/** What the page's terminals are. */
const TERMINAL = { TERM: 'xterm-256color', COLORTERM: 'truecolor' };
const NOT_INHERITED = /^(COLUMNS|LINES|TERM_PROGRAM.*|HOLDFAST_SESSION|HOLDFAST_TEST_.*)$/;

/** Of this host, or of another machine, which is asked. Throws HoldfastError if that can't be. */
export async function surroundingsOf(
  context: Pick<ApiContext, 'env' | 'programs' | 'machines'>,
  machine: string | undefined,
): Promise<ProgramSurroundings> {
  if (machine === undefined) return { home: homedir(), passed: ownSurroundings(context) };
  const { env, cwd, umask, openFilesLimit } = await machinesOf(context).surroundings(machine);
  const limit = openFilesLimit === undefined ? {} : { openFilesLimit };
  return { home: cwd, passed: { umask, ...limit, env: { ...env, ...TERMINAL } } };
}

/** The host's own environment, less what is true only of its terminal; its mask and limits. */
function ownSurroundings({ env: hostEnv, programs }: Pick<ApiContext, 'env' | 'programs'>): Surroundings {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(hostEnv))
    if (value !== undefined && !NOT_INHERITED.test(key)) env[key] = value;
  return { ...programs, env: { ...env, ...TERMINAL } };
}
