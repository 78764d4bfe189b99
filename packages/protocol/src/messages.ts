import * as z from 'zod/mini';
import { complaint, firstComplaint } from './complaint.ts';
import { KEEPER_LIMITS } from './keeper-limits.ts';
import { LIMITS } from './limits.ts';
import { isNestedTooDeeply } from './nesting.ts';
import { once } from './once.ts';

/**
 * The control messages, by direction. A request is `{"id", "type", …parameters}`; its answer is `{"id", "ok": {…}}` or
 * `{"id", "error": {"code", "message"}}`; what the daemon says unasked is `{"event", …}`. Unknown fields are ignored,
 * so that a later version may add some; a shipped field never changes its meaning.
 */

const count = once(() => z.int().check(z.gte(0)));
const offset = once(() => z.int().check(z.gte(0)));
const channel = once(() => z.int().check(z.gte(0), z.lte(0xffff_ffff)));
const extent = once(() => z.int().check(z.gte(1), z.lte(LIMITS.columnsOrRows)));
const leaseMs = once(() => z.int().check(z.gte(0), z.lte(LIMITS.leaseMsMax)));
/** An id, a unique prefix of one, or a name. */
const sessionRef = once(() => z.string().check(z.minLength(1), z.maxLength(256)));
const variableName = once(() =>
  z
    .string()
    .check(
      z.refine(
        (name) => /^[^=\0]+$/.test(name),
        'an environment variable has no name, or one with "=" or NUL',
      ),
    ),
);
/** Text that can become a C string. */
const cString = once(() =>
  z.string().check(z.refine((text) => !text.includes('\0'), 'contains a NUL character')),
);

/** How a session's program ended; `lost` when nobody can know. Never a made-up 0. */
export const exitShape = once(() =>
  z.union([
    z.object({ code: z.int() }),
    z.object({ signal: z.string() }),
    z.object({ lost: z.literal(true) }),
  ]),
);
/** How a session's program ended. */
export type Exit = z.infer<ReturnType<typeof exitShape>>;

/** A session as clients see it. */
export const sessionShape = once(() =>
  z.object({
    id: z.string(),
    name: z.string(),
    pid: z.int(),
    command: z.array(z.string()),
    cwd: z.string(),
    cols: z.int(),
    rows: z.int(),
    state: z.enum(['running', 'exited']),
    exit: z.nullable(exitShape()),
    /** ISO 8601, as all times are. */
    createdAt: z.string(),
    exitedAt: z.nullable(z.string()),
    /** Connections that are subscribed to it. */
    clients: count(),
    /** Bytes of output since the session began. */
    offset: offset(),
    /** Offset of the oldest byte still kept. */
    historyStart: offset(),
    historyBytes: count(),
    historyIn: z.enum(['disk', 'memory']),
    /** Short command name of the foreground process group's leader; null when it can't be told. */
    foreground: z.nullable(z.string()),
    /** What is not as it should be with this session, in plain words: "history is kept in memory: disk full". */
    warnings: z.array(z.string()),
    /** Present and true while the keeper has not taken a second copy of its terminal: a crash of the daemon would end it. */
    unescrowed: z.optional(z.boolean()),
  }),
);
/** A session as clients see it. */
export type Session = z.infer<ReturnType<typeof sessionShape>>;

/** Which daemon serves. */
export const daemonShape = once(() =>
  z.object({
    pid: z.int(),
    version: z.string(),
    build: z.string(),
    /** Version of the Node that runs it. */
    node: z.string(),
    /** How many daemons have served this home since it was started from nothing, this one included. */
    generation: z.int(),
    startedAt: z.string(),
  }),
);
/** Which daemon serves. */
export type DaemonIdentity = z.infer<ReturnType<typeof daemonShape>>;

/** Which process, and which build of Holdfast it runs. */
export const buildShape = once(() => z.object({ pid: z.int(), version: z.string(), build: z.string() }));
/** Which process, and which build of Holdfast it runs. */
export type RunningBuild = z.infer<ReturnType<typeof buildShape>>;

/** An upgrade before the hand-over itself, in which nobody can be asked. */
export const upgradeUnderWayShape = once(() =>
  z.object({
    /** `starting`, `previewing` or `settling`, as docs/upgrade.md tells them; others are of a later version. */
    phase: z.string(),
    since: z.string(),
    /** Pid of the successor; null as long as there is none. */
    successor: z.nullable(z.int()),
    /** The build that was asked for; null: whatever the file is. */
    expect: z.nullable(z.object({ version: z.string(), build: z.string() })),
  }),
);
/** An upgrade before the hand-over itself. */
export type UpgradeUnderWay = z.infer<ReturnType<typeof upgradeUnderWayShape>>;

/** How long the daemon's loop was busy, turn by turn: whatever happens meanwhile waits for so long. */
export const eventLoopShape = once(() =>
  z.object({
    /** Since when turns are counted: the daemon's start. */
    since: z.string(),
    turns: count(),
    p50Ms: z.number(),
    p99Ms: z.number(),
    maxMs: z.number(),
  }),
);

/** Who holds a program back at this moment. */
export const holderShape = once(() =>
  z.object({
    session: z.string(),
    by: z.enum(['leader', 'lease']),
    /** Pid of the client; null when its connection is gone and its lease still runs. */
    clientPid: z.nullable(z.int()),
    /** The offset beyond which it lets nothing be read. */
    limit: offset(),
  }),
);

/** A session that is kept and not served, and why. */
export const asideShape = once(() => z.object({ id: z.string(), why: z.string() }));

/** What program is to run in a new session, and how. */
export const openParameters = once(() =>
  z.object({
    /** Program and arguments. An empty list means the user's login shell, by `env.SHELL`. */
    command: z.array(cString()).check(z.maxLength(65_536)),
    cwd: cString(),
    /** The program's whole environment. */
    env: z.record(variableName(), cString()),
    name: z.optional(z.string()),
    cols: extent(),
    rows: extent(),
    historyBytes: z.optional(z.int().check(z.gte(LIMITS.historyBytesMin), z.lte(LIMITS.historyBytesMax))),
    historyIn: z.optional(z.enum(['disk', 'memory'])),
    /** A lease at the first byte, for an exact subscriber that is about to come: it misses nothing if it comes in time. */
    leaseMs: z.optional(leaseMs()),
    /** File mode creation mask of the program; the daemon's own is 077. */
    umask: z.optional(z.int().check(z.gte(0), z.lte(0o777))),
    /** Soft limit of open files for the program; Node has raised its own, which must not leak into a shell. */
    openFilesLimit: z.optional(z.int().check(z.gte(16))),
  }),
);
/** What program is to run in a new session, and how. */
export type OpenParameters = z.infer<ReturnType<typeof openParameters>>;

/** In hello's `limitedTo`: every session. A name that is this can't be limited to by it, but by its id. */
export const ALL_SESSIONS = '*';

/** client → daemon */
export const REQUESTS = {
  /** Must be the first, and only the first. */
  hello: {
    parameters: once(() =>
      z.object({
        protocols: z.array(z.int()).check(z.minLength(1), z.maxLength(64)),
        client: z.object({
          name: z.string().check(z.maxLength(64)),
          version: z.string().check(z.maxLength(64)),
        }),
        /** This connection shall only see this session, or all of them, and do nothing, for as long as it lasts. */
        limitedTo: z.optional(sessionRef()),
      }),
    ),
    /** `limitedTo`: the session's id, or ALL_SESSIONS. Absent from a daemon that knows no limits: whoever asked for one must leave. */
    result: once(() =>
      z.object({
        protocol: z.int(),
        daemon: daemonShape(),
        home: z.string(),
        limitedTo: z.optional(z.string()),
      }),
    ),
  },
  status: {
    parameters: once(() => z.object({})),
    result: once(() =>
      z.object({
        daemon: daemonShape(),
        sessions: z.object({ running: count(), exited: count() }),
        clients: count(),
        home: z.string(),
        holders: z.array(holderShape()),
        /** Sessions that are kept and not served, since they could not be rebuilt after a crash. */
        aside: z.optional(z.array(asideShape())),
        /** Absent from daemons that don't watch it. */
        eventLoop: z.optional(eventLoopShape()),
        /** Absent: none is under way. */
        upgrade: z.optional(upgradeUnderWayShape()),
      }),
    ),
  },
  list: {
    parameters: once(() => z.object({})),
    result: once(() => z.object({ sessions: z.array(sessionShape()) })),
  },
  get: {
    parameters: once(() => z.object({ session: sessionRef() })),
    result: once(() => z.object({ session: sessionShape() })),
  },
  open: { parameters: openParameters, result: once(() => z.object({ session: sessionShape() })) },
  /** Begins OUTPUT frames on a channel of the client's choosing. */
  subscribe: {
    parameters: once(() =>
      z.object({
        session: sessionRef(),
        channel: channel(),
        /** An offset; `start` = the oldest byte kept; `now` = the end as it is when the daemon reads this. */
        from: z.union(
          [offset(), z.literal('start'), z.literal('now')],
          'must be an offset, "start" or "now"',
        ),
        /** With `start`: begin at most this many bytes before the end. */
        newestBytes: z.optional(count()),
        /** `viewer` = a terminal, may lead, gets `resync` when it falls behind; `exact` = holds a lease, gets `gap`. */
        mode: z.enum(['viewer', 'exact']),
        leaseMs: z.optional(leaseMs()),
        /** A viewer that never types and never leads. */
        readOnly: z.optional(z.boolean()),
        /** A viewer that is sent at most so much beyond what it has acknowledged. 0: it gets its output elsewhere. */
        windowBytes: z.optional(count()),
        /** A viewer's terminal size; the leader's is the session's. */
        viewport: z.optional(z.object({ cols: extent(), rows: extent() })),
        /** The client's ssh agent: the session's stable SSH_AUTH_SOCK link is pointed at it. */
        sshAuthSock: z.optional(cString()),
        /** Session the client itself runs in (HOLDFAST_SESSION): attaching a session to itself is refused. */
        inside: z.optional(z.string()),
      }),
    ),
    result: once(() => z.object({ session: sessionShape(), offset: offset(), leading: z.boolean() })),
  },
  unsubscribe: { parameters: once(() => z.object({ channel: channel() })), result: once(() => z.object({})) },
  /** A viewer's terminal has another size now. */
  viewport: {
    parameters: once(() => z.object({ channel: channel(), cols: extent(), rows: extent() })),
    result: once(() => z.object({})),
  },
  /** Begins INPUT frames on a channel of the client's choosing; a known stream goes on where it was. */
  openInput: {
    parameters: once(() =>
      z.object({
        session: sessionRef(),
        channel: channel(),
        /** The client's random name for this stream of input; survives its reconnects. */
        stream: z.string().check(z.minLength(8), z.maxLength(LIMITS.streamIdCharacters)),
        /** Channel of the viewer of the same connection that leads when this is typed; default: the first that may. */
        viewer: z.optional(channel()),
        /** The client has sent on this stream before: one that the session doesn't know is refused, never begun anew. */
        again: z.optional(z.boolean()),
      }),
    ),
    /** `received`: the next byte that the daemon wants; `done`: bytes that reached the program's terminal. */
    result: once(() => z.object({ session: sessionShape(), received: offset(), done: offset() })),
  },
  closeInput: { parameters: once(() => z.object({ channel: channel() })), result: once(() => z.object({})) },
  /**
   * End of input: types the terminal's end-of-file character once all input before it is done, if the program's
   * terminal is in canonical mode; else nothing. `midLine` says that the last byte typed did not end a line.
   */
  endInput: {
    parameters: once(() => z.object({ channel: channel(), midLine: z.boolean() })),
    result: once(() => z.object({ typed: z.boolean() })),
  },
  resize: {
    parameters: once(() => z.object({ session: sessionRef(), cols: extent(), rows: extent() })),
    result: once(() => z.object({ session: sessionShape() })),
  },
  rename: {
    parameters: once(() => z.object({ session: sessionRef(), name: z.string() })),
    result: once(() => z.object({ session: sessionShape() })),
  },
  /** Sends one signal to the terminal's foreground process group. */
  signal: {
    parameters: once(() => z.object({ session: sessionRef(), signal: z.string() })),
    result: once(() => z.object({})),
  },
  /** Hang-up, then the whole process tree by force; answered when the session has exited. One that has already is E_EXITED. */
  kill: {
    parameters: once(() => z.object({ session: sessionRef() })),
    result: once(() => z.object({ session: sessionShape() })),
  },
  /** Drops an exited session and its history. */
  forget: { parameters: once(() => z.object({ session: sessionRef() })), result: once(() => z.object({})) },
  /** Starts the program of an exited session anew, in its folder and under its name and id; its history goes on. */
  restore: {
    parameters: once(() =>
      z.object({
        session: sessionRef(),
        /** The program's whole environment: that of the old one is not kept anywhere. */
        env: z.record(variableName(), cString()),
        /** As for `open`. */
        umask: z.optional(z.int().check(z.gte(0), z.lte(0o777))),
        openFilesLimit: z.optional(z.int().check(z.gte(16))),
      }),
    ),
    result: once(() => z.object({ session: sessionShape() })),
  },
  /** Answered when the session has exited. */
  wait: {
    parameters: once(() => z.object({ session: sessionRef() })),
    result: once(() => z.object({ session: sessionShape() })),
  },
  /** Nobody waits any more for the answer to a `wait` of this connection, which has the id `request`: it ends, as E_CANCELLED. */
  cancel: {
    parameters: once(() => z.object({ request: count() })),
    result: once(() => z.object({})),
  },
  /** What the session's terminal shows. */
  capture: {
    parameters: once(() =>
      z.object({
        session: sessionRef(),
        /** `vt`: what puts a fresh terminal of that size into the same state, modes and all. `paint`: the same for one in use. */
        format: z.enum(['text', 'ansi', 'html', 'vt', 'paint']),
        /** Lines above the screen; default none. */
        historyLines: z.optional(z.int().check(z.gte(0), z.lte(LIMITS.captureHistoryLines))),
        /** For `paint`: the size of that terminal. */
        viewport: z.optional(z.object({ cols: extent(), rows: extent() })),
      }),
    ),
    result: once(() =>
      z.object({
        /** Where in the output this is shown: all before it, and nothing behind it. */
        offset: offset(),
        cols: z.int(),
        rows: z.int(),
        /** From the upper left corner, both from 0. */
        cursor: z.object({ x: count(), y: count(), hidden: z.boolean() }),
        /** The program has the alternate buffer, which has no lines above the screen. */
        alternate: z.boolean(),
        /** Absent if the program has given none. */
        title: z.optional(z.string()),
        /** Why it may differ from what a terminal shows that was always there; empty if it does not. */
        incomplete: z.array(z.string()),
        /** Output that is not in it: from its first byte to behind its last. */
        gap: z.optional(z.object({ from: offset(), to: offset() })),
        text: z.string(),
      }),
    ),
  },
  /** When the output was written, and for which size of terminal: a part of it, to be asked for part by part. */
  timeline: {
    parameters: once(() =>
      z.object({
        session: sessionRef(),
        /** Where the part begins; what is before it may tell when it was. */
        from: offset(),
      }),
    ),
    result: once(() =>
      z.object({
        /** An offset and milliseconds since 1970: output from there on was written at that time. */
        times: z.array(z.tuple([offset(), z.number()])),
        /** The first is the size at `from`, if that is known. */
        sizes: z.array(z.object({ offset: offset(), cols: z.int(), rows: z.int(), timeMs: z.number() })),
        /** Where the next part begins; absent behind the last one. */
        next: z.optional(offset()),
      }),
    ),
  },
  /** From now on a `session` event for each change of any session; begins with none. */
  watch: {
    parameters: once(() => z.object({})),
    result: once(() => z.object({ sessions: z.array(sessionShape()) })),
  },
  /**
   * Replaces the daemon by another build, keeping every session and connection; answered on this connection by the
   * daemon that serves then, after the one before has ended. The same target asked for twice at once is one upgrade.
   */
  upgrade: {
    parameters: once(() =>
      z.object({
        /** Absolute path of the Node to run, and its arguments. */
        node: cString().check(z.minLength(1)),
        execArgv: z
          .array(cString().check(z.maxLength(KEEPER_LIMITS.nodeArgumentCharacters)))
          .check(z.maxLength(KEEPER_LIMITS.nodeArguments)),
        /** Absolute path of the file that runs the daemon. */
        entry: cString().check(z.minLength(1)),
        /** What must be serving in the end; anything else fails before anything was paused. */
        expect: z.optional(z.object({ version: z.string(), build: z.string() })),
        /** On the machine's monotonic clock, in nanoseconds, as text: after it nothing is begun any more. */
        deadline: z.optional(z.string().check(z.regex(/^\d{1,19}$/))),
        /** Started first, by absolute paths, where no keeper is: it starts the successor then. */
        keeper: z.optional(
          z.object({ node: cString().check(z.minLength(1)), entry: cString().check(z.minLength(1)) }),
        ),
      }),
    ),
    result: once(() =>
      z.object({
        from: buildShape(),
        to: buildShape(),
        sessions: count(),
        clients: z.object({ kept: count(), dropped: count() }),
        /** From the moment when the one before stopped reading until the one after began. */
        pauseMs: z.number(),
      }),
    ),
  },
  /** Ends every session, then the daemon; answered when all sessions have exited. */
  stop: { parameters: once(() => z.object({})), result: once(() => z.object({ ended: count() })) },
} as const;

/** The name of a request: a row of REQUESTS. */
export type RequestType = keyof typeof REQUESTS;
/** What a request takes, beside its id and type. */
export type RequestParameters<T extends RequestType> = z.infer<
  ReturnType<(typeof REQUESTS)[T]['parameters']>
>;
/** What a request that succeeded is answered with. */
export type RequestResult<T extends RequestType> = z.infer<ReturnType<(typeof REQUESTS)[T]['result']>>;

/** daemon → client, unasked. Those with a channel are in order with that channel's OUTPUT frames. */
export const EVENTS = {
  /** All output has been sent and the session has exited; nothing more comes on this channel. */
  exited: once(() =>
    z.object({ event: z.literal('exited'), channel: channel(), offset: offset(), exit: exitShape() }),
  ),
  /**
   * Exact subscribers: bytes that this channel will not get. `evicted` = no longer in the history; `crash` = up to
   * `to - from` bytes may be missing at `from`, and `to` is only a bound.
   */
  gap: once(() =>
    z.object({
      event: z.literal('gap'),
      channel: channel(),
      from: offset(),
      to: offset(),
      reason: z.enum(['evicted', 'crash']),
      /** When a crash was noticed: tells it from another at the same offset. */
      at: z.optional(z.string()),
    }),
  ),
  /** Viewers: it fell behind and output goes on at `offset`; what its terminal shows is no longer true. */
  resync: once(() => z.object({ event: z.literal('resync'), channel: channel(), offset: offset() })),
  /** The session's size changed at this offset of the output. */
  resized: once(() =>
    z.object({
      event: z.literal('resized'),
      channel: channel(),
      offset: offset(),
      cols: z.int(),
      rows: z.int(),
    }),
  ),
  /** This viewer has become, or is no longer, the leader. */
  leading: once(() =>
    z.object({
      event: z.literal('leading'),
      channel: channel(),
      leading: z.boolean(),
      /** From where in the output on. Absent from daemons that don't say. */
      offset: z.optional(offset()),
    }),
  ),
  /** Input of this channel whose fate is unknown after a crash; it is never typed again. */
  inputUnknown: once(() =>
    z.object({ event: z.literal('inputUnknown'), channel: channel(), from: offset(), to: offset() }),
  ),
  /** The program has ended: input of this channel beyond `done` was not typed and never will be. */
  inputClosed: once(() => z.object({ event: z.literal('inputClosed'), channel: channel(), done: offset() })),
  /** After `watch`: a session is new or has changed. */
  session: once(() => z.object({ event: z.literal('session'), session: sessionShape() })),
  /** After `watch`: a session was forgotten. */
  forgotten: once(() => z.object({ event: z.literal('forgotten'), id: z.string() })),
  /** The daemon closes this connection for this reason; the last frame. */
  closing: once(() => z.object({ event: z.literal('closing'), code: z.string(), message: z.string() })),
} as const;

/** The name of an event: a row of EVENTS. */
export type EventType = keyof typeof EVENTS;
/** What the daemon says unasked. */
export type Event = { [T in EventType]: z.infer<ReturnType<(typeof EVENTS)[T]>> }[EventType];

const requestEnvelope = once(() => z.object({ id: z.int().check(z.gte(0)), type: z.string() }));
const answerEnvelope = once(() =>
  z.union([
    z.object({ id: z.int(), ok: z.looseObject({}) }),
    z.object({ id: z.int(), error: z.object({ code: z.string(), message: z.string() }) }),
  ]),
);
const eventEnvelope = once(() => z.object({ event: z.string() }));
/** Any event. */
export const eventShape = once(() =>
  z.discriminatedUnion('event', [
    EVENTS.exited(),
    EVENTS.gap(),
    EVENTS.resync(),
    EVENTS.resized(),
    EVENTS.leading(),
    EVENTS.inputUnknown(),
    EVENTS.inputClosed(),
    EVENTS.session(),
    EVENTS.forgotten(),
    EVENTS.closing(),
  ]),
);

/** A request that was parsed and checked. */
export type Request = {
  [T in RequestType]: { id: number; type: T; parameters: RequestParameters<T> };
}[RequestType];

/** What parsing a request can come to. A bad one still has its id if that could be read, to answer it by. */
export type ParsedRequest =
  | { kind: 'request'; request: Request }
  | {
      kind: 'bad';
      id: number | undefined;
      code: 'E_PROTOCOL' | 'E_UNKNOWN_REQUEST' | 'E_BAD_REQUEST';
      message: string;
    };

/** Builds what parseRequest needs: a daemon does so when it starts, so that no client waits for it later. */
export function prepareForRequests(): void {
  requestEnvelope();
  for (const { parameters } of Object.values(REQUESTS)) parameters();
}

/** Parses a client's control frame. Never throws. */
export function parseRequest(json: string): ParsedRequest {
  const document = parseJson(json);
  const envelope = requestEnvelope().safeParse(document, { error: complaint });
  if (!envelope.success) {
    const why = document === undefined ? 'it is not JSON' : firstComplaint(envelope.error);
    const message = `a control frame is not a request: ${why}`;
    return { kind: 'bad', id: undefined, code: 'E_PROTOCOL', message };
  }
  const { id, type } = envelope.data;
  if (!isRequestType(type)) {
    return {
      kind: 'bad',
      id,
      code: 'E_UNKNOWN_REQUEST',
      message: `there is no request "${type.slice(0, 64)}"`,
    };
  }
  const parameters = REQUESTS[type].parameters().safeParse(document, { error: complaint });
  if (!parameters.success) {
    return {
      kind: 'bad',
      id,
      code: 'E_BAD_REQUEST',
      message: `${type}: ${firstComplaint(parameters.error)}`,
    };
  }
  // The table pairs each type with its parameters; TypeScript can't follow that through the look-up.
  return { kind: 'request', request: { id, type, parameters: parameters.data } as Request };
}

/** What the daemon can say in a control frame. `ignored` = an event of a later version. */
export type FromDaemon =
  | { kind: 'answer'; id: number; ok: unknown }
  | { kind: 'failure'; id: number; code: string; message: string }
  | { kind: 'event'; event: Event }
  | { kind: 'ignored' }
  | { kind: 'bad'; message: string };

/** Parses a control frame from the daemon; the `ok` of an answer is checked by parseResult. Never throws. */
export function parseFromDaemon(json: string): FromDaemon {
  const document = parseJson(json);
  const answer = answerEnvelope().safeParse(document, { error: complaint });
  if (answer.success) {
    const { data } = answer;
    if ('error' in data) return { kind: 'failure', id: data.id, ...data.error };
    return { kind: 'answer', id: data.id, ok: data.ok };
  }
  const named = eventEnvelope().safeParse(document, { error: complaint });
  if (!named.success) {
    return { kind: 'bad', message: document === undefined ? 'it is not JSON' : firstComplaint(named.error) };
  }
  const type = named.data.event;
  if (!isEventType(type)) return { kind: 'ignored' };
  const event = EVENTS[type]().safeParse(document, { error: complaint });
  if (!event.success) return { kind: 'bad', message: `${type}: ${firstComplaint(event.error)}` };
  return { kind: 'event', event: event.data };
}

/** Checks the result of an answered request. Never throws. */
export function parseResult<T extends RequestType>(
  type: T,
  ok: unknown,
): { kind: 'result'; result: RequestResult<T> } | { kind: 'bad'; message: string } {
  const parsed = REQUESTS[type].result().safeParse(ok, { error: complaint });
  if (!parsed.success) return { kind: 'bad', message: `${type}: ${firstComplaint(parsed.error)}` };
  return { kind: 'result', result: parsed.data as RequestResult<T> };
}

function isRequestType(type: string): type is RequestType {
  return Object.hasOwn(REQUESTS, type);
}

function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENTS, type);
}

function parseJson(json: string): unknown {
  if (isNestedTooDeeply(json)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
