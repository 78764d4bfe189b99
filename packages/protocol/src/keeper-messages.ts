import * as z from 'zod/mini';
import { complaint, firstComplaint } from './complaint.ts';
import { count, parse, pid } from './keeper-document.ts';
import { KEEPER_LIMITS } from './keeper-limits.ts';
import { keeperReportShape } from './keeper-report.ts';

/**
 * The two protocols of the keeper, as rows: messages between it and its daemons, one JSON document each on a socket that keeps
 * message boundaries and carries descriptors; and requests on its own socket, one line of JSON in, one out. docs/keeper.md
 * explains them. Unknown fields are ignored; a shipped field never changes its meaning.
 */

const heldName = z
  .string()
  .check(z.refine((name) => isHeldName(name), 'must be "lock", "listener" or "session/" and an id'));
/** Text that can become a C string. */
const cString = (characters: number) =>
  z.string().check(
    z.maxLength(characters),
    z.refine((text) => !text.includes('\0'), 'contains a NUL character'),
  );
const file = cString(KEEPER_LIMITS.pathCharacters).check(
  z.refine((path) => path.startsWith('/'), 'must be an absolute path'),
);

/** How a daemon is started, but for the arguments that say which home it is for. */
const startFields = {
  node: file,
  nodeArguments: z
    .array(cString(KEEPER_LIMITS.nodeArgumentCharacters))
    .check(z.maxLength(KEEPER_LIMITS.nodeArguments)),
  entry: file,
};
export const daemonStartShape = z.object(startFields);
export type DaemonStart = z.infer<typeof daemonStartShape>;

/** A number that an answer has from its question: who asks again must not take the answer to the first for that to the second. */
const question = z.optional(count);

/** An exit status as the keeper knows it: from the kernel, never guessed. */
export const statusShape = z.union([z.object({ code: z.int() }), z.object({ signal: z.string() })]);

/**
 * Who is at the other end of a channel. `current`: the daemon that serves, or is about to; `successor`: one that has not been
 * granted; `predecessor`: one that is alive while its successor has been granted.
 */
export type Role = 'current' | 'successor' | 'predecessor';

interface ToKeeperRow {
  readonly fields: z.ZodMiniObject;
  /** Whether a descriptor comes with it. */
  readonly fd: boolean;
  /** Who may say it; from others it is refused. */
  readonly from: readonly Role[];
}

/** daemon → keeper */
export const TO_KEEPER = {
  /** Keep this descriptor under this name, in place of one that had it. With `pid`, the exit status of that process, too. */
  hold: {
    fields: z.object({ name: heldName, pid: z.optional(pid) }),
    fd: true,
    from: ['current', 'predecessor'],
  },
  /** Close what is held under this name. Statuses stay until `taken`. */
  drop: { fields: z.object({ name: heldName }), fd: false, from: ['current', 'predecessor'] },
  /** Give me everything: `give` for each descriptor, `exited` for each status, then `given`. */
  giveBack: { fields: z.object({}), fd: false, from: ['current'] },
  /** I serve. */
  ready: { fields: z.object({}), fd: false, from: ['current'] },
  /** How this process of mine has ended is in no file yet: keep it until `taken`. A keeper of an earlier build passes it over. */
  ended: {
    fields: z.object({ name: heldName, pid, status: statusShape }),
    fd: false,
    from: ['current', 'predecessor'],
  },
  /** The exit status of this process has been recorded. */
  taken: { fields: z.object({ pid }), fd: false, from: ['current', 'predecessor'] },
  /** A channel for a successor, please. */
  channel: { fields: z.object({ question }), fd: false, from: ['current'] },
  /** Start this successor for me, with this descriptor as its channel to me: it is then the keeper's child from the start. */
  spawn: { fields: z.object({ ...startFields, question }), fd: true, from: ['current'] },
  /** I have taken over everything and read nothing: if the predecessor dies now, I can go on. */
  adopted: { fields: z.object({ pid }), fd: false, from: ['successor'] },
  /** May I be current? If I die, this is what to start. */
  current: { fields: z.object({ pid, ...startFields }), fd: false, from: ['current', 'successor'] },
  /** All sessions have ended, and so shall I; end with me. */
  stop: { fields: z.object({}), fd: false, from: ['current'] },
} as const satisfies Record<string, ToKeeperRow>;

/** keeper → daemon */
export const FROM_KEEPER = {
  /** It is held, and outlives the daemon. Nobody should wait for this. */
  held: { fields: z.object({ name: heldName }), fd: false },
  /** A descriptor that was held. It stays held. */
  give: { fields: z.object({ name: heldName, pid: z.optional(pid) }), fd: true },
  /** That was everything: so many descriptors. */
  given: { fields: z.object({ count }), fd: false },
  /** A process of a held session has ended; told again to each new daemon, until one has taken it. */
  exited: { fields: z.object({ pid, status: statusShape }), fd: false },
  /** The successor's end of its channel. */
  channel: { fields: z.object({ question }), fd: true },
  /** The successor runs, and has a channel to the keeper. */
  spawned: { fields: z.object({ pid, question }), fd: false },
  /** You are current. Also unasked, when the predecessor of one that has adopted everything dies. */
  granted: { fields: z.object({}), fd: false },
  /** No: to `channel`, `spawn`, `current`, or anything that may not be said. `to` names what it answers. */
  refused: { fields: z.object({ to: z.string(), reason: z.string(), question }), fd: false },
  /** The successor that was granted has died; you are current again. */
  currentAgain: { fields: z.object({}), fd: false },
} as const satisfies Record<string, Omit<ToKeeperRow, 'from'>>;

type Messages<Rows extends Record<string, { fields: z.ZodMiniType }>> = {
  [Type in keyof Rows]: { readonly type: Type } & FieldsOf<z.infer<Rows[Type]['fields']>>;
}[keyof Rows];
/** An empty shape is inferred as one that allows no field at all, not even the type. */
type FieldsOf<Fields> = string extends keyof Fields ? unknown : Readonly<Fields>;
export type ToKeeper = Messages<typeof TO_KEEPER>;
export type FromKeeper = Messages<typeof FROM_KEEPER>;

/** keeper's socket: request → answer */
export const KEEPER_REQUESTS = {
  status: { parameters: z.object({}), result: z.object({ report: keeperReportShape }) },
  /** Start this daemon, which also forgives the crashes; it is what is started from now on. If one runs, nothing happens. */
  resume: { parameters: z.object(startFields), result: z.object({ daemonPid: z.nullable(pid) }) },
  /** Become this keeper: the same process, with all that it holds. Answered by the new one. */
  replace: {
    parameters: z.object(startFields),
    result: z.object({ pid, version: z.string(), build: z.string() }),
  },
} as const;
export type KeeperRequestType = keyof typeof KEEPER_REQUESTS;
export type KeeperRequest = {
  [Type in KeeperRequestType]: {
    readonly type: Type;
    readonly parameters: z.infer<(typeof KEEPER_REQUESTS)[Type]['parameters']>;
  };
}[KeeperRequestType];
export type KeeperResult<Type extends KeeperRequestType> = z.infer<(typeof KEEPER_REQUESTS)[Type]['result']>;

// The tables pair each type with its fields; TypeScript can't follow that through a look-up, hence "as" below.

/** A message from a daemon. Throws UnknownMessageError for another type, Error with what is wrong with it. */
export function parseToKeeper(text: string): ToKeeper {
  return parseMessage(TO_KEEPER, text) as ToKeeper;
}

/** A message from the keeper. Throws UnknownMessageError for another type, Error with what is wrong with it. */
export function parseFromKeeper(text: string): FromKeeper {
  return parseMessage(FROM_KEEPER, text) as FromKeeper;
}

/** A line that came to the keeper's socket. Throws Error with what is wrong with it. */
export function parseKeeperRequest(line: string): KeeperRequest {
  const { type } = parse(typed, line);
  if (!Object.hasOwn(KEEPER_REQUESTS, type)) throw new Error(`the keeper knows no request ${type}`);
  const { parameters } = KEEPER_REQUESTS[type as KeeperRequestType];
  return { type, parameters: parse<object>(parameters, line) } as KeeperRequest;
}

/** The keeper's answer. Throws Error with its reason if it is a refusal, or with what is wrong with it. */
export function parseKeeperAnswer<Type extends KeeperRequestType>(
  type: Type,
  line: string,
): KeeperResult<Type> {
  const answer = parse(answerShape, line);
  if ('error' in answer) throw new Error(answer.error);
  const result = KEEPER_REQUESTS[type].result.safeParse(answer.ok, { error: complaint });
  if (!result.success) throw new Error(`the keeper answers ${type} with ${firstComplaint(result.error)}`);
  return result.data as KeeperResult<Type>;
}

/** Whether a descriptor can be held under this name. */
export function isHeldName(name: string): boolean {
  if (name === 'lock' || name === 'listener') return true;
  const id = /^session\/([A-Za-z0-9_-]+)$/.exec(name)?.[1];
  return id !== undefined && id.length <= KEEPER_LIMITS.sessionIdCharacters;
}

/** A type that only another build knows: passed over, since what it is about is none of this one's. */
export class UnknownMessageError extends Error {
  override readonly name = 'UnknownMessageError';

  constructor(type: string) {
    super(`no such message: ${type}`);
  }
}

const typed = z.object({ type: z.string().check(z.maxLength(64)) });
const answerShape = z.union([z.object({ error: z.string() }), z.object({ ok: z.unknown() })]);

function parseMessage(rows: Record<string, { fields: z.ZodMiniType<object> }>, text: string): object {
  const { type } = parse(typed, text);
  const row = Object.hasOwn(rows, type) ? rows[type] : undefined;
  if (!row) throw new UnknownMessageError(type);
  return { ...parse(row.fields, text), type };
}
