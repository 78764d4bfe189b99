import { randomBytes } from 'node:crypto';
import {
  encodeAck,
  encodeControl,
  encodeData,
  FRAME,
  LIMITS,
  PROTOCOLS,
  type Session,
} from '@holdfast/protocol';
import {
  eventually,
  fdCount,
  firstDifference,
  passTime,
  privateBytes,
  RawClient,
  Recording,
  settledFdCount,
  startDaemon,
  type TestDaemon,
  watchCount,
} from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';

const MEBIBYTE = 1024 * 1024;
/** Node's heap grows with what it does at all. */
const MEMORY_BYTES_MAX = 48 * MEBIBYTE;

const greeting = { id: 9, type: 'hello', protocols: PROTOCOLS, client: { name: 'raw', version: '0' } };

/** What breaks a rule of framing or of greeting, and how the daemon takes leave. */
const offences: { what: string; saysHello: boolean; send: () => Uint8Array; code: string }[] = [
  {
    what: 'a frame of an unknown type',
    saysHello: true,
    send: () => frame(0x7f, randomBytes(20)),
    code: 'E_PROTOCOL',
  },
  {
    what: 'a frame that only daemons send',
    saysHello: true,
    send: () => data(FRAME.OUTPUT, 0),
    code: 'E_PROTOCOL',
  },
  { what: 'an empty control frame', saysHello: true, send: () => frame(FRAME.CONTROL), code: 'E_PROTOCOL' },
  { what: 'a frame of length 0', saysHello: true, send: () => Buffer.alloc(5), code: 'E_PROTOCOL' },
  { what: 'JSON that is none', saysHello: true, send: () => json('{"id":1,'), code: 'E_PROTOCOL' },
  { what: 'JSON that is no object', saysHello: true, send: () => json('[1,2]'), code: 'E_PROTOCOL' },
  {
    what: 'JSON of a million brackets',
    saysHello: true,
    send: () => json('['.repeat(1e6)),
    code: 'E_PROTOCOL',
  },
  {
    what: 'bytes that are no UTF-8',
    saysHello: true,
    send: () => frame(FRAME.CONTROL, Buffer.from([0xff, 0xfe])),
    code: 'E_PROTOCOL',
  },
  {
    what: 'a control frame of 4 GiB',
    saysHello: true,
    send: () => header(0xffff_ffff, FRAME.CONTROL),
    code: 'E_LIMIT',
  },
  {
    what: 'a data frame of 4 GiB',
    saysHello: true,
    send: () => header(0xffff_ffff, FRAME.INPUT),
    code: 'E_LIMIT',
  },
  {
    what: 'a data frame one byte too large',
    saysHello: true,
    send: () => data(FRAME.INPUT, LIMITS.dataFrameBytes + 1),
    code: 'E_LIMIT',
  },
  {
    what: 'a control frame one byte too large',
    saysHello: true,
    send: () => header(LIMITS.controlFrameBytes + 2, FRAME.CONTROL),
    code: 'E_LIMIT',
  },
  {
    what: 'a data frame too small for its header',
    saysHello: true,
    send: () => frame(FRAME.INPUT, Buffer.alloc(11)),
    code: 'E_PROTOCOL',
  },
  {
    what: 'an acknowledgement of the wrong size',
    saysHello: true,
    send: () => frame(FRAME.OUTPUT_ACK, Buffer.alloc(13)),
    code: 'E_PROTOCOL',
  },
  {
    what: 'an offset beyond 2^53',
    saysHello: true,
    send: () => frame(FRAME.INPUT, Buffer.alloc(12, 0xff)),
    code: 'E_PROTOCOL',
  },
  { what: 'hello twice', saysHello: true, send: () => encodeControl(greeting), code: 'E_PROTOCOL' },
  {
    what: 'a request before hello',
    saysHello: false,
    send: () => encodeControl({ id: 1, type: 'list' }),
    code: 'E_PROTOCOL',
  },
  {
    what: 'an unknown request before hello',
    saysHello: false,
    send: () => encodeControl({ id: 1, type: 'x' }),
    code: 'E_PROTOCOL',
  },
  { what: 'input before hello', saysHello: false, send: () => data(FRAME.INPUT, 3), code: 'E_PROTOCOL' },
  {
    what: 'an acknowledgement before hello',
    saysHello: false,
    send: () => encodeAck({ type: FRAME.OUTPUT_ACK, channel: 1, offset: 1 }),
    code: 'E_PROTOCOL',
  },
  {
    what: 'a hello larger than any',
    saysHello: false,
    send: () => header(LIMITS.helloFrameBytes + 2, FRAME.CONTROL),
    code: 'E_LIMIT',
  },
  {
    what: 'a hello without versions',
    saysHello: false,
    send: () => encodeControl({ ...greeting, protocols: [] }),
    code: 'E_PROTOCOL',
  },
  {
    what: 'a hello with foreign versions only',
    saysHello: false,
    send: () => encodeControl({ ...greeting, protocols: [4711] }),
    code: 'E_VERSION',
  },
];

describe('with a good session beside it', () => {
  test('each breach of framing or greeting is refused by its rule', async () => {
    await using daemon = await startDaemon();
    await using good = await GoodSession.begin(daemon);
    for (const { what, saysHello, send, code } of offences) {
      using client = await RawClient.connect(daemon.home.paths.socketPath);
      if (saysHello) await client.hello();
      client.send(send());
      expect({ what, code: await client.farewell() }).toEqual({ what, code });
    }
    await good.proveGood();
  }, 60_000);

  test('no amount of random bytes harms anything', async () => {
    await using daemon = await startDaemon();
    await using good = await GoodSession.begin(daemon);
    await daemon.client();
    const before = await Counters.of(daemon);
    for (let round = 0; round < 200; round += 1) {
      using client = await RawClient.connect(daemon.home.paths.socketPath);
      if (round % 2 === 0) await client.hello();
      client.send(randomBytes(1 + ((round * 331) % 100_000)));
      // Random lengths are nearly always too long; those that are not leave the daemon waiting for the rest.
      client.socket.end();
      await client.closed;
    }
    await good.proveGood();
    await before.expectBack();
  }, 60_000);

  test('requests with odd parameters are answered with an error, and the connection goes on', async () => {
    await using daemon = await startDaemon();
    await using good = await GoodSession.begin(daemon);
    const { id: session } = good.session;
    using client = await RawClient.connect(daemon.home.paths.socketPath);
    await client.hello();
    const subscribe = { type: 'subscribe', session, channel: 1, from: 'now', mode: 'viewer' };
    const cases: [Record<string, unknown> & { type: string }, string][] = [
      [{ type: 'no-such-request' }, 'E_UNKNOWN_REQUEST'],
      [{ type: '__proto__' }, 'E_UNKNOWN_REQUEST'],
      [{ type: 'constructor' }, 'E_UNKNOWN_REQUEST'],
      [{ type: 'get' }, 'E_BAD_REQUEST'],
      [{ type: 'get', session: '' }, 'E_BAD_REQUEST'],
      [{ type: 'get', session: 'x'.repeat(10_000) }, 'E_BAD_REQUEST'],
      [{ type: 'get', session: 'nobody' }, 'E_NO_SESSION'],
      [{ type: 'get', session: { $ne: null } }, 'E_BAD_REQUEST'],
      [{ type: 'get', session: '../../etc' }, 'E_NO_SESSION'],
      [{ type: 'forget', session }, 'E_RUNNING'],
      [{ type: 'resize', session, cols: 0, rows: 24 }, 'E_BAD_REQUEST'],
      [{ type: 'resize', session, cols: 1e9, rows: 24 }, 'E_BAD_REQUEST'],
      [{ type: 'resize', session, cols: 80.5, rows: 24 }, 'E_BAD_REQUEST'],
      [{ type: 'resize', session, cols: '80', rows: 24 }, 'E_BAD_REQUEST'],
      [{ type: 'rename', session, name: '' }, 'E_BAD_NAME'],
      [{ type: 'rename', session, name: 'a\u001b[2Jb' }, 'E_BAD_NAME'],
      [{ type: 'rename', session, name: 'x'.repeat(LIMITS.nameCharacters + 1) }, 'E_BAD_NAME'],
      [{ type: 'signal', session, signal: 'SIGNOTHING' }, 'E_BAD_REQUEST'],
      [{ type: 'signal', session, signal: '__proto__' }, 'E_BAD_REQUEST'],
      [{ ...subscribe, from: -1 }, 'E_BAD_REQUEST'],
      [{ ...subscribe, from: 2 ** 53 }, 'E_BAD_REQUEST'],
      [{ ...subscribe, from: 2 ** 52 }, 'E_OFFSET'],
      [{ ...subscribe, channel: -1 }, 'E_BAD_REQUEST'],
      [{ ...subscribe, channel: 2 ** 32 }, 'E_BAD_REQUEST'],
      [{ ...subscribe, mode: 'other' }, 'E_BAD_REQUEST'],
      [{ ...subscribe, mode: 'exact', leaseMs: 1e12 }, 'E_BAD_REQUEST'],
      [{ ...subscribe, mode: 'viewer', inside: session }, 'E_SELF'],
      [{ type: 'unsubscribe', channel: 77 }, 'E_BAD_REQUEST'],
      [{ type: 'viewport', channel: 77, cols: 80, rows: 24 }, 'E_BAD_REQUEST'],
      [{ type: 'openInput', session, channel: 2, stream: 'short' }, 'E_BAD_REQUEST'],
      [{ type: 'openInput', session, channel: 2, stream: 'x'.repeat(100) }, 'E_BAD_REQUEST'],
      [{ type: 'closeInput', channel: 77 }, 'E_BAD_REQUEST'],
      [{ type: 'endInput', channel: 77, midLine: false }, 'E_BAD_REQUEST'],
      [
        { type: 'open', command: ['sh'], cwd: '/', env: {}, cols: 80, rows: 24, historyBytes: 2 ** 60 },
        'E_BAD_REQUEST',
      ],
      [{ type: 'open', command: ['sh'], cwd: '/', env: { A: 'b\0c' }, cols: 80, rows: 24 }, 'E_BAD_REQUEST'],
      [{ type: 'open', command: ['sh\0'], cwd: '/', env: {}, cols: 80, rows: 24 }, 'E_BAD_REQUEST'],
      [{ type: 'open', command: ['sh'], cwd: 'relative', env: {}, cols: 80, rows: 24 }, 'E_CWD'],
    ];
    for (const [index, [request, code]] of cases.entries()) {
      const answer = await client.request({ ...request, id: index + 10 });
      expect({ request, answer }).toMatchObject({ request, answer: { error: { code } } });
    }
    const { ok } = await client.request({ id: 1_000, type: 'status' });
    expect(ok).toMatchObject({ sessions: { running: 2, exited: 0 } });
    await good.proveGood();
  }, 60_000);

  test('input that skips bytes, or overruns its window, costs the connection and types nothing more', async () => {
    await using daemon = await startDaemon();
    await using good = await GoodSession.begin(daemon);
    const silent = await daemon.open('read-nothing.py');
    // In raw mode: before, a terminal drops what is too long for a line, and nothing would queue up.
    await (await daemon.record(silent)).waitFor('ready');
    for (const overrun of [true, false]) {
      using client = await RawClient.connect(daemon.home.paths.socketPath);
      await client.hello();
      await client.request({
        id: 1,
        type: 'openInput',
        session: silent.id,
        channel: 1,
        stream: `stream-${overrun}`,
      });
      if (overrun) {
        for (let offset = 0; offset <= LIMITS.inputWindowBytes; offset += LIMITS.dataFrameBytes) {
          client.send(
            encodeData({ type: FRAME.INPUT, channel: 1, offset, bytes: Buffer.alloc(LIMITS.dataFrameBytes) }),
          );
        }
        // A terminal takes a few KiB of it, so that one more frame is needed to be beyond the window.
        const bytes = Buffer.alloc(LIMITS.dataFrameBytes);
        client.send(
          encodeData({
            type: FRAME.INPUT,
            channel: 1,
            offset: LIMITS.inputWindowBytes + bytes.length,
            bytes,
          }),
        );
      } else {
        client.send(encodeData({ type: FRAME.INPUT, channel: 1, offset: 5, bytes: Buffer.from('gap') }));
      }
      expect(await client.farewell()).toBe('E_INPUT_GAP');
    }
    await good.proveGood();
  }, 60_000);
});

test('who breaks a rule in the middle of sending a lot learns of it all the same', async () => {
  await using daemon = await startDaemon();
  const fdsBefore = await settledFdCount(daemon.pid);
  using client = await RawClient.connect(daemon.home.paths.socketPath);
  await client.hello();
  client.stopReading();
  // Of a frame type that no client may send, and then more than the kernel keeps: it is not even looked at.
  client.send(Buffer.from([1, 0, 0, 0, 99]));
  client.send(Buffer.alloc(8 * 1024 * 1024));
  await eventually('all of it sent', () => client.socket.destroyed || client.socket.writableLength === 0);
  client.socket.resume();
  expect(await client.farewell()).toBe('E_PROTOCOL');
  client.socket.destroy();
  await eventually('the connection closed', () => fdCount(daemon.pid) === fdsBefore);
});

test('a connection that says nothing is dropped after its time, and one that trickles is, too', async () => {
  await using daemon = await startDaemon();
  using silent = await RawClient.connect(daemon.home.paths.socketPath);
  using trickling = await RawClient.connect(daemon.home.paths.socketPath);
  const hello = encodeControl({ ...greeting, client: { name: 'slow', version: '0' } });
  const trickle = setInterval(() => trickling.send(hello.subarray(0, 1)), 500);
  trickle.unref();
  try {
    const started = performance.now();
    expect(await silent.farewell()).toBe('E_TIMEOUT');
    expect(performance.now() - started).toBeGreaterThan(LIMITS.helloTimeoutMs - 1_000);
    await trickling.closed;
    expect(performance.now() - started).toBeLessThan(LIMITS.helloTimeoutMs + 10_000);
  } finally {
    clearInterval(trickle);
  }
}, 30_000);

test('500 connections at once, and 500 half-open ones, leave nothing behind', async () => {
  await using daemon = await startDaemon();
  await using good = await GoodSession.begin(daemon);
  await daemon.client();
  const before = await Counters.of(daemon);
  for (const halfOpen of [false, true, false]) {
    const clients = await Promise.all(
      Array.from({ length: 500 }, () => RawClient.connect(daemon.home.paths.socketPath)),
    );
    await Promise.all(clients.map((client) => client.hello()));
    const { ok } = await (clients[0]?.request({ id: 1, type: 'status' }) ??
      Promise.reject(new Error('none')));
    expect(ok).toMatchObject({ clients: 501 });
    for (const client of clients) {
      if (halfOpen) client.socket.end();
      else client[Symbol.dispose]();
    }
    await before.expectBack();
    for (const client of clients) client[Symbol.dispose]();
  }
  await good.proveGood();
}, 60_000);

test('connections beyond the limit are refused, and there is room again when some have gone', async () => {
  await using daemon = await startDaemon();
  const { socketPath } = daemon.home.paths;
  const clients: RawClient[] = [];
  for (let count = 0; count < LIMITS.clients; count += 1) clients.push(await RawClient.connect(socketPath));
  await Promise.all(clients.map((client) => client.hello()));
  using refused = await RawClient.connect(socketPath);
  // In the middle of sending: what it is told must not be lost with what it sends.
  refused.send(Buffer.alloc(1024 * 1024));
  expect(await refused.farewell()).toBe('E_LIMIT');
  for (const client of clients.splice(0, 10)) client[Symbol.dispose]();
  await eventually('room for another client', async () => {
    using again = await RawClient.connect(socketPath);
    again.control(greeting);
    await eventually('an answer', () => again.messages.length > 0);
    return again.messages[0]?.['id'] === greeting.id;
  });
  for (const client of clients) client[Symbol.dispose]();
}, 60_000);

test('subscribers that never read cost no memory, and hold back no other session', async () => {
  await using daemon = await startDaemon();
  const floods = await Promise.all(Array.from({ length: 4 }, () => daemon.open('flood.py')));
  await daemon.client();
  await passTime(500);
  const memoryBefore = privateBytes(daemon.pid);
  const offsetsBefore = await Promise.all(floods.map(async (flood) => (await daemon.get(flood)).offset));
  const clients: RawClient[] = [];
  for (let count = 0; count < 50; count += 1) {
    const client = await RawClient.connect(daemon.home.paths.socketPath);
    await client.hello();
    client.stopReading();
    for (const [channel, { id: session }] of floods.entries()) {
      client.control({
        id: 1,
        type: 'subscribe',
        session,
        channel,
        from: 'start',
        mode: 'viewer',
        readOnly: true,
      });
    }
    clients.push(client);
  }
  await passTime(3_000);
  expect(privateBytes(daemon.pid) - memoryBefore).toBeLessThan(MEMORY_BYTES_MAX);
  for (const [index, flood] of floods.entries()) {
    expect((await daemon.get(flood)).offset).toBeGreaterThan((offsetsBefore[index] ?? 0) + 4 * MEBIBYTE);
  }
  for (const client of clients) client[Symbol.dispose]();
}, 60_000);

test('a client that asks and asks and never reads an answer costs bounded memory and delays nobody', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  for (let count = 0; count < 60; count += 1) await daemon.openCommand(['/bin/sh', '-c', 'exec sleep 1000']);
  await client.request('list', {});
  const memoryBefore = privateBytes(daemon.pid);
  const hostile = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const each = await RawClient.connect(daemon.home.paths.socketPath);
      await each.hello();
      each.stopReading();
      return each;
    }),
  );
  const asking = Buffer.concat(Array.from({ length: 5_000 }, (_, id) => encodeControl({ id, type: 'list' })));
  for (const each of hostile) each.send(asking);
  let worst = 0;
  let memory = 0;
  for (let look = 0; look < 30; look += 1) {
    const started = performance.now();
    await client.request('status', {});
    worst = Math.max(worst, performance.now() - started);
    memory = Math.max(memory, privateBytes(daemon.pid));
    await passTime(50);
  }
  for (const each of hostile) each[Symbol.dispose]();
  expect(memory - memoryBefore).toBeLessThan(MEMORY_BYTES_MAX);
  expect(worst).toBeLessThan(1_000);
}, 60_000);

test('a client that ends its input again and again costs bounded memory', async () => {
  await using daemon = await startDaemon();
  const silent = await daemon.open('read-nothing.py');
  await (await daemon.record(silent)).waitFor('ready');
  using client = await RawClient.connect(daemon.home.paths.socketPath);
  await client.hello();
  await client.request({ id: 1, type: 'openInput', session: silent.id, channel: 1, stream: 'endlessly' });
  const bytes = Buffer.alloc(LIMITS.dataFrameBytes, 'q');
  client.send(encodeData({ type: FRAME.INPUT, channel: 1, offset: 0, bytes }));
  const endings = Array.from({ length: 100_000 }, (_, index) => {
    return encodeControl({ id: index + 2, type: 'endInput', channel: 1, midLine: false });
  });
  client.send(Buffer.concat(endings));
  const refusal = await client.message(({ error }) => error !== undefined, 'a refusal');
  expect(refusal['error']).toMatchObject({ code: 'E_LIMIT' });
}, 30_000);

/** What a daemon has, to be compared with what it has later. */
class Counters {
  readonly #pid: number;
  readonly #fds: number;
  readonly #watches: number;
  readonly #memoryBytes: number;

  static async of({ pid }: TestDaemon): Promise<Counters> {
    return new Counters(pid, await settledFdCount(pid));
  }

  private constructor(pid: number, fds: number) {
    this.#pid = pid;
    this.#fds = fds;
    this.#watches = watchCount(pid);
    this.#memoryBytes = privateBytes(pid);
  }

  /** As many descriptors and listeners, and not much more memory. */
  async expectBack(): Promise<void> {
    await eventually('the descriptors are back', () => fdCount(this.#pid) === this.#fds);
    await eventually('the listeners are back', () => watchCount(this.#pid) === this.#watches);
    expect(privateBytes(this.#pid) - this.#memoryBytes).toBeLessThan(MEMORY_BYTES_MAX);
  }
}

/** A session that honest clients use all the while: a flood that is recorded, and one that echoes. */
class GoodSession implements AsyncDisposable {
  readonly session: Session;
  readonly #flood: Recording;
  readonly #echo: Recording;
  readonly #daemon: TestDaemon;

  static async begin(daemon: TestDaemon): Promise<GoodSession> {
    const session = await daemon.open('slow-writer.py', [1]);
    const echo = await daemon.openCommand(['/bin/cat']);
    return new GoodSession(daemon, session, await daemon.record(session), await daemon.record(echo));
  }

  private constructor(daemon: TestDaemon, session: Session, flood: Recording, echo: Recording) {
    this.#daemon = daemon;
    this.session = session;
    this.#flood = flood;
    this.#echo = echo;
  }

  async proveGood(): Promise<void> {
    const { length } = this.#flood.output;
    await this.#flood.output.untilLength(length + 1_000);
    expect(firstDifference(this.#flood.bytes, 0)).toBe(-1);
    expect(this.#flood.gaps).toEqual([]);
    const client = await this.#daemon.client();
    const input = await client.openInput(this.#echo.subscription.session.id);
    await input.write(Buffer.from('still here\n'));
    await this.#echo.waitFor('still here\r\nstill here\r\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flood.subscription.close();
  }
}

function header(length: number, type: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32LE(length);
  bytes[4] = type;
  return bytes;
}

function frame(type: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([header(payload.length + 1, type), payload]);
}

function json(text: string): Buffer {
  return frame(FRAME.CONTROL, Buffer.from(text));
}

function data(type: typeof FRAME.INPUT | typeof FRAME.OUTPUT, byteCount: number): Uint8Array {
  return encodeData({ type, channel: 1, offset: 0, bytes: Buffer.alloc(byteCount) });
}
