/** Replaced by the bundler; absent when sources run unbundled (unit tests). */
declare const __HOLDFAST_VERSION__: string | undefined;
declare const __HOLDFAST_BUILD__: string | undefined;

/** Version number of this build, from the root package.json; `0.0.0-source` when run unbundled. */
export const VERSION: string =
  typeof __HOLDFAST_VERSION__ === 'string' ? __HOLDFAST_VERSION__ : '0.0.0-source';

/** Content hash of this build (12 hex digits): two builds are the same exactly when this is equal. */
export const BUILD: string = typeof __HOLDFAST_BUILD__ === 'string' ? __HOLDFAST_BUILD__ : 'source';

/** Protocol versions this build speaks, oldest first. A shipped version never changes its meaning. */
export const PROTOCOLS: readonly number[] = [1];

/** The highest version that both sides speak, or undefined if there is none. */
export function highestCommonProtocol(theirs: readonly number[]): number | undefined {
  return PROTOCOLS.filter((version) => theirs.includes(version)).at(-1);
}
