import fs from 'node:fs';
import path from 'node:path';
import { startDaemon, type TestDaemon, TestHome } from '@holdfast/testkit';
import type { Points } from './upgrades.ts';

/** A daemon that has served for so long is no failed start. */
export const SERVED_MS = 2_200;

export interface Kept extends AsyncDisposable {
  readonly daemon: TestDaemon;
  readonly at: (points: Points) => void;
}

/** A daemon with a keeper, whose daemons can be made to fail. */
export async function startKept(args: readonly string[] = []): Promise<Kept> {
  const home = new TestHome();
  const file = path.join(home.scratch('points'), 'points.json');
  const at = (points: Points) => fs.writeFileSync(file, JSON.stringify(points));
  at({});
  try {
    const daemon = await startDaemon({ home, keeper: true, args, env: { HOLDFAST_TEST_POINTS: file } });
    return { daemon, at, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
  } catch (error) {
    await home[Symbol.asyncDispose]();
    throw error;
  }
}
