import { createHash } from 'node:crypto';

/** Cookies know no ports: hosts of several homes on one machine must not overwrite each other's. */
export function cookieNameOf({ folder }: { readonly folder: string }): string {
  return `holdfast-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`;
}
