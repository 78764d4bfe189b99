import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';

const queryShape = z.object({ share: z.string().regex(/^[\w-]{1,64}$/) });

/** Cookies know no ports: hosts of several homes on one machine must not overwrite each other's. */
export function cookieNameOf({ folder }: { readonly folder: string }): string {
  return `holdfast-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`;
}

/** Each shared session has a cookie of its own: to open a shared link must not end the owner's login in the same browser. */
export function sharedCookieName(cookieName: string, session: string): string {
  return `${cookieName}-${session}`;
}

/** The cookie that counts for a request: that of the shared session which it names by `?share=SESSION`, else the owner's. */
export function cookieNameFor({ query }: FastifyRequest, cookieName: string): string {
  const { data } = queryShape.safeParse(query);
  return data ? sharedCookieName(cookieName, data.share) : cookieName;
}
