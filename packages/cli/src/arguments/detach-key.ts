import { parsePrefixKey, type PrefixKey } from '../terminal/detach-keys.ts';

/** The key that begins detaching, by option, environment or default; undefined if there shall be none. */
export function chosenPrefixKey(option: string | undefined, env: NodeJS.ProcessEnv): PrefixKey | undefined {
  if (option !== undefined) return parsePrefixKey('--detach-key', option);
  return parsePrefixKey('HOLDFAST_DETACH_KEY', env['HOLDFAST_DETACH_KEY'] || 'ctrl-]');
}
