import { HoldfastError, type Session } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { ScriptedSession } from '../test/kit/scripted-session.ts';
import { ScreenView, type ScreenSource, type ScreenViewOptions } from './screen-view.ts';
import type { Snapshot, SnapshotOptions } from './snapshot.ts';
import type { SubscribeOptions } from './subscribe-options.ts';
import type { Subscription } from './subscription.ts';

/** The far end: a session whose output and snapshots come when the test says so. */
class Source implements ScreenSource {
  readonly asked: SnapshotOptions[] = [];
  readonly told: string[] = [];
  isHeld = false;
  readonly #session: Session;
  #options: SubscribeOptions | undefined;
  #answers: { resolve: (snapshot: Snapshot) => void; reject: (error: HoldfastError) => void }[] = [];
  #offset: number;

  constructor(from: number, to: number) {
    this.#session = { ...new ScriptedSession('s', new Uint8Array(0)).describe(), offset: to };
    this.#offset = from;
  }

  subscribe(_: string, options: SubscribeOptions): Promise<Subscription> {
    this.#options = options;
    const session = this.#session;
    const offset = () => this.#offset;
    const subscription: Partial<Subscription> = {
      get session() {
        return session;
      },
      get offset() {
        return offset();
      },
      pause: () => {
        this.isHeld = true;
      },
      resume: () => {
        this.isHeld = false;
      },
      close: () => Promise.resolve(),
    };
    return Promise.resolve(subscription as Subscription);
  }

  snapshot(_: string, options: SnapshotOptions): Promise<Snapshot> {
    this.asked.push(options);
    return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }));
  }

  output(text: string): void {
    const offset = this.#offset;
    this.#offset += text.length;
    this.#options?.onData(Buffer.from(text), offset);
  }

  resized(cols: number): void {
    this.#options?.onResized?.({ offset: this.#offset, cols, rows: 24 });
  }

  answering(from: number | undefined): void {
    this.#options?.onAnswering?.(from, from ?? 0);
  }

  resync(offset: number): void {
    this.#offset = offset;
    this.#options?.onResync?.({ offset });
  }

  exited(): void {
    this.#options?.onExited?.({ offset: this.#offset, exit: { code: 0 } });
  }

  /** Answers the oldest request for a snapshot, and resolves when the view has it. */
  async answer(with_: number | HoldfastError): Promise<void> {
    const asked = this.#answers.shift();
    if (!asked) throw new Error('nobody has asked');
    if (typeof with_ !== 'number') asked.reject(with_);
    else asked.resolve({ ...SNAPSHOT, offset: with_ });
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  }

  view(more: Partial<ScreenViewOptions> = {}): Promise<ScreenView> {
    const { told } = this;
    return ScreenView.open(this, 's', {
      onScreen: ({ offset, snapshot, isReset, incomplete }) => {
        const what = snapshot ? 'screen' : incomplete.join() || 'start';
        told.push(`${what} ${offset}${isReset ? ' reset' : ''}`);
      },
      onData: (bytes, offset) => void told.push(`${offset} ${Buffer.from(bytes).toString()}`),
      onResized: ({ offset, cols }) => void told.push(`${offset} ${cols} columns`),
      onExited: ({ offset }) => void told.push(`exited ${offset}`),
      ...more,
    });
  }
}

const SNAPSHOT: Snapshot = {
  offset: 0,
  cols: 80,
  rows: 24,
  bytes: Buffer.from('screen'),
  cursor: { x: 0, y: 0, hidden: false },
  alternate: false,
  incomplete: [],
};

test('output is handed over from exactly where the snapshot stands, with sizes in their places', async () => {
  const source = new Source(100, 110);
  const opening = source.view();
  source.output('0123456789');
  await opening;
  source.resized(90);
  source.output('abcd');
  source.resized(100);
  source.output('ef');
  await source.answer(112);
  source.output('gh');
  expect(source.told).toEqual(['screen 112', '112 cd', '114 100 columns', '114 ef', '116 gh']);
});

test('what the screen shows already is passed, and who leads no longer is told behind what is held', async () => {
  const source = new Source(100, 110);
  const note = (text: string) => void source.told.push(text);
  await source.view({
    onPassed: (bytes, offset) => note(`passed ${offset} ${Buffer.from(bytes).toString()}`),
    onAnswering: (from) => note(`answers from ${from}`),
  });
  source.answering(110);
  source.output('abcd');
  source.answering(undefined);
  await source.answer(102);
  source.answering(104);
  await Promise.resolve();
  expect(source.told).toEqual([
    'answers from 110',
    'screen 102',
    'passed 100 ab',
    '102 cd',
    'answers from undefined',
    'answers from 104',
  ]);
});

test('a snapshot may be ahead of the output', async () => {
  const source = new Source(100, 110);
  await source.view();
  await source.answer(103);
  source.output('ab');
  source.output('cdef');
  source.exited();
  expect(source.told).toEqual(['screen 103', '103 def', 'exited 106']);
});

test('a session that has written nothing, and one that was just opened, need no snapshot', async () => {
  const nothing = new Source(0, 0);
  await nothing.view();
  nothing.output('a');
  expect(nothing.told).toEqual(['start 0', '0 a']);
  const fresh = new Source(0, 50);
  const opening = fresh.view({ begin: 'output' });
  fresh.output('prompt');
  await opening;
  expect(fresh.told).toEqual(['start 0', '0 prompt']);
  expect([...nothing.asked, ...fresh.asked]).toEqual([]);
});

test('a resync resets, and nothing is handed over until there is another snapshot', async () => {
  const source = new Source(0, 0);
  await source.view();
  source.output('ab');
  source.resync(1_000);
  source.output('0123456789');
  await source.answer(1_004);
  expect(source.told).toEqual(['start 0', '0 ab', 'screen 1004 reset', '1004 456789']);
});

test('a snapshot of what is held no more is asked for again', async () => {
  const source = new Source(100, 110);
  await source.view();
  source.resync(500);
  source.output('abc');
  await source.answer(110);
  expect(source.told).toEqual([]);
  await source.answer(501);
  expect(source.told).toEqual(['screen 501', '501 bc']);
});

test.each(['E_UNKNOWN_REQUEST', 'E_TIMEOUT', 'E_LIMIT', 'E_INTERNAL'] as const)(
  'without a snapshot (%s) what is held is handed over, and may be incomplete',
  async (code) => {
    const source = new Source(100, 110);
    await source.view();
    source.output('abc');
    await source.answer(new HoldfastError(code, 'none'));
    source.output('def');
    expect(source.told).toEqual(['unavailable 100', '100 abc', '103 def']);
  },
);

test('snapshots that never fit are not asked for without end', async () => {
  const source = new Source(100, 110);
  await source.view();
  source.output('abc');
  for (let attempt = 0; attempt < 5; attempt += 1) await source.answer(50);
  expect(source.told).toEqual(['unavailable 100', '100 abc']);
  expect(source.asked).toHaveLength(5);
});

test('who is congested is handed nothing until it goes on, and then everything in order', async () => {
  const source = new Source(100, 110);
  const told: string[] = [];
  const view = await source.view({
    onScreen: () => false,
    onData: (bytes, offset) => {
      told.push(`${offset} ${Buffer.from(bytes).toString()}`);
      return false;
    },
    onExited: ({ offset }) => void told.push(`exited ${offset}`),
  });
  source.output('ab');
  source.output('cd');
  await source.answer(100);
  expect({ told, isHeld: source.isHeld }).toEqual({ told: [], isHeld: true });
  view.resume();
  source.output('ef');
  source.exited();
  expect(told).toEqual(['100 ab']);
  view.resume();
  view.resume();
  expect(told).toEqual(['100 ab', '102 cd', '104 ef']);
  view.resume();
  expect({ told: told.at(-1), isHeld: source.isHeld }).toEqual({ told: 'exited 106', isHeld: false });
});

test('a refresh begins anew where the output stands', async () => {
  const source = new Source(0, 0);
  const view = await source.view({ format: 'paint', viewport: { cols: 70, rows: 20 } });
  source.output('abc');
  view.refresh();
  source.output('de');
  await source.answer(4);
  source.output('f');
  expect(source.told).toEqual(['start 0', '0 abc', 'screen 4 reset', '4 e', '5 f']);
  expect(source.asked).toMatchObject([
    { format: 'paint', historyLines: 1_000, viewport: { cols: 70, rows: 20 } },
  ]);
});

test('a refresh within a sequence begins where that does, and tells of nothing twice', async () => {
  const source = new Source(0, 0);
  const note = (text: string) => void source.told.push(text);
  const view = await source.view({
    onPassed: (bytes, offset) => note(`passed ${offset} ${Buffer.from(bytes).toString()}`),
  });
  source.output('abc[half');
  view.refresh();
  source.output(' title]');
  await source.answer(3);
  source.output('d');
  expect(source.told).toEqual(['start 0', '0 abc[half', 'screen 3 reset', '3 [half', '8  title]', '15 d']);
  expect(source.asked).toHaveLength(1);
});

test('a refresh without a snapshot goes on where it was, and skips nothing', async () => {
  const source = new Source(0, 0);
  const behind: boolean[] = [];
  const view = await source.view({
    onScreen: ({ offset, isBehind }) => {
      behind.push(isBehind);
      source.told.push(`from ${offset}`);
    },
  });
  source.output('abc');
  view.refresh();
  source.output('de');
  await source.answer(new HoldfastError('E_TIMEOUT', 'none'));
  source.resync(1_000);
  await source.answer(new HoldfastError('E_TIMEOUT', 'none'));
  expect(source.told).toEqual(['from 0', '0 abc', 'from 3', '3 de', 'from 1000']);
  expect(behind).toEqual([false, false, true]);
});

test('nothing is told once it is closed', async () => {
  const source = new Source(100, 110);
  const view = await source.view();
  source.output('abc');
  void view.close();
  await source.answer(100);
  source.output('def');
  source.exited();
  expect(source.told).toEqual([]);
});

test('a view that is given up when it begins hands over nothing more', async () => {
  const source = new Source(0, 3);
  const stop = new AbortController();
  const onScreen = () => stop.abort(new Error('enough'));
  const opening = source.view({ begin: 'output', onScreen, signal: stop.signal });
  source.output('abc');
  await expect(opening).rejects.toThrow('enough');
  source.exited();
  expect(source.told).toEqual([]);
});
