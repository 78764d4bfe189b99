import fc from 'fast-check';
import { Block } from '@holdfast/posix';
import { LIMITS } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { History } from '../src/history/history.ts';
import { LOOK_BLOCK_BYTES, Queries } from '../src/session/queries.ts';
import { record } from './kit/histories.ts';

/** A session's queries over several daemons. */
class Scene implements Disposable {
  readonly history = History.withoutFiles(LIMITS.historyBytesDefault);
  /** What was typed, and what each query asked for. */
  readonly answered: string[] = [];
  #isLed = false;
  #timers: (() => void)[] = [];
  #nowMs = 0;
  readonly #block = new Block(LOOK_BLOCK_BYTES);
  queries: Queries = this.#make();

  /** Each call of a `flood` is at the same time. */
  write(text: string, flood = false): void {
    record(this.history, Buffer.from(text));
    if (!flood) this.#nowMs += 100;
    this.queries.outputGrew(this.#nowMs);
  }

  leads(isLed: boolean): void {
    this.#isLed = isLed;
    this.queries.ledBy(isLed ? this : undefined);
  }

  upgrade(): void {
    const waiting = this.queries.suspend();
    this.queries.end();
    this.queries = this.#make(waiting);
    if (this.#isLed) this.queries.resumeLed();
    this.queries.takeOver(true);
  }

  /** Nobody leads behind it. */
  crash(): void {
    this.queries.end();
    this.#isLed = false;
    this.queries = this.#make();
    this.queries.takeOver(true);
  }

  /** The time has come. */
  due(): void {
    for (const callback of this.#timers.splice(0)) callback();
  }

  /** Resolves when all answers are made. */
  async settled(): Promise<void> {
    this.due();
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  #make(waiting: { text: string; to: number }[] = []): Queries {
    return new Queries(
      {
        history: this.history,
        block: this.#block,
        after: (_, callback) => {
          this.#timers.push(callback);
          return { cancel: () => undefined };
        },
        terminal: () => ({ cols: 80, rows: 24, facts: {} }),
        byScreen: async ({ queries }) => {
          await new Promise((resolve) => setImmediate(resolve));
          return queries.map(({ text }) => text);
        },
        answer: (text) => this.answered.push(text),
      },
      waiting,
    );
  }

  [Symbol.dispose](): void {
    this.queries.end();
    this.history.close();
  }
}

const act = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('write' as const), bytes: fc.integer({ min: 1, max: 9 }) }),
  },
  fc.record({
    kind: fc.constantFrom('lead' as const, 'leave' as const, 'upgrade' as const, 'turn' as const),
  }),
);
const sometimes = fc.array(fc.oneof(act, fc.constant({ kind: 'crash' as const })), { maxLength: 60 });

/** Queries that each ask for something else, with text between them. */
function asking(count: number): string {
  return Array.from({ length: count }, (_, number) => `text\x1b[1m\x1b[?${number}$p`).join('');
}

test('each query is answered once, in order, by the daemon if nobody leads when its last byte is read, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(sometimes, async (acts) => {
      using scene = new Scene();
      const text = asking(20);
      let at = 0;
      let isLed = false;
      let hasCrashed = false;
      const ours: string[] = [];
      const write = (bytes: number) => {
        const end = Math.min(text.length, at + bytes);
        if (!isLed)
          for (const { 0: query, index } of text.matchAll(/\x1b\[\?\d+\$p/g)) // oxlint-disable-line no-control-regex -- a query begins with it
            if (index + query.length > at && index + query.length <= end) ours.push(query);
        scene.write(text.slice(at, end));
        at = end;
      };
      for (const { kind, ...how } of acts) {
        if (kind === 'write') write('bytes' in how ? how.bytes : 0);
        else if (kind === 'turn') await new Promise((resolve) => setImmediate(resolve));
        else if (kind === 'upgrade') scene.upgrade();
        else if (kind === 'crash') {
          scene.crash();
          isLed = false;
          hasCrashed = true;
        } else {
          isLed = kind === 'lead';
          scene.leads(isLed);
        }
      }
      write(text.length);
      await scene.settled();
      // A crash may cost what was being answered; and nothing is answered twice.
      if (!hasCrashed) expect(scene.answered).toEqual(ours);
      else expect(ours.filter((query) => scene.answered.includes(query))).toEqual(scene.answered);
    }),
    { numRuns: 300 },
  );
});

test('a flood is looked through when there is time, its newest part to the last sequence', async () => {
  using scene = new Scene();
  const flood = 'x'.repeat(40_000);
  scene.write('begins');
  for (const number of [1, 2]) scene.write(`${flood}\x1b[?${number}$p`, true);
  scene.write(`${flood}${'\x1b[m'.repeat(3_000)}\x1b[?3$p${'\x1b[m'.repeat(2_000)}\x1b[?4$`, true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(scene.answered).toEqual([]);
  scene.due();
  scene.write('p', true);
  await scene.settled();
  expect(scene.answered).toEqual(['\x1b[?1$p', '\x1b[?2$p', '\x1b[?3$p', '\x1b[?4$p']);
});

test('whatever comes in a flood, and however much, the query behind it is answered', async () => {
  const part = fc.oneof(
    fc.constantFrom('\x1b[', '\x1b]11;', '\x1bP+q', '\x1b[m', '\x1b]11;?\x07'),
    fc.integer({ min: 1, max: 40_000 }).map((length) => 'x'.repeat(length)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 20 }), async (parts) => {
      using scene = new Scene();
      scene.write('begins');
      scene.write(`${parts.join('')}\x1b[?1$p`, true);
      await scene.settled();
      expect(scene.answered.filter((query) => query === '\x1b[?1$p')).toHaveLength(1);
    }),
    { numRuns: 200 },
  );
});

test('a daemon that follows one that answers nothing leaves what was asked before', async () => {
  using scene = new Scene();
  scene.write('\x1b[?1$p');
  await scene.settled();
  record(scene.history, Buffer.from('\x1b[?2$p'));
  scene.queries.takeOver(false);
  scene.write('\x1b[?3$p');
  await scene.settled();
  expect(scene.answered).toEqual(['\x1b[?1$p', '\x1b[?3$p']);
});

test('who asks without end and without waiting is answered so many times in each look, and holds nobody up', () => {
  using scene = new Scene();
  scene.queries.takeOver(true);
  scene.write('\x1b[c'.repeat(20_000));
  expect(scene.answered.length).toBeLessThanOrEqual(64);
  scene.write('and then \x1b[c');
  scene.due();
  expect(scene.answered.length).toBeGreaterThan(1);
});

test.each(['upgrade', 'crash'] as const)('what a flood left out is not answered later: %s', async (how) => {
  using scene = new Scene();
  scene.queries.takeOver(true);
  scene.write(`${'\x1b[c'.repeat(20_000)}${'text '.repeat(40_000)}`);
  await scene.settled();
  const before = scene.answered.length;
  scene[how]();
  await scene.settled();
  expect(scene.answered.length).toBe(before);
});

test('what holds a NUL is no text for a terminal: nothing in it is a question', () => {
  using scene = new Scene();
  scene.queries.takeOver(true);
  scene.write('\x7fELF\0\x1b[c and \x1b[5n');
  expect(scene.answered).toEqual([]);
  scene.write('text \x1b[c');
  expect(scene.answered).toHaveLength(1);
});
