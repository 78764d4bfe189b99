import fs from 'node:fs';
import { SmallDisk } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { SessionFiles } from '../src/session/session-files.ts';
import { holdings } from './kit/holdings.ts';
import { Scratch } from './kit/scratch.ts';
import { sessionState } from './kit/session-state.ts';

const ID = '0123456789ab';
const canMount = SmallDisk.isPossible();

test.skipIf(!canMount)(
  'on a full disk the history is in memory, and its failed files take no room from the state',
  async () => {
    using disk = new Scratch();
    using _mounted = new SmallDisk(disk.folder, 256 * 1024);
    using scratch = new Scratch();
    const files = new SessionFiles({ stateDir: disk.folder, runtimeDir: scratch.folder });
    const before = holdings();
    const opened = await files.createHistory(ID, { historyBytes: 1024 * 1024, historyIn: 'disk' });
    expect(opened.historyIn).toBe('memory');
    expect(opened.warnings).toEqual([expect.stringMatching(/^its history is kept in memory only: ENOSPC/)]);
    expect(fs.readdirSync(disk.path('sessions', ID))).toEqual([]);
    opened.history.close();
    expect(holdings()).toEqual(before);
  },
);

test.skipIf(!canMount)(
  'a session that lives keeps its state and its agent’s link where a full disk has no room for a new history',
  async () => {
    using disk = new Scratch();
    using _mounted = new SmallDisk(disk.folder, 512 * 1024);
    using scratch = new Scratch();
    const files = new SessionFiles({ stateDir: disk.folder, runtimeDir: scratch.folder });
    const { history } = await files.createHistory(ID, { historyBytes: 65_536, historyIn: 'disk' });
    history.close();
    const state = sessionState({ id: ID });
    await files.stateFile(ID).save(state);
    files.agentLink(ID).pointAt('/tmp/agent');
    fs.truncateSync(disk.path('sessions', ID, 'marks'), 0);
    expect(() => fs.writeFileSync(disk.path('filler'), Buffer.alloc(512 * 1024))).toThrow('ENOSPC');
    const opened = await files.reopenLiveHistory(state);
    opened.history.close();
    expect(opened.historyIn).toBe('memory');
    expect(opened.warnings).toEqual([
      expect.stringMatching(/^its history begins anew/),
      expect.stringMatching(/^its history is kept in memory only: ENOSPC/),
    ]);
    expect(await files.readState(ID)).toEqual(state);
    expect(fs.readdirSync(disk.path('sessions', ID))).toEqual(['state.json']);
    expect(fs.readdirSync(scratch.path('agents'))).toHaveLength(1);
  },
);

test('a history that can’t be created leaves nothing behind, and says why', async () => {
  using scratch = new Scratch();
  fs.mkdirSync(scratch.path('sessions'));
  fs.mkdirSync(scratch.path('sessions', ID, 'ring'), { recursive: true });
  const files = new SessionFiles({ stateDir: scratch.folder, runtimeDir: scratch.path('run') });
  const before = holdings();
  await expect(files.createHistory(ID, { historyBytes: 65_536, historyIn: 'disk' })).rejects.toMatchObject({
    code: 'E_DISK',
    message: expect.stringMatching(/history could not be created: EISDIR/) as string,
  });
  expect(fs.readdirSync(scratch.path('sessions'))).toEqual([]);
  expect(holdings()).toEqual(before);
});

test('a session has its files where they belong, and none when it is removed', async () => {
  using scratch = new Scratch();
  const files = new SessionFiles({ stateDir: scratch.path('state'), runtimeDir: scratch.path('run') });
  expect(await files.ids()).toEqual([]);
  const disk = await files.createHistory(ID, { historyBytes: 65_536, historyIn: 'disk' });
  const memory = await files.createHistory('ba9876543210', { historyBytes: 65_536, historyIn: 'memory' });
  disk.history.close();
  memory.history.close();
  expect(fs.existsSync(scratch.path('state', 'sessions', ID, 'ring'))).toBe(true);
  expect(fs.existsSync(scratch.path('run', 'memory', 'ba9876543210', 'ring'))).toBe(true);
  expect((await files.ids()).toSorted()).toEqual([ID, 'ba9876543210']);
  files.agentLink(ID).pointAt('/tmp/agent');
  await files.setAside('ba9876543210');
  expect(await files.ids()).toEqual([ID]);
  expect(fs.readdirSync(scratch.path('state', 'set-aside'))).toEqual([
    expect.stringMatching(/^ba9876543210\.\d+$/),
  ]);
  await files.remove(ID);
  expect(await files.ids()).toEqual([]);
  expect(fs.readdirSync(scratch.path('run', 'agents'))).toEqual([]);
});
