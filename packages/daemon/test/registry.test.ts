import fs from 'node:fs';
import { Reactor } from '@holdfast/posix';
import { expect, test, vi } from 'vitest';
import { KeeperLink } from '../src/keeper-link/keeper-link.ts';
import { NOTHING_INHERITED } from '../src/session/inheritance.ts';
import { ProcessLister } from '../src/session/process-table.ts';
import { SessionRegistry } from '../src/session/registry.ts';
import { StateFile } from '../src/session/state-file.ts';
import { Scratch } from './kit/scratch.ts';
import { sessionState } from './kit/session-state.ts';

const HOUR_MS = 60 * 60 * 1_000;

test('a clock that is set a day ahead ends the retention of no session', async () => {
  using scratch = new Scratch();
  const reactor = new Reactor();
  const ids = ['000000000001', '000000000002'];
  for (const [index, id] of ids.entries()) {
    const folder = scratch.path(`sessions/${id}`);
    fs.mkdirSync(folder, { recursive: true });
    await new StateFile(folder).save(exitedFor(id, index === 0 ? 23 : 25));
  }
  const quiet = { reactor, log: () => undefined };
  const nobody = { exited: () => undefined, lost: () => undefined };
  const registry = new SessionRegistry(
    { runtimeDir: scratch.folder, stateDir: scratch.folder },
    {
      ...quiet,
      processes: new ProcessLister(),
      usePidfd: true,
      screenAnswers: async () => [],
      followScreen: async () => ({ offset: 0, isBehind: false, hasMore: false, tookMs: 0 }),
      whileServing: async () => undefined,
      keeper: new KeeperLink(undefined, {
        ...quiet,
        ...nobody,
        runtimeDir: scratch.folder,
        usePidfd: true,
      }),
    },
  );
  try {
    await registry.load(NOTHING_INHERITED);
    expect(registry.all.map(({ id }) => id).toSorted()).toEqual(ids);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * HOUR_MS });
    registry.keepRetention();
    expect(registry.all.map(({ id }) => id)).toEqual(ids.slice(0, 1));
    for (const session of registry.all) await registry.forget(session);
  } finally {
    vi.useRealTimers();
    reactor.dispose();
  }
});

function exitedFor(id: string, hours: number) {
  const at = new Date(Date.now() - hours * HOUR_MS).toISOString();
  return sessionState({ id, name: id, createdAt: at, exitedAt: at, exit: { code: 0 } });
}
