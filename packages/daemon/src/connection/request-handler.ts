import { signalNumber, type TurnSummary } from '@holdfast/posix';
import {
  type DaemonIdentity,
  type Event,
  highestCommonProtocol,
  ALL_SESSIONS,
  HoldfastError,
  LIMITS,
  PROTOCOLS,
  type Request,
  type RequestParameters,
  type RequestResult,
  type RequestType,
  type UpgradeUnderWay,
} from '@holdfast/protocol';
import type { Log } from '../log.ts';
import type { Screens } from '../screen/screens.ts';
import type { SessionRegistry } from '../session/registry.ts';
import type { Session } from '../session/session.ts';
import type { Connection, Requests } from './connection.ts';
import { checkLimit } from './limit.ts';

/** What requests act on. */
export interface RequestSurroundings {
  readonly registry: SessionRegistry;
  readonly log: Log;
  readonly screens: Screens;
  readonly identity: DaemonIdentity;
  /** Where the daemon keeps its state, for people. */
  readonly home: string;
  readonly connections: ReadonlySet<Connection>;
  /** undefined: nobody is about to take over. */
  upgradeUnderWay(): UpgradeUnderWay | undefined;
  /** How long the loop was busy, turn by turn. */
  turnTimes(): TurnSummary;
  /** Hands over to another build; never returns if that succeeds, since the successor answers. */
  upgrade(connection: Connection, parameters: RequestParameters<'upgrade'>): Promise<never>;
  /** Ends all sessions and then the daemon; resolves with how many were running. */
  stop(callerPid: number | null): Promise<number>;
}

/**
 * Requests for which neither a hand-over nor the next request of their client waits: their answer waits for an event, or (`capture`) they
 * change nothing and may take a while. The successor goes on with them, or makes them anew.
 */
const UNAWAITED: ReadonlySet<RequestType> = new Set([
  'wait',
  'kill',
  'endInput',
  'stop',
  'upgrade',
  'capture',
]);

/** A result that is JSON in UTF-8 already. */
class EncodedResult {
  readonly json: Uint8Array;

  constructor(json: Uint8Array) {
    this.json = json;
  }
}

/** An answer that an event follows at once. */
class AnswerAndEvent<T extends RequestType> {
  readonly result: RequestResult<T>;
  readonly event: Event;

  constructor(result: RequestResult<T>, event: Event) {
    this.result = result;
    this.event = event;
  }
}

/** Those whose result is large encode it elsewhere. */
type ResultOf<T extends RequestType> = T extends 'capture'
  ? EncodedResult
  : RequestResult<T> | AnswerAndEvent<T>;

type Handlers = {
  [T in RequestType]: (
    connection: Connection,
    parameters: RequestParameters<T>,
    id: number,
  ) => ResultOf<T> | Promise<ResultOf<T>>;
};

/** Carries out requests: one function for each row of the table. */
export class RequestHandler implements Requests {
  readonly registry: SessionRegistry;
  readonly #surroundings: RequestSurroundings;
  readonly #running = new Set<Promise<void>>();
  /** Those who asked a predecessor for the upgrade that has made this daemon. */
  readonly #upgradesDone: { connection: Connection; request: Request }[] = [];

  constructor(surroundings: RequestSurroundings) {
    this.#surroundings = surroundings;
    this.registry = surroundings.registry;
  }

  /**
   * Answers at once, or when the returned promise resolves, or, if there is none, when something happens; never throws what
   * is the request's fault.
   */
  handle(connection: Connection, request: Request): Promise<void> | undefined {
    if (request.type === 'hello' && connection.saidHello) {
      throw new HoldfastError('E_PROTOCOL', 'hello was said twice');
    }
    // The request was parsed by the row of its type, so the parameters are those of its handler.
    const handler = this.#handlers[request.type] as (
      connection: Connection,
      parameters: unknown,
      id: number,
    ) => unknown;
    const { limitedTo } = connection;
    return this.#carryOut(connection, request, () => {
      if (limitedTo !== undefined)
        checkLimit(request, limitedTo, (reference) => this.registry.find(reference).id);
      return handler(connection, request.parameters, request.id);
    });
  }

  /** Goes on with a request that a predecessor had begun. */
  resume(connection: Connection, request: Request): void {
    switch (request.type) {
      case 'upgrade':
        connection.begin(request);
        this.#upgradesDone.push({ connection, request });
        return;
      case 'kill':
        // The killing itself goes on with the session.
        void this.#carryOut(connection, request, () => this.#exited(connection, request.parameters));
        return;
      default:
        void this.handle(connection, request);
    }
  }

  /** Answers those who asked for the upgrade that has been done, and nobody who asks for the next one by now. */
  answerUpgrades(result: RequestResult<'upgrade'>): void {
    for (const { connection, request } of this.#upgradesDone.splice(0))
      connection.answer(request, { ok: result });
  }

  /** Resolves when no request is being carried out but those that wait for an event, which a successor can wait for too. */
  async untilIdle(): Promise<void> {
    do {
      await Promise.allSettled(this.#running);
      // What is in the midst of being answered, in microtasks, is answered by then.
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#running.size > 0);
  }

  #carryOut(connection: Connection, request: Request, action: () => unknown): Promise<void> | undefined {
    connection.begin(request);
    try {
      const result = action();
      if (result instanceof AnswerAndEvent) {
        connection.answer(request, { ok: result.result });
        connection.send(result.event);
        return undefined;
      }
      if (!(result instanceof Promise)) {
        connection.answer(request, { ok: result });
        return undefined;
      }
      const running = result.then(
        (ok: unknown) =>
          ok instanceof EncodedResult
            ? connection.answerEncoded(request, ok.json)
            : connection.answer(request, { ok }),
        (error: unknown) => this.#fail(connection, request, error),
      );
      if (UNAWAITED.has(request.type)) return undefined;
      this.#running.add(running);
      void running.finally(() => this.#running.delete(running));
      return running;
    } catch (error) {
      this.#fail(connection, request, error);
    }
    return undefined;
  }

  #fail(connection: Connection, request: Request, error: unknown): void {
    const { type } = request;
    if (error instanceof HoldfastError) {
      connection.answer(request, { error: { code: error.code, message: error.message } });
      if (type === 'hello') connection.end(error);
      return;
    }
    this.#surroundings.log('request.fault', {
      type,
      error: error instanceof Error ? error.stack : String(error),
    });
    const message = `${type} failed: ${error instanceof Error ? error.message : String(error)}`;
    connection.answer(request, { error: { code: 'E_INTERNAL', message } });
  }

  readonly #handlers: Handlers = {
    hello: (connection, { protocols, limitedTo: reference }) => {
      const protocol = highestCommonProtocol(protocols);
      if (protocol === undefined) {
        const why = `this daemon speaks protocol ${PROTOCOLS.join(', ')}, the client ${protocols.join(', ')}`;
        throw new HoldfastError('E_VERSION', why);
      }
      const isOne = reference !== undefined && reference !== ALL_SESSIONS;
      const limitedTo = isOne ? this.registry.find(reference).id : reference;
      connection.welcome(protocol, limitedTo);
      const { identity: daemon, home } = this.#surroundings;
      return { protocol, daemon, home, ...(limitedTo === undefined ? {} : { limitedTo }) };
    },

    status: () => {
      const { identity, home, connections } = this.#surroundings;
      const upgrade = this.#surroundings.upgradeUnderWay();
      const exited = this.registry.all.filter((session) => session.hasExited).length;
      return {
        daemon: identity,
        sessions: { running: this.registry.all.length - exited, exited },
        clients: connections.size,
        home,
        holders: this.registry.all.flatMap((session) => this.#holderOf(session)),
        ...(this.registry.aside.length > 0 ? { aside: this.registry.aside } : {}),
        eventLoop: { since: identity.startedAt, ...this.#surroundings.turnTimes() },
        ...(upgrade ? { upgrade } : {}),
      };
    },

    list: async () => {
      const sessions = this.registry.all;
      await Promise.all(sessions.map((session) => session.refreshForeground()));
      return { sessions: sessions.map((session) => session.describe()) };
    },

    get: async (_connection, { session: reference }) => {
      const session = this.registry.find(reference);
      await session.refreshForeground();
      return { session: session.describe() };
    },

    open: async (_connection, parameters) => ({ session: (await this.registry.open(parameters)).describe() }),

    subscribe: (connection, parameters) => {
      const session = this.registry.find(parameters.session);
      connection.channels.check(parameters.channel);
      if (parameters.inside === session.id && parameters.mode === 'viewer') {
        throw new HoldfastError('E_SELF', `session ${session.name} cannot be attached to itself`);
      }
      const cursor = startOffset(session, parameters);
      if (parameters.sshAuthSock !== undefined) this.#pointAgentLink(session, parameters.sshAuthSock);
      const subscription = session.subscribe({
        channel: parameters.channel,
        mode: parameters.mode,
        readOnly: parameters.readOnly ?? false,
        viewport: parameters.viewport,
        leaseMs: parameters.leaseMs ?? LIMITS.leaseMsDefault,
        cursor,
        windowBytes: parameters.mode === 'viewer' ? parameters.windowBytes : undefined,
        tellsCrashes: parameters.from !== 'now',
        sink: connection,
      });
      connection.channels.addSubscription(session, subscription);
      return { session: session.describe(), offset: cursor, leading: session.isLeader(subscription) };
    },

    unsubscribe: (connection, { channel }) => {
      connection.channels.removeSubscription(channel);
      return {};
    },

    viewport: (connection, { channel, cols, rows }) => {
      const { session, subscription } = connection.channels.subscription(channel);
      session.setViewport(subscription, { cols, rows });
      return {};
    },

    openInput: (connection, { session: reference, channel, stream, viewer, again }) => {
      const session = this.registry.find(reference);
      connection.channels.check(channel);
      // Begun anew, what its client sends again would be typed a second time, or into the program of a restored session.
      if (again && !session.hasExited && !session.input.find(stream)) {
        const why = `session ${session.name} does not know this stream of input any more`;
        throw new HoldfastError('E_INPUT_UNKNOWN', why);
      }
      // Whoever lost the connection before the program ended is told how far it had come.
      const ended = session.hasExited ? session.input.find(stream) : undefined;
      const input =
        ended ?? connection.channels.openInput(channel, session, { stream: { id: stream }, viewer });
      const { done, unknown, received } = input;
      // Before the answer, whose `done` covers them.
      if (unknown) connection.send({ event: 'inputUnknown', channel, ...unknown });
      if (!ended) return { session: session.describe(), received, done };
      const result = { session: session.describe(), received: done, done };
      return new AnswerAndEvent(result, { event: 'inputClosed', channel, done });
    },

    closeInput: (connection, { channel }) => {
      connection.channels.closeInput(channel);
      return {};
    },

    endInput: async (connection, parameters) => {
      const { channel, midLine } = parameters;
      const lineEnded = () => {
        // A successor is to type what is left: one more would end the input of whoever reads next.
        parameters.midLine = false;
      };
      return {
        typed: await connection.waits.endInput(connection.channels.input(channel), midLine, lineEnded),
      };
    },

    resize: (_connection, { session: reference, cols, rows }) => {
      const session = this.registry.find(reference);
      session.resize({ cols, rows });
      return { session: session.describe() };
    },

    rename: async (_connection, { session: reference, name }) => {
      const session = this.registry.find(reference);
      await this.registry.rename(session, name);
      return { session: session.describe() };
    },

    signal: (_connection, { session: reference, signal }) => {
      const session = this.registry.find(reference);
      const number = signalNumber(signal);
      if (number === undefined)
        throw new HoldfastError('E_BAD_REQUEST', `there is no signal ${JSON.stringify(signal)}`);
      session.signal(number);
      return {};
    },

    kill: async (connection, parameters) => {
      const session = this.registry.find(parameters.session);
      if (session.hasExited)
        throw new HoldfastError('E_EXITED', `session ${session.name} has exited already`);
      void session.kill(connection.peerPid);
      return this.#exited(connection, parameters);
    },

    forget: async (_connection, { session: reference }) => {
      await this.registry.forget(this.registry.find(reference));
      return {};
    },

    restore: async (_connection, { session: reference, ...request }) => {
      const session = await this.registry.restore(this.registry.find(reference), request);
      return { session: session.describe() };
    },

    wait: (connection, parameters, id) => this.#exited(connection, parameters, id),

    cancel: (connection, { request }) => {
      connection.waits.cancel(request);
      return {};
    },

    capture: async (connection, parameters) => {
      const { id } = this.registry.find(parameters.session);
      // Meant is this one, also for a successor, when another may have the name.
      parameters.session = id;
      const { screens } = this.#surroundings;
      const { session: _, ...view } = parameters;
      const capture = () => {
        this.#checkUnread();
        return screens.capture(() => this.registry.screened(id), view);
      };
      return new EncodedResult(await connection.captures.add(capture));
    },

    timeline: (_connection, { session: reference, from }) => {
      const { times, sizes, next } = this.registry.find(reference).history.timeline(from);
      const told = { times: times.map(({ offset, timeMs }): [number, number] => [offset, timeMs]), sizes };
      return next === undefined ? told : { ...told, next };
    },

    watch: (connection) => {
      connection.watchSessions();
      return { sessions: this.registry.all.map((session) => session.describe()) };
    },

    upgrade: (connection, parameters) => this.#surroundings.upgrade(connection, parameters),

    stop: async (connection) => ({ ended: await this.#surroundings.stop(connection.peerPid) }),
  };

  /** `id`: by which it can be cancelled. */
  async #exited(
    connection: Connection,
    parameters: { session: string },
    id?: number,
  ): Promise<RequestResult<'wait'>> {
    const session = this.registry.find(parameters.session);
    // Meant is this one, also for a successor, when another may have the name.
    parameters.session = session.id;
    await connection.waits.untilExited(session, id);
    return { session: session.describe() };
  }

  /** What clients have asked for and do not read is handed over with them. Throws HoldfastError(E_LIMIT). */
  #checkUnread(): void {
    let unread = 0;
    for (const { unsentBytes } of this.#surroundings.connections)
      if (unsentBytes > LIMITS.queuedReplyBytes) unread += unsentBytes;
    if (unread < LIMITS.unreadCaptureBytes) return;
    const why = `clients have not read ${unread} bytes of captures, more than unreadCaptureBytes (${LIMITS.unreadCaptureBytes})`;
    throw new HoldfastError('E_LIMIT', why);
  }

  #holderOf(session: Session): RequestResult<'status'>['holders'] {
    const holder = session.holder;
    if (!holder) return [];
    const client = [...this.#surroundings.connections].find((connection) => connection === holder.sink);
    return [{ session: session.id, by: holder.by, clientPid: client?.peerPid ?? null, limit: holder.limit }];
  }

  #pointAgentLink(session: Session, socketPath: string): void {
    if (session.hasExited) return;
    try {
      session.agentLink.pointAt(socketPath);
    } catch (error) {
      session.warnings.add(`its SSH_AUTH_SOCK could not be renewed: ${String(error)}`);
    }
  }
}

/** Throws HoldfastError(E_OFFSET). */
function startOffset(session: Session, { from, newestBytes }: RequestParameters<'subscribe'>): number {
  const { start, end } = session.history;
  if (from === 'now') return end;
  if (from === 'start') return newestBytes === undefined ? start : Math.max(start, end - newestBytes);
  if (from > end) throw new HoldfastError('E_OFFSET', `offset ${from} is beyond the end, which is ${end}`);
  return from;
}
