import fs from 'node:fs';
import { BUILD } from '@holdfast/protocol';
import { eventually, fdCount } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { History } from '../src/history/history.ts';
import type { ScreenedSession, ScreenView } from '../src/screen/messages.ts';
import { Screens } from '../src/screen/screens.ts';
import { WorkerProgram } from '../src/screen/worker-program.ts';
import { FakeClock } from './kit/fake-clock.ts';
import { Scratch } from './kit/scratch.ts';

const view: ScreenView = { format: 'text' };

/** Workers of little scripts: what comes of them does not depend on what a screen is. */
class Scene implements Disposable {
  readonly clock = new FakeClock();
  readonly logged: string[] = [];
  /** How many were started. */
  started = 0;
  readonly screens: Screens;

  /** `script` has `port`, and answers `request` with `answer(…)` or `refuse(…)`. */
  constructor(script: string, build = BUILD) {
    const program = `
      const { parentPort: port } = require('node:worker_threads');
      const answer = (document) => {
        const json = new TextEncoder().encode(JSON.stringify(document));
        port.postMessage({ json }, [json.buffer]);
      };
      const refuse = (code, message) => port.postMessage({ error: { code, message } });
      port.on('message', (request) => { ${script} });
      port.postMessage({ build: ${JSON.stringify(build)} });`;
    const read = () => {
      this.started += 1;
      return program;
    };
    const log = (event: string) => void this.logged.push(event);
    this.screens = new Screens({ reactor: this.clock, log, program: { read } });
  }

  async capture(id: string, more: Partial<ScreenedSession> = {}): Promise<unknown> {
    const session = { id, history: { folder: '/nowhere' }, capacity: 1, cols: 80, rows: 24, ...more };
    const json = await this.screens.capture(() => session, view);
    return JSON.parse(Buffer.from(json).toString());
  }

  [Symbol.dispose](): void {
    // Whatever it is waiting for, it is idle after that.
    this.clock.pass(1_000_000);
    this.clock[Symbol.dispose]();
  }
}

test('a worker is started for the first capture, serves all, and is ended when nobody has asked for a while', async () => {
  using scene = new Scene('answer({ of: request.session.id, format: request.view.format })');
  expect(scene.started).toBe(0);
  const all = ['a', 'b', 'c'].map((id) => scene.capture(id));
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c'].map((of) => ({ of, format: 'text' })));
  scene.clock.pass(59_000);
  await scene.capture('d');
  scene.clock.pass(59_000);
  await scene.capture('e');
  expect(scene.started).toBe(1);
  scene.clock.pass(60_001);
  await scene.capture('f');
  expect(scene.started).toBe(2);
  expect(scene.logged).toEqual([]);
});

test('a worker that is ended saves what it has first, and nobody waits for it', async () => {
  using scratch = new Scratch();
  const saved = scratch.path('saved');
  using scene = new Scene(`
    if (request === 'end') {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      require('node:fs').writeFileSync(${JSON.stringify(saved)}, '');
      port.close();
    } else answer(1)`);
  await scene.capture('a');
  scene.clock.pass(60_001);
  await scene.capture('b');
  expect(scene.started).toBe(2);
  await eventually('it has saved', () => fs.existsSync(saved));
  expect(scene.logged).toEqual([]);
});

test('a capture that fails is refused for its reason, and the next is made', async () => {
  using scene = new Scene(`request.session.id === 'bad' ? refuse('E_LIMIT', 'too large') : answer(1)`);
  await expect(scene.capture('bad')).rejects.toMatchObject({ code: 'E_LIMIT', message: 'too large' });
  expect(await scene.capture('good')).toBe(1);
  expect(scene.started).toBe(1);
});

test('a session that is gone when its turn comes is refused, and the next is served', async () => {
  using scene = new Scene('answer(1)');
  const gone = scene.screens.capture(() => {
    throw new Error('gone');
  }, view);
  const next = scene.capture('next');
  await expect(gone).rejects.toThrow('gone');
  expect(await next).toBe(1);
});

test.each([
  ['throws', 'throw new Error("mine")'],
  ['exits', 'process.exit(3)'],
  [
    'takes all the memory it may',
    'const all = []; for (;;) all.push(new Array(1000).fill(request.session.id + all.length))',
  ],
])(
  'a worker that %s fails the capture that it had in hand, and only that',
  async (_does, what) => {
    using scene = new Scene(`if (request.session.id === 'bad') { ${what} } else answer(request.session.id)`);
    const all = ['one', 'bad', 'two'].map((id) => scene.capture(id));
    expect(await all[0]).toBe('one');
    await expect(all[1]).rejects.toMatchObject({ code: 'E_INTERNAL' });
    expect(await all[2]).toBe('two');
    expect(scene.started).toBe(2);
    expect(scene.logged).toEqual(['screens.failed']);
  },
  60_000,
);

test('a worker that never answers is given up, and the others get another one', async () => {
  using scene = new Scene(`
    if (request.session.id === 'bad') { answer('begun'); for (;;); } else answer(request.session.id)`);
  const begun = scene.capture('bad');
  expect(await begun).toBe('begun');
  const stuck = scene.capture('any');
  const next = scene.capture('next');
  scene.clock.pass(15_001);
  await expect(stuck).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  expect(await next).toBe('next');
});

test('whoever looks comes before a screen that nobody looks at', async () => {
  const followed = '{ followed: { offset: 1, isBehind: false, hasMore: false, tookMs: 0 } }';
  using scene = new Scene(
    `if (request.follow) port.postMessage(${followed}); else answer(request.session.id)`,
  );
  const order: string[] = [];
  const note = (what: string) => () => void order.push(what);
  const session = { id: 'unseen', history: { folder: '/nowhere' }, capacity: 1, cols: 80, rows: 24 };
  const first = scene.capture('first').then(note('first'));
  const unseen = scene.screens.follow(() => session, { isFlood: false, upTo: 1, goesOn: false });
  const second = scene.capture('second').then(note('second'));
  await Promise.all([first, unseen.then(note('unseen')), second]);
  expect(order).toEqual(['first', 'second', 'unseen']);
  expect(await unseen).toEqual({ offset: 1, isBehind: false, hasMore: false, tookMs: 0 });
});

test('a screen that nobody looks at is gone on with before another one is begun with', async () => {
  using scene = new Scene(
    `port.postMessage({ followed: { offset: 1, isBehind: false, hasMore: false, tookMs: 0 } })`,
  );
  const order: string[] = [];
  const follow = (id: string, goesOn: boolean) =>
    scene.screens
      .follow(() => ({ id, history: { folder: '/nowhere' }, capacity: 1, cols: 80, rows: 24 }), {
        isFlood: false,
        upTo: 1,
        goesOn,
      })
      .then(() => void order.push(id));
  await Promise.all([follow('first', false), follow('second', false), follow('gone on with', true)]);
  expect(order).toEqual(['gone on with', 'first', 'second']);
});

test('a worker of another build makes no screens', async () => {
  using scene = new Scene('answer(1)', '0123456789ab');
  await expect(Promise.all([scene.capture('a'), scene.capture('b')])).rejects.toThrow('0123456789ab');
  expect(scene.logged).toEqual(['screens.failed']);
});

test('the program is the one that was there when the daemon started, whatever is installed since', () => {
  using scratch = new Scratch();
  const file = scratch.path('main.cjs');
  fs.writeFileSync(file, 'old');
  using program = new WorkerProgram(file);
  fs.writeFileSync(`${file}.new`, 'new');
  fs.renameSync(`${file}.new`, file);
  expect([program.read(), program.read()]).toEqual(['old', 'old']);
  using missing = new WorkerProgram(scratch.path('none'));
  expect(() => missing.read()).toThrow('ENOENT');
});

test('a worker that has no program is said so to each', async () => {
  using scene = new Scene('answer(1)');
  const missing = new Screens({
    reactor: scene.clock,
    log: () => undefined,
    program: {
      read: () => {
        throw new Error('ENOENT');
      },
    },
  });
  const capture = () => missing.capture(() => ({ id: 'a' }) as ScreenedSession, view);
  await expect(capture()).rejects.toThrow('ENOENT');
  await expect(capture()).rejects.toThrow('ENOENT');
});

test('a history without files is lent for as long as it is read', async () => {
  using scene = new Scene(`
    const text = Buffer.alloc(4);
    require('node:fs').readSync(request.session.history.ledger, text, 0, 4, 0);
    answer({ magic: text.toString('hex'), own: request.session.history })`);
  const history = History.withoutFiles(65_536);
  try {
    const descriptors = history.descriptors ?? { folder: '' };
    await scene.capture('a', { history: descriptors });
    const before = fdCount(process.pid);
    const { magic, own } = (await scene.capture('a', { history: descriptors })) as Record<string, unknown>;
    expect(magic).toBe('484c464c');
    expect(own).not.toEqual(descriptors);
    await eventually('it is given back', () => fdCount(process.pid) <= before);
  } finally {
    history.close();
  }
});
