import * as z from 'zod/mini';
import { complaint, firstComplaint } from './complaint.ts';
import { KEEPER_LIMITS } from './keeper-limits.ts';

export const count = z.int().check(z.gte(0));
/** 0 and below mean process groups and "any child" to the system calls. */
export const pid = z.int().check(z.gte(1), z.lte(0x7fff_ffff));

/** One JSON document of a given shape. Throws Error with what is wrong with it. */
export function parse<T>(shape: z.ZodMiniType<T>, text: string): T {
  if (text.length > KEEPER_LIMITS.messageBytes) throw new Error(`longer than ${KEEPER_LIMITS.messageBytes}`);
  const parsed = shape.safeParse(JSON.parse(text), { error: complaint });
  if (!parsed.success) throw new Error(firstComplaint(parsed.error));
  return parsed.data;
}
