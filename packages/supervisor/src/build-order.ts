import parse from 'semver/functions/parse.js';

/** How one version compares to another by semver; what is no version counts as equal to any, since its order is not known. */
export function orderOf(version: string, other: string): -1 | 0 | 1 {
  const [a, b] = [parse(version), parse(other)];
  return a && b ? a.compare(b) : 0;
}
