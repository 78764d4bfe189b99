import { agoOf } from '../sessions/describe.ts';
import type { Machine } from './fleet.ts';

/** The build of the daemon that runs there, VERSION+BUILD; of the host service while it isn't known. */
export function versionText({ daemon, version, build }: Machine): string {
  return daemon?.running ?? `${version}+${build}`;
}

/** `just now`, `5m ago`. */
export function sinceText(iso: string, nowMs: number): string {
  const ago = agoOf(Date.parse(iso), nowMs);
  return ago === 'now' ? 'just now' : `${ago} ago`;
}
