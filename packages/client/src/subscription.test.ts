import { encodeControl, encodeData, FRAME } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { noise, seeded, sha256 } from '../test/kit/random.ts';
import { ScriptedDaemon } from '../test/kit/scripted-daemon.ts';
import { Arrivals } from '../test/kit/signal.ts';
import { Client } from './client.ts';
import type { SubscribeOptions } from './subscribe-options.ts';

const EXIT = { code: 0 };

/** Everything that a subscription hands over, as it comes. */
class Recorder {
  readonly pieces: Buffer[] = [];
  readonly heard = new Arrivals<string>();
  next: number | undefined;

  options(more: Partial<SubscribeOptions> = {}): SubscribeOptions {
    return {
      from: 'start',
      mode: 'exact',
      onData: (bytes, offset) => {
        expect(offset).toBe(this.next ?? offset);
        this.next = offset + bytes.length;
        this.pieces.push(Buffer.from(bytes));
        this.heard.push(`data to ${this.next}`);
      },
      onGap: ({ from, to, reason }) => {
        this.next = to;
        this.heard.push(`gap ${from} ${to} ${reason}`);
      },
      onResync: ({ offset }) => {
        this.next = offset;
        this.heard.push(`resync ${offset}`);
      },
      onExited: ({ offset, exit }) => this.heard.push(`exited ${offset} ${JSON.stringify(exit)}`),
      onResized: ({ offset, cols, rows }) => this.heard.push(`resized ${offset} ${cols}x${rows}`),
      onLeading: (leading) => this.heard.push(`leading ${leading}`),
      onLost: (error) => this.heard.push(`lost ${error.code}`),
      ...more,
    };
  }

  exited(): Promise<string> {
    return this.heard.until((event) => event.startsWith('exited') || event.startsWith('lost'));
  }
}

function connect(daemon: ScriptedDaemon): Promise<Client> {
  return Client.connect({ connector: daemon.connector, name: 'test' });
}

test('output arrives whole and in order, then the exit', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one', noise(300_000));
  session.exit = EXIT;
  const client = await connect(daemon);
  const recorder = new Recorder();
  const subscription = await client.subscribe('one', recorder.options());
  expect(subscription.session.id).toBe('one');
  expect(await recorder.exited()).toBe('exited 300000 {"code":0}');
  expect(sha256(...recorder.pieces)).toBe(sha256(session.output));
  client.close();
});

test.each([1, 2, 3, 4])(
  'no byte is lost or repeated when connections are cut anywhere (seed %i)',
  async (seed) => {
    await using daemon = await ScriptedDaemon.listen();
    const session = daemon.addSession('one', noise(2_000_000));
    session.exit = EXIT;
    const random = seeded(seed);
    daemon.cut = () => ({ sentBytes: 300 + random(120_000), receivedBytes: Number.POSITIVE_INFINITY });
    const client = await connect(daemon);
    const recorder = new Recorder();
    const subscription = await client.subscribe('one', recorder.options());
    expect(await recorder.exited()).toBe('exited 2000000 {"code":0}');
    expect(subscription.offset).toBe(2_000_000);
    expect(sha256(...recorder.pieces)).toBe(sha256(session.output));
    expect(daemon.connections).toBeGreaterThan(15);
    expect(daemon.complaints).toEqual([]);
    client.close();
  },
);

test('a subscription is opened although connections are cut before it is answered', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one', noise(10)).exit = EXIT;
  daemon.cut = () => ({
    sentBytes: Number.POSITIVE_INFINITY,
    receivedBytes: daemon.connections < 3 ? 150 : 1e9,
  });
  const client = await connect(daemon);
  const recorder = new Recorder();
  await client.subscribe('one', recorder.options());
  expect(await recorder.exited()).toBe('exited 10 {"code":0}');
  expect(daemon.connections).toBe(3);
  client.close();
});

test('a resumed subscription is told what it missed: a gap if exact, a resync if a viewer', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one', noise(100));
  const client = await connect(daemon);
  const exact = new Recorder();
  const viewer = new Recorder();
  await client.subscribe('one', exact.options());
  await client.subscribe('one', viewer.options({ mode: 'viewer' }));
  expect(await exact.heard.next()).toBe('data to 100');
  expect(await viewer.heard.until((event) => event.startsWith('data'))).toBe('data to 100');
  session.output = noise(500);
  session.historyStart = 400;
  (await daemon.connected.next()).cutOff();
  expect(await exact.heard.next()).toBe('gap 100 400 evicted');
  expect(await exact.heard.next()).toBe('data to 500');
  expect(await viewer.heard.next()).toBe('resync 400');
  expect(await viewer.heard.next()).toBe('data to 500');
  client.close();
});

test('a crash gap is told, and the offset stays', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one', noise(10));
  const client = await connect(daemon);
  const recorder = new Recorder();
  const subscription = await client.subscribe('one', recorder.options());
  await recorder.heard.next();
  const peer = await daemon.connected.next();
  peer.event({ event: 'gap', channel: 1, from: 10, to: 4_105, reason: 'crash' });
  expect(await recorder.heard.next()).toBe('gap 10 4105 crash');
  expect(subscription.offset).toBe(10);
  client.close();
});

test('output at the wrong offset ends the connection, and the right one is asked for again', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one', noise(100));
  const client = await connect(daemon);
  const causes = new Arrivals<string>();
  client.onStateChange = (state, cause) => causes.push(`${state} ${cause?.message ?? ''}`.trim());
  const recorder = new Recorder();
  await client.subscribe('one', recorder.options());
  await recorder.heard.next();
  const bytes = new Uint8Array(10);
  (await daemon.connected.next()).send(encodeData({ type: FRAME.OUTPUT, channel: 1, offset: 50, bytes }));
  expect(await causes.next()).toBe('reconnecting output at offset 50 instead of 100');
  session.output = Buffer.concat([session.output, bytes]);
  session.exit = EXIT;
  expect(await recorder.exited()).toBe('exited 110 {"code":0}');
  client.close();
});

test('a session that is gone after a reconnect is lost', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one', noise(10));
  const client = await connect(daemon);
  const recorder = new Recorder();
  await client.subscribe('one', recorder.options());
  await recorder.heard.next();
  daemon.sessions.delete('one');
  (await daemon.connected.next()).cutOff();
  expect(await recorder.heard.next()).toBe('lost E_NO_SESSION');
  await expect(client.subscribe('one', recorder.options())).rejects.toMatchObject({ code: 'E_NO_SESSION' });
  client.close();
});

test('acknowledgements are gathered: one when nothing more is there, and not only after 64 KiB', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one', noise(200_000));
  const client = await connect(daemon);
  const peer = await daemon.connected.next();
  const subscription = await client.subscribe('one', {
    from: 'start',
    mode: 'exact',
    onData: (bytes, offset) => acknowledge(offset + bytes.length),
  });
  // Nothing is handed over before the answer, which comes in the same chunk.
  function acknowledge(offset: number) {
    queueMicrotask(() => subscription.acknowledge(offset));
  }
  let acks = 1;
  while ((await peer.acks.next()).offset < 200_000) acks += 1;
  expect(acks).toBeLessThanOrEqual(8);
  expect(() => subscription.acknowledge(200_001)).toThrow(RangeError);
  client.close();
});

test('an acknowledgement that was lost with its connection is sent again', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one', noise(1_000));
  const client = await connect(daemon);
  const recorder = new Recorder();
  const subscription = await client.subscribe('one', recorder.options());
  await recorder.heard.until((event) => event === 'data to 1000');
  const first = await daemon.connected.next();
  subscription.acknowledge(700);
  expect((await first.acks.next()).offset).toBe(700);
  first.cutOff();
  expect((await (await daemon.connected.next()).acks.next()).offset).toBe(700);
  client.close();
});

test('a congested reader stops the reading, and resumes it', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one', noise(8_000_000));
  session.exit = EXIT;
  const client = await connect(daemon);
  const recorder = new Recorder();
  const held = new Arrivals<number>();
  let handedOver = 0;
  const subscription = await client.subscribe(
    'one',
    recorder.options({
      onData: (bytes, offset) => {
        recorder.options().onData(bytes, offset);
        handedOver += bytes.length;
        held.push(handedOver);
        return false;
      },
    }),
  );
  let resumed = 0;
  const exited = recorder.exited();
  for (let total = await held.next(); total < 8_000_000; total = await held.next()) {
    // No more than one read comes after "congested".
    expect(total - resumed).toBeLessThanOrEqual(256 * 1024);
    resumed = total;
    subscription.resume();
  }
  subscription.resume();
  expect(await exited).toContain('exited 8000000');
  expect(sha256(...recorder.pieces)).toBe(sha256(session.output));
  client.close();
});

test('a closed subscription hears nothing more, and output that was under way is no fault', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one', noise(4_000_000));
  const client = await connect(daemon);
  const recorder = new Recorder();
  const subscription = await client.subscribe('one', recorder.options());
  await recorder.heard.next();
  const closed = subscription.close();
  const before = subscription.offset;
  await closed;
  expect(subscription.offset).toBe(before);
  await client.request('list', {});
  expect(daemon.connections).toBe(1);
  client.close();
});

test('what is given up by a handler while it is opened tells nothing more, of what has come already either', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one', noise(100));
  // All in one chunk.
  daemon.scripts.set('subscribe', (peer, { id, parameters }) => {
    const channel = 'channel' in parameters ? parameters.channel : 0;
    const result = { session: session.describe(), offset: 0, leading: false };
    const output = { type: FRAME.OUTPUT, channel, offset: 0, bytes: session.output };
    const leading = { event: 'leading', channel, leading: true, offset: 100 };
    peer.send(Buffer.concat([encodeControl({ id, ok: result }), encodeData(output), encodeControl(leading)]));
  });
  await using client = await connect(daemon);
  const givenUp = async (open: (options: SubscribeOptions) => Promise<unknown>) => {
    const stop = new AbortController();
    const told: string[] = [];
    const opening = open({
      from: 'start',
      mode: 'viewer',
      onData: () => void told.push('data'),
      onLeading: () => void told.push('leading'),
      onAnswering: () => {
        told.push('answering');
        stop.abort(new Error('enough'));
      },
      signal: stop.signal,
    });
    await expect(opening).rejects.toThrow('enough');
    await client.request('list', {});
    return told;
  };
  expect(await givenUp((options) => client.subscribe('one', options))).toEqual(['answering']);
  const onScreen = () => expect.unreachable();
  expect(await givenUp((options) => client.view('one', { ...options, onScreen }))).toEqual(['answering']);
});

test('who closes a subscription as it is resumed is not told who leads', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one');
  await using client = await connect(daemon);
  const told = new Arrivals<string>();
  const subscription = await client.subscribe('one', {
    from: 'start',
    mode: 'viewer',
    onData: () => undefined,
    onAnswering: () => told.push('answering'),
    onResumed: () => {
      void subscription.close();
      told.push('closed');
    },
  });
  expect(await told.next()).toBe('answering');
  for (const peer of daemon.peers) peer.cutOff();
  expect(await told.next()).toBe('closed');
  await client.request('list', {});
  told.push('nothing');
  expect(await told.next()).toBe('nothing');
});

test('a viewer’s size goes along: the last one, also after a reconnect', async () => {
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one');
  const client = await connect(daemon);
  const subscription = await client.subscribe('one', { from: 'now', mode: 'viewer', onData: () => {} });
  for (let cols = 1; cols <= 100; cols += 1) subscription.setViewport({ cols, rows: 10 });
  const isLast = await daemon.requested.until(({ type, parameters }) => {
    return type === 'viewport' && 'cols' in parameters && parameters.cols === 100;
  });
  expect(isLast.id).toBeLessThan(10);
  (await daemon.connected.next()).cutOff();
  const again = await daemon.requested.until(({ type }) => type === 'subscribe');
  expect(again.parameters).toMatchObject({ from: 0, viewport: { cols: 100, rows: 10 } });
  client.close();
});

test('watchers are told of all sessions, of changes, and of all again after a reconnect', async () => {
  await using daemon = await ScriptedDaemon.listen();
  const session = daemon.addSession('one');
  const client = await connect(daemon);
  const heard = new Arrivals<string>();
  const watch = await client.watch({
    onSessions: (sessions) => heard.push(`all: ${sessions.map(({ id }) => id).join(' ')}`),
    onSession: ({ id }) => heard.push(`changed: ${id}`),
    onForgotten: (id) => heard.push(`forgotten: ${id}`),
  });
  const peer = await daemon.connected.next();
  peer.event({ event: 'session', session: session.describe() });
  peer.event({ event: 'forgotten', id: 'one' });
  expect([await heard.next(), await heard.next(), await heard.next()]).toEqual([
    'all: one',
    'changed: one',
    'forgotten: one',
  ]);
  daemon.addSession('two');
  peer.cutOff();
  expect(await heard.next()).toBe('all: one two');
  watch.close();
  client.close();
});
