import { type ErrorCode, HoldfastError, isErrorCode } from '@holdfast/protocol';
import * as z from 'zod/mini';
import { FLEET_LIMITS } from './limits.ts';

/** What requests to a machine, its answers, and what is kept in the buckets look like. All of it is JSON. */

const errorCode = z.pipe(
  z.string(),
  z.transform((code): ErrorCode => (isErrorCode(code) ? code : 'E_INTERNAL')),
);

/** Text that another machine says, and that is shown: of no more than such things have. */
export const word = z.string().check(z.maxLength(FLEET_LIMITS.wordCharacters));
export const path = z.string().check(z.maxLength(FLEET_LIMITS.pathCharacters));

/**
 * Stands in each request, and each has nothing but what it is to have: the servers themselves publish answers of theirs to any
 * subject that they are given as a reply, by somebody who may not publish there.
 */
const marked = { holdfast: z.literal(1) };
const tunnelId = z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/));
const windowBytes = z.int().check(z.gte(1), z.lte(FLEET_LIMITS.peerWindowBytes));

export const openRequest = z.strictObject({
  ...marked,
  /** Unguessable: names the tunnel in its subjects. */
  id: tunnelId,
  /** Bytes that the client takes at the beginning. */
  windowBytes,
  /** Tunnels of the same client that have broken: their connections end before the new one begins. */
  replaces: z.array(tunnelId).check(z.maxLength(64)),
});
export type OpenRequest = Omit<z.infer<typeof openRequest>, keyof typeof marked>;
export const openAnswer = z.object({ windowBytes });

export const upgradeRequest = z.strictObject({
  ...marked,
  timeoutMs: z.optional(z.int().check(z.gte(1), z.lte(600_000))),
});
/** Of what can only be asked as it is. */
export const bareRequest = z.strictObject(marked);

/** With what a program starts that somebody opens from elsewhere: the machine's login, not that of who asks. */
export const surroundings = z.object({
  env: z.record(z.string(), z.string()),
  cwd: z.string(),
  umask: z.int(),
  openFilesLimit: z.optional(z.int()),
});
export type Surroundings = z.infer<typeof surroundings>;

const failure = z.object({ error: z.object({ code: errorCode, message: z.string() }) });
const success = z.object({ ok: z.unknown() });

export function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

export function encodeRequest(parameters: object): Uint8Array {
  return encodeJson({ holdfast: 1, ...parameters });
}

export function encodeFailure(error: unknown): Uint8Array {
  const { code, message } =
    error instanceof HoldfastError
      ? error
      : { code: 'E_INTERNAL', message: error instanceof Error ? error.message : String(error) };
  return encodeJson({ error: { code, message } });
}

/** What a machine has answered. Throws what it says went wrong, or E_PROTOCOL for what is no answer. */
export function parseAnswer<T>(bytes: Uint8Array, shape: z.ZodMiniType<T>): T {
  const json = parseJson(bytes);
  const failed = failure.safeParse(json);
  if (failed.success) {
    const { code, message } = failed.data.error;
    throw new HoldfastError(code, message);
  }
  const answered = success.safeParse(json);
  const result = answered.success ? shape.safeParse(answered.data.ok) : undefined;
  if (!result?.success) throw new HoldfastError('E_PROTOCOL', "the host's answer can't be read");
  return result.data;
}

/** Throws E_BAD_REQUEST. */
export function parseRequest<T>(bytes: Uint8Array, shape: z.ZodMiniType<T>): T {
  const parsed = shape.safeParse(parseJson(bytes));
  if (!parsed.success) throw new HoldfastError('E_BAD_REQUEST', z.prettifyError(parsed.error));
  return parsed.data;
}

/** Undefined for what is none. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined; // SyntaxError
  }
}
