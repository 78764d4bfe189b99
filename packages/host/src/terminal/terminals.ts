import websocket from '@fastify/websocket';
import { HoldfastError, LIMITS } from '@holdfast/protocol';
import type { FastifyInstance } from 'fastify';
import type { Server } from 'node:http';
import type { RawData, WebSocket } from 'ws';
import { failureOf } from '../api/failure.ts';
import { type Place, useForAll } from '../api/use-daemon.ts';
import type { Principal, Tokens } from '../auth/tokens.ts';
import type { Namespaces } from '../daemons/namespace.ts';
import type { Machines } from '../machines/machines.ts';
import { CLOSE, closeCodeOf } from './close-code.ts';
import { Feeds } from './feed.ts';
import { type Attach, ATTACH_MS, HEADER_BYTES, parseDataFrame, parsePageMessage } from './messages.ts';
import { Page } from './page.ts';
import { webSocketUpgrades } from './web-socket-upgrades.ts';
import { PageSocket } from './page-socket.ts';

/** WebSockets at once: bounds memory and descriptors, whatever a page does. */
const SOCKETS_MAX = 2_048;
/** Those of one shared link, and of all together: who was given a link must not keep out the owner. */
const GUESTS_OF_LINK_MAX = 128;
const GUESTS_MAX = SOCKETS_MAX / 2;
/** What a page may send before it is attached: its input, as far as it may go ahead. */
const EARLY_BYTES = 2 * LIMITS.inputWindowBytes;
/** What a message costs besides its bytes: so that very many small ones are bounded, too. */
const MESSAGE_BYTES = 128;
/** How often tokens are looked at again, and how often a page must show that it lives. */
const LOOK_MS = 1_000;
const PING_MS = 30_000;
const FAREWELL_MS = 500;

export interface TerminalsOptions {
  readonly namespaces: Namespaces;
  readonly machines: Machines | undefined;
  readonly tokens: Tokens;
}

interface Visitor {
  readonly socket: WebSocket;
  readonly principal: Principal;
  isAlive: boolean;
}

/** One WebSocket for each terminal that a page shows: `GET /terminal/SESSION?namespace=NAME`, or `?machine=NAME`. */
export async function addTerminals(server: FastifyInstance, options: TerminalsOptions): Promise<void> {
  const visitors = new Set<Visitor>();
  const feeds = new Feeds();
  await server.register(websocket, {
    options: {
      maxPayload: LIMITS.dataFrameBytes + HEADER_BYTES,
      perMessageDeflate: false,
      // It listens to `upgrade` there, and to nothing else.
      server: webSocketUpgrades(server.server) as Server,
    },
    // The end of the host is told to each page below.
    preClose: (done) => {
      for (const { socket } of visitors) socket.close(CLOSE.hostEnds, 'the host ends');
      server.websocketServer.close();
      // A page that does not take its farewell is not waited for.
      setTimeout(() => visitors.forEach(({ socket }) => socket.terminate()), FAREWELL_MS).unref();
      done();
    },
  });
  const timers = [
    setInterval(() => expel(visitors, options.tokens), LOOK_MS),
    setInterval(() => ping(visitors), PING_MS),
  ];
  // A socket that asked to become a WebSocket, and was answered instead, is nobody's any more: Node has let go of it.
  server.addHook('onResponse', async (request) => {
    if (request.headers.upgrade !== undefined) request.raw.socket.destroySoon();
  });
  server.addHook('onClose', async () => timers.forEach(clearInterval));

  server.get<{ Params: { session: string }; Querystring: Place }>(
    '/terminal/:session',
    { websocket: true },
    (socket, request) => {
      const { principal, params, query } = request;
      if (!principal || !hasRoom(visitors, principal))
        return socket.close(CLOSE.unavailable, 'a limit of WebSockets was reached');
      const visitor: Visitor = { socket, principal, isAlive: true };
      visitors.add(visitor);
      socket.on('pong', () => (visitor.isAlive = true));
      socket.on('close', () => visitors.delete(visitor));
      const { session } = params;
      const { namespace, machine } = query;
      receive({ socket, principal, session, place: { namespace, machine }, feeds, reach: options });
    },
  );
}

/** Whether there may be one more of these. */
function hasRoom(visitors: ReadonlySet<Visitor>, { share, grantId }: Principal): boolean {
  if (visitors.size >= SOCKETS_MAX) return false;
  if (!share) return true;
  const guests = [...visitors].filter(({ principal }) => principal.share);
  const ofLink = guests.filter(({ principal }) => principal.grantId === grantId);
  return guests.length < GUESTS_MAX && ofLink.length < GUESTS_OF_LINK_MAX;
}

interface Asked {
  readonly socket: WebSocket;
  readonly principal: Principal;
  readonly session: string;
  readonly place: Place;
  readonly feeds: Feeds;
  readonly reach: Pick<TerminalsOptions, 'namespaces' | 'machines'>;
}

/** Takes what a page sends, in order, from its `attach` on. */
function receive(asked: Asked): void {
  const { socket } = asked;
  const out = new PageSocket(socket);
  const early: [RawData, boolean][] = [];
  let earlyBytes = 0;
  let mayType = asked.principal.share === undefined;
  let attaching: Promise<void> | undefined;
  let page: Page | undefined;
  let isBegun = false;
  const refuse = (error: unknown) => {
    const { code, message, retry } = failureOf(error);
    out.say({ type: 'error', code, message, retry });
    out.close(closeCodeOf(code, retry), message);
    page?.close();
  };
  const timer = setTimeout(() => out.close(CLOSE.silent, 'no attach came'), ATTACH_MS);

  socket.on('message', (data, isBinary) => {
    if (!out.isOpen) return;
    if (page && isBegun) return take(page, data, isBinary, refuse);
    if (attaching) {
      if (isBinary && !mayType) return refuse(new HoldfastError('E_FORBIDDEN', 'this page may not type'));
      earlyBytes += asBuffer(data).length + MESSAGE_BYTES;
      if (earlyBytes > EARLY_BYTES) return refuse(broken('too much came before it was attached'));
      early.push([data, isBinary]);
      return;
    }
    const message = isBinary ? undefined : parsePageMessage(text(data));
    if (message === undefined || message === 'ignored' || message.type !== 'attach')
      return refuse(broken('attach must come first'));
    clearTimeout(timer);
    mayType &&= message.readOnly !== true;
    attaching = open(asked, message, out).then(async (opened) => {
      if (!out.isOpen) return opened.close();
      page = opened;
      await opened.begin();
      isBegun = true;
      for (const [data, isBinary] of early.splice(0)) take(opened, data, isBinary, refuse);
      return undefined;
    });
    attaching.catch(refuse);
  });
  socket.on('close', () => {
    clearTimeout(timer);
    page?.close();
  });
  // A frame that is too large or no frame at all: ws closes it with a code of its own.
  socket.on('error', () => undefined);
}

async function open(
  { principal, session, place, reach, feeds }: Asked,
  attach: Attach,
  socket: PageSocket,
): Promise<Page> {
  const { share } = principal;
  const use = useForAll({ principal, ...reach }, place);
  try {
    const client = await use.thing.client();
    const { session: found } = await client.request('get', { session });
    const readOnly = share !== undefined || attach.readOnly === true;
    return new Page({ client, session: found, attach, readOnly, socket, feeds, use });
  } catch (error) {
    use[Symbol.dispose]();
    throw error;
  }
}

function take(page: Page, data: RawData, isBinary: boolean, refuse: (error: unknown) => void): void {
  if (isBinary) {
    const frame = parseDataFrame(asBuffer(data));
    return frame ? page.type(frame.offset, frame.bytes) : refuse(broken('a frame without an offset'));
  }
  const message = parsePageMessage(text(data));
  if (message === undefined || (message !== 'ignored' && message.type === 'attach'))
    return refuse(broken('a message that can’t be read'));
  if (message !== 'ignored') page.message(message);
}

/** Tokens that have expired or were revoked since they were shown. */
function expel(visitors: ReadonlySet<Visitor>, tokens: Tokens): void {
  const isValid = new Map<string, boolean>();
  for (const { socket, principal } of visitors) {
    const { tokenId } = principal;
    const known = isValid.get(tokenId) ?? tokens.isValid(tokenId);
    isValid.set(tokenId, known);
    if (!known) socket.close(CLOSE.unauthorized, 'the token has expired, or was revoked');
  }
}

/** A connection whose other end has gone without a word is ended at the second ping. */
function ping(visitors: Iterable<Visitor>): void {
  for (const visitor of visitors) {
    if (!visitor.isAlive) visitor.socket.terminate();
    visitor.isAlive = false;
    visitor.socket.ping();
  }
}

function broken(why: string): HoldfastError {
  return new HoldfastError('E_PROTOCOL', why);
}

function text(data: RawData): string {
  return asBuffer(data).toString('utf8');
}

function asBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
