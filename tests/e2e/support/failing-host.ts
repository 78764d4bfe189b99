import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { TestHome } from '@holdfast/testkit';
import { TestHost } from './test-host.ts';
import type { Points } from './upgrades.ts';

export interface FailingHost extends AsyncDisposable {
  readonly host: TestHost;
  readonly at: (points: Points) => void;
}

/** A host whose daemons can be made to fail. */
export async function startFailing(): Promise<FailingHost> {
  const folder = new TestHome();
  const file = path.join(folder.scratch('points'), 'points.json');
  const at = (points: Points) => writeFileSync(file, JSON.stringify(points));
  at({});
  const home = new TestHome({ env: { HOLDFAST_TEST_POINTS: file } });
  const host = await TestHost.start({ home });
  return {
    host,
    at,
    async [Symbol.asyncDispose]() {
      at({});
      await host[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
