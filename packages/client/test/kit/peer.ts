import type { Socket } from 'node:net';
import {
  encodeAck,
  encodeControl,
  encodeData,
  FRAME,
  FrameReader,
  parseRequest,
  type Request,
  type RequestResult,
  type RequestType,
} from '@holdfast/protocol';
import type { ScriptedSession, ScriptedStream } from './scripted-session.ts';
import { Arrivals } from './signal.ts';

/** The largest frame of output that is sent; small enough for cuts to hit all parts of one. */
const OUTPUT_FRAME_BYTES = 16 * 1024;

/** Answers a request instead of the daemon's own way. */
export type Script = (peer: Peer, request: Request) => void;

/** What all connections of one daemon share. */
export interface PeerDaemon {
  readonly sessions: Map<string, ScriptedSession>;
  readonly scripts: Map<RequestType, Script>;
  readonly requested: Arrivals<Request>;
  readonly complaints: string[];
}

export const IDENTITY = {
  pid: 4242,
  version: '1.2.3',
  build: 'feedbeef',
  node: 'v20.20.2',
  generation: 1,
  startedAt: '2025-01-01T00:00:00.000Z',
};

/** One connection, as the daemon sees it. */
export class Peer {
  readonly acks = new Arrivals<{ channel: number; offset: number }>();
  readonly closed = new Arrivals<true>();
  readonly #daemon: PeerDaemon;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #inputs = new Map<number, { session: ScriptedSession; stream: ScriptedStream }>();
  #sendable: number;
  #receivable: number;

  constructor(daemon: PeerDaemon, socket: Socket, cut: { sentBytes: number; receivedBytes: number }) {
    this.#daemon = daemon;
    this.#socket = socket;
    this.#sendable = cut.sentBytes;
    this.#receivable = cut.receivedBytes;
    this.#reader = new FrameReader(
      {
        control: (json) => this.#control(json),
        data: (_type, channel, offset, bytes) => this.#input(channel, offset, bytes),
        ack: (_type, channel, offset) => this.acks.push({ channel, offset }),
      },
      { accepts: [FRAME.CONTROL, FRAME.INPUT, FRAME.OUTPUT_ACK] },
    );
    socket.on('data', (chunk) => this.#received(chunk));
    socket.on('error', () => {}); // EPIPE, ECONNRESET: 'close' follows.
    socket.on('close', () => this.closed.push(true));
  }

  /** Bytes as they are, up to where the connection is to be cut. */
  send(bytes: Uint8Array): void {
    if (this.#socket.destroyed || this.#sendable < 0) return;
    const sent = bytes.subarray(0, this.#sendable);
    this.#sendable -= bytes.length;
    if (this.#sendable >= 0) this.#socket.write(sent);
    else this.#socket.write(sent, () => this.cutOff());
  }

  answer<T extends RequestType>(request: Request & { type: T }, ok: RequestResult<T>): void {
    this.send(encodeControl({ id: request.id, ok }));
  }

  refuse(request: Request, code: string, message = 'refused by the script'): void {
    this.send(encodeControl({ id: request.id, error: { code, message } }));
  }

  event(event: object): void {
    this.send(encodeControl(event));
  }

  output(channel: number, offset: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += OUTPUT_FRAME_BYTES) {
      const piece = bytes.subarray(at, at + OUTPUT_FRAME_BYTES);
      this.send(encodeData({ type: FRAME.OUTPUT, channel, offset: offset + at, bytes: piece }));
    }
  }

  cutOff(): void {
    this.#socket.destroy();
  }

  /** Tells all streams on this connection what the program has taken. */
  acknowledgeInput(): void {
    for (const [channel, { session, stream }] of this.#inputs) {
      if (session.isBlocked) continue;
      stream.done = stream.received;
      this.send(encodeAck({ type: FRAME.INPUT_ACK, channel, offset: stream.done }));
    }
  }

  /** What the daemon does unless a script does something else. */
  answerAsUsual(request: Request): void {
    switch (request.type) {
      case 'hello':
        return this.answer(request, { protocol: 1, daemon: IDENTITY, home: '/home' });
      case 'list':
      case 'watch':
        return this.answer(request, {
          sessions: [...this.#daemon.sessions.values()].map((s) => s.describe()),
        });
      case 'get':
        return this.#about(request.parameters.session, request, (session) =>
          this.answer(request, { session: session.describe() }),
        );
      case 'subscribe':
        return this.#about(request.parameters.session, request, (session) =>
          this.#subscribe(request, session),
        );
      case 'openInput':
        return this.#about(request.parameters.session, request, (session) => {
          const { stream: id, again } = request.parameters;
          if (again && !session.streams.has(id)) return this.refuse(request, 'E_INPUT_UNKNOWN');
          const stream = session.stream(id);
          this.#inputs.set(request.parameters.channel, { session, stream });
          this.answer(request, { session: session.describe(), ...stream });
        });
      case 'endInput':
        return this.answer(request, { typed: true });
      case 'unsubscribe':
      case 'viewport':
      case 'closeInput':
        return this.answer(request, {});
      default:
        return this.refuse(request, 'E_UNKNOWN_REQUEST');
    }
  }

  #about(id: string, request: Request, then: (session: ScriptedSession) => void): void {
    const session = this.#daemon.sessions.get(id);
    if (session) then(session);
    else this.refuse(request, 'E_NO_SESSION', `no session ${id}`);
  }

  #subscribe(request: Request & { type: 'subscribe' }, session: ScriptedSession): void {
    const { channel, from, mode } = request.parameters;
    const end = session.output.length;
    let offset = typeof from === 'number' ? from : from === 'now' ? end : session.historyStart;
    this.answer(request, { session: session.describe(), offset, leading: mode === 'viewer' });
    if (offset < session.historyStart) {
      const to = session.historyStart;
      if (mode === 'exact') this.event({ event: 'gap', channel, from: offset, to, reason: 'evicted' });
      else this.event({ event: 'resync', channel, offset: to });
      offset = to;
    }
    this.output(channel, offset, session.output.subarray(offset));
    if (session.exit) this.event({ event: 'exited', channel, offset: end, exit: session.exit });
  }

  #received(chunk: Uint8Array): void {
    const taken = chunk.subarray(0, Math.max(0, this.#receivable));
    this.#receivable -= chunk.length;
    try {
      this.#reader.push(taken);
    } catch (error) {
      this.#daemon.complaints.push(String(error));
      this.cutOff();
    }
    if (this.#receivable < 0) this.cutOff();
    else this.acknowledgeInput();
  }

  #control(json: string): void {
    const parsed = parseRequest(json);
    if (parsed.kind === 'bad') {
      this.#daemon.complaints.push(parsed.message);
      return this.cutOff();
    }
    const script = this.#daemon.scripts.get(parsed.request.type);
    if (script) script(this, parsed.request);
    else this.answerAsUsual(parsed.request);
    this.#daemon.requested.push(parsed.request);
  }

  #input(channel: number, offset: number, bytes: Uint8Array): void {
    const input = this.#inputs.get(channel);
    if (!input || offset > input.stream.received) {
      this.#daemon.complaints.push(`input at ${offset} on channel ${channel}`);
      return this.cutOff();
    }
    const { session, stream } = input;
    const fresh = bytes.slice(stream.received - offset);
    session.typed.push(Buffer.from(fresh));
    stream.received += fresh.length;
    session.mostUnacknowledged = Math.max(session.mostUnacknowledged, stream.received - stream.done);
  }
}
