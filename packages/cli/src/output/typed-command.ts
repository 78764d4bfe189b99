import type { Context } from '../context.ts';
import { shellWord } from './shell-word.ts';

/** A command as the user can type it where this one was typed, and that means the same daemon. */
export function typedCommand(
  { env, home, host }: Pick<Context, 'env' | 'home' | 'host'>,
  ...words: readonly string[]
): string {
  const isNamed = home.namespace !== (env['HOLDFAST_NAMESPACE'] || 'default');
  const where = host !== undefined ? ['--host', host] : isNamed ? ['--namespace', home.namespace] : [];
  return ['holdfast', ...where, ...words].map(shellWord).join(' ');
}
