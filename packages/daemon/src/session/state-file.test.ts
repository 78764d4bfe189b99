import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Scratch } from '../../test/kit/scratch.ts';
import { sessionState } from '../../test/kit/session-state.ts';
import { type SessionState, StateFile } from './state-file.ts';
import { parseState } from './state-parser.ts';

const state = sessionState({
  command: ['make', '-j', 'ünïcode "\n'],
  leases: [{ offset: 17, leaseMs: 5_000 }],
});

function read(scratch: Scratch): SessionState {
  return parseState(fs.readFileSync(scratch.path('state.json'), 'utf8'));
}

test('a state is read back as it was saved, and only its user can read it', async () => {
  using scratch = new Scratch();
  await new StateFile(scratch.folder).save(state);
  expect(read(scratch)).toEqual(state);
  expect(fs.statSync(scratch.path('state.json')).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(scratch.folder)).toEqual(['state.json']);
});

test('a state counts as saved when it is in the file: not while it is written, nor after that has failed', async () => {
  using scratch = new Scratch();
  const file = new StateFile(scratch.path('gone'));
  expect(file.isSaved).toBe(true);
  await expect(file.save(state)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(file.isSaved).toBe(false);
  fs.mkdirSync(scratch.path('gone'));
  const saving = file.save(state);
  expect(file.isSaved).toBe(false);
  await saving;
  expect(file.isSaved).toBe(true);
});

test('each save that resolves finds its version, or a later one, in the file; the last one stays', async () => {
  // How many microtasks and turns lie between two saves.
  const pauses = fc.array(fc.record({ ticks: fc.nat({ max: 6 }), isTurn: fc.boolean() }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(pauses, async (pauses) => {
      using scratch = new Scratch();
      const file = new StateFile(scratch.folder);
      const saves: Promise<void>[] = [];
      for (const [version, { ticks, isTurn }] of pauses.entries()) {
        saves.push(
          file.save({ ...state, pid: version }).then(() => {
            expect(read(scratch).pid).toBeGreaterThanOrEqual(version);
          }),
        );
        if (isTurn) await new Promise((resolve) => setImmediate(resolve));
        for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      }
      await Promise.all(saves);
      await file.settled();
      if (pauses.length > 0) expect(read(scratch).pid).toBe(pauses.length - 1);
    }),
    { numRuns: 60 },
  );
});

test('two daemons that save at the same time, as at an upgrade, leave a whole state', async () => {
  using scratch = new Scratch();
  const [predecessor, successor] = [new StateFile(scratch.folder, 1), new StateFile(scratch.folder, 2)];
  for (let round = 0; round < 50; round += 1) {
    await Promise.all([predecessor.save({ ...state, pid: 1 }), successor.save({ ...state, pid: 2 })]);
    expect([1, 2]).toContain(read(scratch).pid);
  }
  expect(fs.readdirSync(scratch.folder)).toEqual(['state.json']);
});

test('a save that a predecessor had begun puts nothing over what its successor has saved', async () => {
  using scratch = new Scratch();
  let goOn: () => void = () => undefined;
  const whenServing = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let predecessor = new StateFile(scratch.folder, 1);
  const asked = new Promise<void>((resolve) => {
    predecessor = new StateFile(scratch.folder, 1, () => {
      resolve();
      return whenServing;
    });
  });
  let isSaved = false;
  void predecessor.save({ ...state, pid: 1 }).then(() => {
    isSaved = true;
  });
  await asked;
  await new StateFile(scratch.folder, 2).save({ ...state, pid: 2 });
  expect({ pid: read(scratch).pid, isSaved }).toEqual({ pid: 2, isSaved: false });
  // It goes on where nobody has taken over.
  goOn();
  await predecessor.settled();
  expect(read(scratch).pid).toBe(1);
});

test('a save that comes just as another ends is written', async () => {
  for (let ticks = 0; ticks < 8; ticks += 1) {
    using scratch = new Scratch();
    const file = new StateFile(scratch.folder);
    const rename = vi.spyOn(fsPromises, 'rename');
    const done = new Promise<void>((resolve) => {
      rename.mockImplementationOnce(async (from, to) => {
        fs.renameSync(from, to);
        // So many microtasks after the file is in its place.
        void (async () => {
          for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
          await file.save({ ...state, pid: 2 });
          resolve();
        })();
      });
    });
    const first = file.save({ ...state, pid: 1 });
    await first;
    await done;
    rename.mockRestore();
    expect(read(scratch).pid, `after ${ticks} microtasks`).toBe(2);
  }
});

test('a disk that is full fails the save, leaves the version before, and no file beside it', async () => {
  using scratch = new Scratch();
  const file = new StateFile(scratch.folder);
  await file.save(state);
  // /dev/full takes nothing: ENOSPC.
  fs.symlinkSync('/dev/full', scratch.path(`state.json.${process.pid}.new`));
  await expect(file.save({ ...state, pid: 1 })).rejects.toMatchObject({ code: 'ENOSPC' });
  await file.settled();
  expect(read(scratch)).toEqual(state);
  expect(fs.readdirSync(scratch.folder)).toEqual(['state.json']);
  await file.save({ ...state, pid: 3 });
  expect(read(scratch).pid).toBe(3);
});

test('a state that comes while the one before it can not be written is written all the same', async () => {
  using scratch = new Scratch();
  const file = new StateFile(scratch.folder);
  // Takes nothing, and is removed with the failure.
  fs.symlinkSync('/dev/full', scratch.path(`state.json.${process.pid}.new`));
  await Promise.all([file.save({ ...state, pid: 1 }), file.save({ ...state, pid: 2 })]);
  expect(read(scratch).pid).toBe(2);
  expect(file.isSaved).toBe(true);
});

test('of several states that can not be written each is told so', async () => {
  using scratch = new Scratch();
  const file = new StateFile(scratch.path('gone'));
  const saves = await Promise.allSettled([file.save({ ...state, pid: 1 }), file.save({ ...state, pid: 2 })]);
  expect(saves).toMatchObject([{ reason: { code: 'ENOENT' } }, { reason: { code: 'ENOENT' } }]);
  expect(file.isSaved).toBe(false);
});

test('a folder that is gone fails the save', async () => {
  using scratch = new Scratch();
  await expect(new StateFile(scratch.path('nowhere')).save(state)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('unknown fields of a later version are ignored', () => {
  expect(parseState(JSON.stringify({ ...state, later: { than: 'this' } }))).toEqual(state);
});

test.each<[string, Record<string, unknown>]>([
  ['schema', { schema: 2 }],
  ['id', { id: '../../etc' }],
  ['name', { name: 7 }],
  ['pid', { pid: -1 }],
  ['pid', { pid: 1.5 }],
  ['startTime', { startTime: '99' }],
  ['command', { command: 'make' }],
  ['command.1', { command: ['make', null] }],
  ['cwd', { cwd: undefined }],
  ['cols', { cols: null }],
  ['rows', { rows: 'x' }],
  ['createdAt', { createdAt: 'yesterday' }],
  ['exitedAt', { exitedAt: 12 }],
  ['exit', { exit: {} }],
  ['exit', { exit: { lost: false } }],
  ['historyBytes', { historyBytes: 2 ** 60 }],
  ['historyIn', { historyIn: 'cloud' }],
  ['leases', { leases: null }],
  ['leases.0.offset', { leases: [{ offset: -1, leaseMs: 1 }] }],
])('a state with another %s is refused by that name', (field, change) => {
  expect(() => parseState(JSON.stringify({ ...state, ...change }))).toThrow(`${field}: `);
});

test.each(['', '{', 'null', '[]', '"x"', `${JSON.stringify(state)}x`, JSON.stringify(state).slice(0, -5)])(
  'a file that holds %j is refused',
  (text) => {
    expect(() => parseState(text)).toThrow(Error);
  },
);
