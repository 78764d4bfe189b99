import { encodeControl, PROTOCOLS } from '@holdfast/protocol';
import { eventually, privateBytes, program } from '@holdfast/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { beforeEach, expect, test } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { TestNats, whyNoNats } from './support/test-nats.ts';

const VIEWERS = 24;
const WINDOW_BYTES = 200_000;
const LINES = 4_000_000;
/** Node's heap grows with what it does at all; what the viewers have not taken is 24 times 64 MB. */
const MEMORY_BYTES_MAX = 48 * 1024 * 1024;
const KIND = { data: 1, beat: 3 };
const BEAT_MS = 1_000;

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

/** One end of a tunnel that says that it is there, and takes no more than it has said at first. */
class NeverReads {
  receivedBytes = 0;
  readonly #nc: NatsConnection;
  readonly #up: string;
  readonly #beat: NodeJS.Timeout;
  #place = 0;

  static async open(nc: NatsConnection, number: number): Promise<NeverReads> {
    const id = String(number).padStart(22, 'A');
    const viewer = new NeverReads(nc, id);
    const asked = { holdfast: 1, id, windowBytes: WINDOW_BYTES, replaces: [] };
    const answer = await nc.request('holdfast.alpha.operate.open', JSON.stringify(asked), {
      timeout: 10_000,
    });
    expect(answer.json()).toMatchObject({ ok: {} });
    return viewer;
  }

  private constructor(nc: NatsConnection, id: string) {
    this.#nc = nc;
    this.#up = `holdfast.alpha.operate.up.${id}`;
    nc.subscribe(`holdfast.alpha.operate.down.${id}`, {
      callback: (_, { data }) => {
        if (data[0] === KIND.data) this.receivedBytes += data.length - 7;
      },
    });
    this.#beat = setInterval(() => this.#send(KIND.beat), BEAT_MS);
  }

  look(session: string): void {
    const hello = { id: 1, type: 'hello', protocols: PROTOCOLS, client: { name: 'raw', version: '0' } };
    this.#send(KIND.data, encodeControl(hello));
    const viewer = { session, channel: 1, from: 'now', mode: 'viewer', readOnly: true };
    this.#send(KIND.data, encodeControl({ id: 2, type: 'subscribe', ...viewer }));
  }

  #send(kind: number, body: Uint8Array = new Uint8Array()): void {
    const head = Buffer.alloc(7);
    head[0] = kind;
    head.writeUIntBE(this.#place++, 1, 6);
    this.#nc.publish(this.#up, Buffer.concat([head, body]));
  }

  leave(): void {
    clearInterval(this.#beat);
  }
}

test('who looks and never reads is sent its window and no more, costs its host no memory, and holds nobody back', async () => {
  await using nats = await TestNats.start();
  await using alpha = await TestHost.start({ args: ['--fleet', nats.url, '--fleet-name', 'alpha'] });
  const gate = alpha.home.gate();
  const command = program('flood.py', LINES, gate.path);
  const opened = await alpha.home.cli(['new', '-d', '--json', '--', ...command]);
  const { id } = JSON.parse(String(opened.stdout));
  const nc = await connect({ servers: nats.url });
  await using _closed = { [Symbol.asyncDispose]: () => nc.close() };
  const all: NeverReads[] = [];
  using _left = { [Symbol.dispose]: () => all.forEach((viewer) => viewer.leave()) };
  while (all.length < VIEWERS) all.push(await NeverReads.open(nc, all.length));
  for (const viewer of all) viewer.look(id);
  const beside = await alpha.home.connect();
  const clients = async () => (await beside.request('get', { session: id })).session.clients;
  await eventually('all look', async () => (await clients()) === VIEWERS);
  const before = privateBytes(alpha.at.pid);
  await gate.open();
  const { session } = await beside.request('wait', { session: id }, { timeoutMs: 60_000 });
  expect(session).toMatchObject({ exit: { code: 0 }, offset: LINES * 16, clients: VIEWERS });
  await nc.flush();
  expect(privateBytes(alpha.at.pid) - before).toBeLessThan(MEMORY_BYTES_MAX);
  for (const { receivedBytes } of all) {
    expect(receivedBytes).toBeGreaterThan(WINDOW_BYTES / 2);
    expect(receivedBytes).toBeLessThanOrEqual(WINDOW_BYTES);
  }
}, 120_000);
