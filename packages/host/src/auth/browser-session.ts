import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { cookieNameFor, sharedCookieName } from './cookie-name.ts';
import type { FailureCount, GuardOptions } from './guard.ts';

/** A browser that does not come back for so long needs the token again. */
const COOKIE_MS = 30 * 24 * 60 * 60 * 1000;

const loginShape = z.object({ token: z.string().max(128) });

/**
 * `POST /auth/session {"token"}` trades a token for a cookie that no script can read and no foreign page can use; `DELETE`
 * drops it.
 */
export function addBrowserSession(
  server: FastifyInstance,
  options: GuardOptions & { isTls: boolean; failures: FailureCount },
): void {
  const { tokens, cookieName, isTls, failures } = options;
  const attributes = { httpOnly: true, sameSite: 'strict', path: '/', secure: isTls } as const;

  server.post('/auth/session', { config: { isOpen: true }, bodyLimit: 1_024 }, async (request, reply) => {
    const parsed = loginShape.safeParse(request.body);
    const principal = parsed.success ? tokens.verify(parsed.data.token) : undefined;
    // A browser's own is not traded: who was given a link could have ever more of them.
    if (!principal || principal.kind === 'browser') {
      const error = { code: 'E_UNAUTHORIZED', message: 'the token is wrong, has expired, or was revoked' };
      return reply.code((await failures(request)) ? 429 : 401).send({ error });
    }
    const { share, expiresAtMs = Number.POSITIVE_INFINITY } = principal;
    const name = share ? sharedCookieName(cookieName, share.session) : cookieName;
    // Browsers send all of them along: none is kept for longer than it is good for anything.
    const keptMs = Math.max(0, Math.min(COOKIE_MS, expiresAtMs - Date.now()));
    const cookie = tokens.browser(principal, keptMs);
    reply.setCookie(name, cookie, { ...attributes, maxAge: Math.ceil(keptMs / 1000) });
    return { share: share ?? null };
  });

  server.delete('/auth/session', async (request, reply) => {
    const { principal } = request;
    const name = cookieNameFor(request, cookieName);
    // Only what a browser was given ends with it; a token that was sent as such goes on.
    if (principal && request.cookies[name] !== undefined) tokens.revokeBrowser(principal.tokenId);
    reply.clearCookie(name, attributes);
    return {};
  });
}
