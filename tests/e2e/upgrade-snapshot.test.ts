import { once } from 'node:events';
import { encodeControl, LIMITS } from '@holdfast/protocol';
import {
  eventually,
  floodBytes,
  program,
  pythonPath,
  RawClient,
  sha256,
  startDaemon,
  type TestDaemon,
  within,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { startWithPoints, stoppedSuccessor, type Target, upgrade } from './support/upgrades.ts';

/** A real successor behind one that changes the snapshot on its way; see tests/programs/tampering-successor.py. */
function tampering(daemon: TestDaemon, change: string, ...more: string[]): Target {
  const [, , entry = ''] = program('tampering-successor.py');
  const { daemonEntry } = daemon.home.installation;
  const options = [`node=${process.execPath}`, `entry=${daemonEntry}`, `change=${change}`, ...more];
  return { node: pythonPath(), execArgv: ['-SEB', ...options.flatMap((option) => ['-X', option])], entry };
}

test('a successor refuses a snapshot of the future, and descriptors that are not what they should be', async () => {
  await using daemon = await startDaemon();
  const one = await daemon.openCommand(['/bin/cat']);
  const others = [await daemon.openCommand(['/bin/cat']), await daemon.openCommand(['/bin/cat'])];
  const client = await daemon.client();
  await daemon.connect();
  const output = await daemon.record(one);
  const refused = [
    ['schema', 'no', 'a snapshot of schema 99'],
    ['shape', 'no', 'the snapshot is not valid: sessions.0.session.state.pid'],
    ['time', 'no', 'the snapshot is not valid: frozenAtNs'],
    ['masters', 'yes', `is not the terminal of session ${one.id}`],
    ['pidfds', 'no', `is not process ${one.pid} of session ${one.id}`],
    ['twice', 'no', `stands for two things: the connection of client ${process.pid}`],
    ['listener', 'no', 'is not the listener'],
    ['lock', 'no', 'is not the lock'],
    ['missing', 'no', 'is missing: the terminal of session'],
    ['place', 'yes', `is not the terminal of session ${others[1]?.id}`],
    ['unknown', 'yes', 'the snapshot is not valid: session 9999 of the preview is missing'],
  ] as const;
  for (const [change, preview, reason] of refused) {
    const asked = client.request('upgrade', tampering(daemon, change, `preview=${preview}`), {
      timeoutMs: 30_000,
    });
    await expect(asked).rejects.toMatchObject({
      code: 'E_UPGRADE_REFUSED',
      message: expect.stringContaining(reason),
    });
  }
  await (await client.openInput(one.id)).write(Buffer.from('still here\r'));
  await output.waitFor('still here');
  expect((await upgrade(daemon)).from.pid).toBe(daemon.pid);
}, 90_000);

test.for([
  ['schema=1', 'preview=yes'],
  ['schema=2', 'preview=yes'],
  ['schema=3', 'preview=no'],
  ['schema=3', 'preview=yes'],
])(
  'a successor of which is said %j takes over, with half a frame and what was typed',
  { timeout: 60_000 },
  async (said) => {
    await using daemon = await startDaemon();
    const sessions = [await daemon.openCommand(['/bin/cat']), await daemon.openCommand(['/bin/cat'])];
    const client = await daemon.client();
    const inputs = await Promise.all(sessions.map(({ id }) => client.openInput(id)));
    await inputs[0]?.write(Buffer.from('before\n'));
    using raw = await RawClient.connect(daemon.home.paths.socketPath);
    await raw.hello();
    const frame = encodeControl({ id: 1, type: 'list' });
    raw.send(frame.subarray(0, 7));
    const target = tampering(daemon, 'nothing', ...said);
    const upgraded = await client.request('upgrade', target, { timeoutMs: 30_000 });
    expect(upgraded).toMatchObject({ from: { pid: daemon.pid }, sessions: 2 });
    expect(upgraded.to.pid).not.toBe(daemon.pid);
    for (const input of inputs) await input.write(Buffer.from('after\n'));
    const records = await Promise.all(sessions.map((session) => daemon.record(session)));
    await records[0]?.waitFor('before\r\nbefore\r\nafter\r\nafter\r\n');
    await records[1]?.waitFor('after\r\nafter\r\n');
    raw.send(frame.subarray(7));
    const answer = await raw.message(({ id }) => id === 1);
    expect(answer).toMatchObject({ ok: { sessions: sessions.map(({ id }) => ({ id })) } });
  },
);

test.for(['preview=no', 'preview=yes'])(
  'no environment is handed over (%s)',
  { timeout: 60_000 },
  async (preview) => {
    await using daemon = await startDaemon();
    const env = { API_TOKEN: 'xyzzy-very-secret' };
    const { name } = await daemon.openCommand(['/bin/cat'], { env, name: 'there-to-be-found' });
    const client = await daemon.client();
    const ask = (forbidden: string) => {
      const target = tampering(
        daemon,
        'nothing',
        preview,
        `forbidden=${Buffer.from(forbidden).toString('hex')}`,
      );
      return client.request('upgrade', target, { timeoutMs: 30_000 });
    };
    await expect(ask(name)).rejects.toMatchObject({
      message: expect.stringContaining('what is forbidden is handed over'),
    });
    expect((await ask(env.API_TOKEN)).from.pid).toBe(daemon.pid);
  },
);

test('a program that ends while its session is handed over is no failure, and its status is known', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const gate = daemon.home.gate();
  const ending = await daemon.openCommand(['/bin/sh', '-c', `read none <${gate.path}; echo bye; exit 7`]);
  const output = await daemon.record(ending);
  at({ 'successor.received': 'stop' });
  const asked = upgrade(daemon);
  const successor = await stoppedSuccessor(daemon);
  await gate.open();
  process.kill(successor, 'SIGCONT');
  expect((await asked).sessions).toBe(1);
  expect((await output.exited()).exit).toEqual({ code: 7 });
  expect(output.text).toBe('bye\r\n');
}, 60_000);

test('the largest frame there may be, all but its end received, is carried over', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.openCommand(['/bin/cat']);
  using raw = await RawClient.connect(daemon.home.paths.socketPath);
  await raw.hello();
  const request = { id: 1, type: 'get', session: session.id, padding: '' };
  const padding = 'x'.repeat(LIMITS.controlFrameBytes - JSON.stringify(request).length);
  const frame = encodeControl({ ...request, padding });
  raw.send(frame.subarray(0, frame.length - 1));
  // What the kernel keeps for the daemon is a small part of it.
  await within('the daemon has read', once(raw.socket, 'drain'));
  await upgrade(daemon);
  raw.send(frame.subarray(frame.length - 1));
  expect(await raw.message(({ id }) => id === 1)).toMatchObject({ ok: { session: { id: session.id } } });
}, 60_000);

test('twelve of the largest frames, all but their end received, are carried over at once, as they are', async () => {
  await using daemon = await startDaemon();
  const clients = await Promise.all(Array.from({ length: 12 }, (_, index) => Halved.begin(daemon, index)));
  expect((await upgrade(daemon)).clients).toEqual({ kept: 13, dropped: 0 });
  for (const client of clients) client.finish();
  for (const client of clients) await client.isCarriedOut();
  for (const client of clients) client[Symbol.dispose]();
}, 60_000);

/** Variables of an environment, and how much stands in each. */
const VARIABLES = Array.from({ length: 10 }, (_, index) => `V${index}`);
const VARIABLE_BYTES = 100_000;

/** A client in the middle of the largest request there may be: a program is opened that tells the sum of what it was given. */
class Halved implements Disposable {
  readonly #daemon: TestDaemon;
  readonly #raw: RawClient;
  readonly #values: string[];
  readonly #frame: Uint8Array;
  readonly #sentBytes: number;

  static async begin(daemon: TestDaemon, number: number): Promise<Halved> {
    const raw = await RawClient.connect(daemon.home.paths.socketPath);
    await raw.hello();
    const halved = new Halved(daemon, raw, number);
    raw.send(halved.#frame.subarray(0, halved.#sentBytes));
    // What the kernel keeps for the daemon is a small part of it.
    await within('the daemon has read', once(raw.socket, 'drain'));
    return halved;
  }

  private constructor(daemon: TestDaemon, raw: RawClient, number: number) {
    this.#daemon = daemon;
    this.#raw = raw;
    this.#values = VARIABLES.map((_, index) => {
      const at = (number * VARIABLES.length + index) * VARIABLE_BYTES;
      return floodBytes(at, VARIABLE_BYTES).toString('latin1').replaceAll('\n', ' ');
    });
    const values = this.#values.map((value, index) => [VARIABLES[index], value]);
    const env = { PATH: process.env['PATH'], ...Object.fromEntries(values) };
    const script = `printf %s ${VARIABLES.map((name) => `"$${name}"`).join(' ')} | sha256sum`;
    const command = ['/bin/sh', '-c', script];
    const request = { id: 1, type: 'open', command, cwd: '/', env, cols: 80, rows: 24, padding: '' };
    const padding = 'x'.repeat(LIMITS.controlFrameBytes - JSON.stringify(request).length);
    this.#frame = encodeControl({ ...request, padding });
    this.#sentBytes = this.#frame.length - 1 - number;
  }

  finish(): void {
    this.#raw.send(this.#frame.subarray(this.#sentBytes));
  }

  /** The daemon has got what was sent, as it was sent. */
  async isCarriedOut(): Promise<void> {
    const { ok } = await this.#raw.message(({ id }) => id === 1, 'the answer');
    const id = /"id":"(\w+)"/.exec(JSON.stringify(ok))?.[1] ?? 'none';
    const output = await this.#daemon.record(id);
    await output.waitFor(sha256(Buffer.from(this.#values.join(''))));
  }

  [Symbol.dispose](): void {
    this.#raw[Symbol.dispose]();
  }
}

test('of several who type on one stream, the one who was told of progress goes on to be told', async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.openCommand(['/bin/cat']);
  const stream = 'shared-stream';
  const [former, latter] = [await daemon.connect(), await daemon.connect()];
  await latter.openInput(id, { stream });
  const input = await former.openInput(id, { stream });
  await within('its bytes are done', input.write(Buffer.from('one')));
  await upgrade(daemon);
  await within('its bytes are done', input.write(Buffer.from('two')));
}, 60_000);

test('a watcher is told after an upgrade what runs in the foreground, as before', async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.openCommand(['/bin/sh', '-c', 'exec sleep 1000'], { name: 'sleeping' });
  await eventually('it sleeps', async () => (await daemon.get(id)).foreground === 'sleep');
  const told: (string | null)[] = [];
  const client = await daemon.connect();
  await client.watch({
    onSessions: () => undefined,
    onSession: ({ foreground }) => told.push(foreground),
    onForgotten: () => undefined,
  });
  await upgrade(daemon);
  await eventually('it is told', () => told.length > 0);
  expect(told).toEqual(['sleep']);
}, 60_000);
