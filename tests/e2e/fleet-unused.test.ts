import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { TestHost } from './support/test-host.ts';

/** Somebody who would be a fleet's server, and how often one was looked for there. */
async function lookout() {
  const looks = { count: 0 };
  const server = createServer((socket) => {
    looks.count += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { looks, url: `nats://127.0.0.1:${port}`, [Symbol.dispose]: () => server.close() };
}

/** Files of the fleet that processes have loaded, each of which has written there what it has (NODE_V8_COVERAGE). */
function loadedOfFleet(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as {
      result: readonly { readonly url: string }[];
    };
    return result.map(({ url }) => url).filter((url) => /\/dist\/fleet\/|@nats-io/.test(url));
  });
}

test('who asks for no fleet has nothing of one loaded, and none looked for, whatever the environment says', async () => {
  using fleet = await lookout();
  await using scratch = new TestHome();
  const unused = scratch.scratch('unused');
  const env = { HOLDFAST_FLEET: fleet.url, NODE_V8_COVERAGE: unused };
  await using home = new TestHome({ env });
  await using host = await TestHost.start({ home });
  expect((await host.fetch('/')).status).toBe(200);
  expect(await home.cli(['new', '-d', '--name', 'one', '--', 'cat'])).toMatchObject({ code: 0 });
  for (const command of [['ls'], ['status'], ['send', 'one', 'text'], ['capture', 'one'], ['upgrade']])
    expect(await home.cli(command), `holdfast ${command.join(' ')}`).toMatchObject({ code: 0 });
  await host.end();
  expect(readdirSync(unused).length).toBeGreaterThan(5);
  expect(loadedOfFleet(unused)).toEqual([]);
  expect(fleet.looks.count).toBe(0);

  const used = scratch.scratch('used');
  await home.cli(['hosts'], { env: { NODE_V8_COVERAGE: used } });
  expect(loadedOfFleet(used)).toContainEqual(expect.stringContaining('dist/fleet/main.js'));
  expect(fleet.looks.count).toBeGreaterThan(0);
}, 90_000);
