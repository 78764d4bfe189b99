import {
  asideShape,
  buildShape,
  daemonShape,
  type ErrorCode,
  eventLoopShape,
  HoldfastError,
  holderShape,
  isErrorCode,
} from '@holdfast/protocol';
import { keeperReportShape } from '@holdfast/protocol/keeper-report';
import type { UpgradeOutcome } from '@holdfast/supervisor';
import type { SupervisorStatus } from '@holdfast/supervisor/status';
import * as z from 'zod/mini';

// What a host answers in the supervisor's own words. It may be of another version, or lie.

const count = z.int().check(z.gte(0));
const text = z.string();

const statusShape: z.ZodMiniType<SupervisorStatus> = z.object({
  daemon: z.nullable(daemonShape()),
  keeper: z.nullable(
    z.extend(keeperReportShape, {
      holding: z.nullable(z.object({ since: z.nullable(text), crashes: count, reason: z.nullable(text) })),
    }),
  ),
  update: z.object({
    pending: z.boolean(),
    running: z.nullable(text),
    available: z.nullable(text),
    failure: z.nullable(z.object({ code: text, reason: text, at: text })),
    underWay: z.nullable(
      z.object({ to: z.nullable(text), phase: text, since: text, successor: z.nullable(z.int()) }),
    ),
  }),
  sessions: z.object({ running: count, exited: count }),
  clients: count,
  home: text,
  holders: z.array(holderShape()),
  aside: z.array(asideShape()),
  eventLoop: z.nullable(eventLoopShape()),
});

const outcomeShape: z.ZodMiniType<UpgradeOutcome> = z.union([
  z.object({
    ok: z.literal(true),
    keeper: z.nullable(text),
    from: buildShape(),
    to: buildShape(),
    sessions: count,
    clients: z.object({ kept: count, dropped: count }),
    pauseMs: z.number(),
  }),
  z.object({
    ok: z.literal(true),
    keeper: z.nullable(text),
    from: z.null(),
    to: buildShape(),
    sessions: count,
  }),
  z.object({
    ok: z.literal(false),
    code: z.pipe(
      text,
      z.transform((code): ErrorCode => (isErrorCode(code) ? code : 'E_INTERNAL')),
    ),
    reason: text,
    sessions: z.nullable(count),
  }),
]);

/** Throws E_PROTOCOL for what is no status. */
export function readStatusAnswer(answer: unknown): SupervisorStatus {
  return read(statusShape, answer);
}

/** Throws E_PROTOCOL for what is no outcome. */
export function readUpgradeAnswer(answer: unknown): UpgradeOutcome {
  return read(outcomeShape, answer);
}

function read<T>(shape: z.ZodMiniType<T>, answer: unknown): T {
  const parsed = shape.safeParse(answer);
  if (!parsed.success) throw new HoldfastError('E_PROTOCOL', "the host's answer can't be read");
  return parsed.data;
}
