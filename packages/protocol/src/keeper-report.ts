import * as z from 'zod/mini';
import { count, parse, pid } from './keeper-document.ts';

/** What keeper.json in the runtime folder says, and `status` answers. */
export const keeperReportShape = z.object({
  pid,
  /** Tells it from a later process with its pid: clock ticks since boot, 0 where that is not known. */
  startTime: z.optional(count),
  version: z.string(),
  build: z.string(),
  /** `held`: it starts no daemon any more until it is told to; programs go on. */
  state: z.enum(['running', 'held']),
  /** Since when it is held; null: it is not. An earlier keeper does not say it. */
  heldSince: z.optional(z.nullable(z.string())),
  daemonPid: z.nullable(pid),
  /** Daemons in a row that died before they were ready, or soon after. */
  failures: count,
  /** Why it is held, or how the last daemon ended. */
  reason: z.nullable(z.string()),
});
export type KeeperReport = z.infer<typeof keeperReportShape>;

/** The text of keeper.json. Throws Error if it is none. */
export function parseKeeperReport(text: string): KeeperReport {
  return parse(keeperReportShape, text);
}
