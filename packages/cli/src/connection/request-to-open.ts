import type { OpenParameters } from '@holdfast/protocol';
import { type OpenChoices, openRequest, startsHere } from '../arguments/open-options.ts';
import type { Context } from '../context.ts';

/** What a terminal is: it is here, wherever the program is. */
const TERMINAL = ['TERM', 'COLORTERM', 'LANG', 'LC_ALL', 'LC_CTYPE'] as const;

/** The request that opens a session as this process would start a program, or as the host would that is meant. */
export async function requestToOpen(
  { env, host }: Context,
  choices: OpenChoices,
  program: readonly string[],
): Promise<OpenParameters> {
  if (host === undefined) return openRequest(choices, program, startsHere(env));
  const { inFleet } = await import('../fleet/in-fleet.ts');
  const there = await inFleet(env, (fleet) => fleet.surroundings(host));
  const terminal = Object.fromEntries(TERMINAL.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  return openRequest(choices, program, {
    env: { ...there.env, ...terminal },
    cwd: () => there.cwd,
    umask: there.umask,
    openFilesLimit: there.openFilesLimit,
  });
}
