import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandLine, eventually, installation, repository, startDaemon, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { install, packProgram } from './support/npm.ts';
import { otherTree } from './support/other-tree.ts';
import { released, RELEASES } from './support/releases.ts';
import { TestHost } from './support/test-host.ts';

const LATER = { version: '99.0.0', build: 'aaaaaaaaaaaa' };
/** Installed, without what it depends on. */
const LARGEST_BYTES = 3_000_000;
const NEWEST = RELEASES.at(-1) ?? '';

/** The package of this tree, as a later version. */
async function packLater(folders: TestHome): Promise<string> {
  const tree = folders.scratch('later-tree');
  await otherTree(tree, LATER);
  return packProgram(folders.scratch('later'), tree);
}

/** The package of a release: its own programs, as far as they are kept, and the rest of this tree, which says that it is that release. */
async function packRelease(folders: TestHome, version: string): Promise<string> {
  const { build, programs } = released(version);
  const tree = folders.scratch('release-tree');
  await otherTree(tree, { version, build });
  for (const [file, code] of Object.entries(programs)) writeFileSync(path.join(tree, 'dist', file), code);
  return packProgram(folders.scratch('release'), tree);
}

/** Runs a command that prints JSON. */
async function json(home: TestHome, ...args: string[]) {
  const { code, stdout, stderr } = await home.cli([...args, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(String(stdout));
}

test('the package has no more in it than is needed to run, and is small', async () => {
  await using folders = new TestHome();
  const holdfast = await packProgram(folders.scratch('packed'));
  const list = execFileSync('tar', ['-tvzf', holdfast], { encoding: 'utf8' }).trim().split('\n');
  const files = list
    .map((line) => line.split(/\s+/))
    .map(([, , size, , , name]) => ({ size: Number(size), name }));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  console.log(`holdfast: ${readFileSync(holdfast).length} bytes packed, ${bytes} installed`);
  expect(bytes).toBeLessThanOrEqual(LARGEST_BYTES);
  for (const text of ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist/man/holdfast.1'])
    expect(files.map(({ name }) => name)).toContain(`package/${text}`);

  const places = new Set(files.map(({ name = '' }) => name.split('/').slice(1, -1).join('/')));
  expect([...places].toSorted()).toEqual([
    '',
    'bin',
    'contrib',
    'dist',
    'dist/cli',
    'dist/daemon',
    'dist/host',
    'dist/keeper',
    'dist/man',
    'dist/mcp',
    'dist/screen',
    'dist/web',
    'dist/web/assets',
    'docs',
  ]);
  const manifest = JSON.parse(
    execFileSync('tar', ['-xzOf', holdfast, 'package/package.json'], { encoding: 'utf8' }),
  );
  const posix = JSON.parse(readFileSync(path.join(repository, 'packages/posix/package.json'), 'utf8'));
  expect(manifest.dependencies).toEqual(posix.dependencies);
  for (const field of ['private', 'scripts', 'workspaces', 'devDependencies', 'overrides'])
    expect(manifest).not.toHaveProperty(field);
});

/** Packages whose code is in the programs, as their source maps tell, unless they have maps of their own; those that the page imports itself. */
function thirdParties(): Set<string> {
  const named = (of: RegExp, text: string) => [...text.matchAll(of)].map(([, name = '']) => name);
  const found = (folder: string, ending: RegExp) =>
    readdirSync(path.join(repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => ending.test(file))
      .map((file) => readFileSync(path.join(repository, folder, file), 'utf8'));
  const programs = found('dist', /\.c?js\.map$/).flatMap((map) =>
    (JSON.parse(map).sources as string[]).flatMap((source) =>
      named(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/g, source),
    ),
  );
  const page = found('packages/web/src', /(?<!test)\.(tsx?|css)$/).flatMap((source) =>
    named(/^(?:import|\} from|@import) (?!type)(?:.* from )?['"]((?:@[^/'"]+\/)?[^./'"][^/'"]*)/gm, source),
  );
  const isOthers = (name: string) =>
    !name.startsWith('@holdfast/') && existsSync(path.join(repository, 'node_modules', name, 'package.json'));
  return new Set([...programs, ...page, '@xterm/headless'].filter(isOthers));
}

test('the package has the licence of everybody whose code is in it', async () => {
  await using folders = new TestHome();
  const holdfast = await packProgram(folders.scratch('packed'));
  const text = execFileSync('tar', ['-xzOf', holdfast, 'package/dist/THIRD-PARTY-LICENSES.txt'], {
    encoding: 'utf8',
  });
  const titles = text.match(/^\S+ \d+\.\d+\.\d+\S* \(.+\)$/gm) ?? [];
  const named = new Set(titles.map((title) => title.split(' ')[0]));
  const expected = thirdParties();
  expected.delete('radix-ui'); // has no code but exports of other packages
  for (const name of ['fastify', 'zod', '@xterm/headless', 'react', 'tailwindcss'])
    expect(expected).toContain(name);
  expect([...expected].filter((name) => !named.has(name))).toEqual([]);
  // The rest is what the page's packages import.
  expect(named.size).toBeGreaterThan(expected.size);
  expect(named).not.toContain('koffi'); // is installed beside it
});

/** What is run once a later package is installed, and has the daemon upgraded. */
const NEXT_COMMANDS = {
  '`holdfast upgrade`': async (home: TestHome) => {
    expect(await json(home, 'upgrade')).toMatchObject({
      ok: true,
      from: { version: NEWEST },
      to: LATER,
      sessions: 1,
      clients: { dropped: 0 },
    });
  },
  'any command that is typed': async (home: TestHome) => {
    const terminal = home.terminal(['ls']);
    await terminal.waitFor(`the daemon is being upgraded to ${LATER.version}+${LATER.build}`);
    await eventually(
      'the later version',
      async () => (await json(home, 'status')).daemon.build === LATER.build,
    );
  },
};

test.for(Object.entries(NEXT_COMMANDS))(
  'the last release is installed from its tarball and used; a later one over it, and %s, keep sessions, pids and viewers',
  {
    timeout: 240_000,
  },
  async ([, upgradeBy], context) => {
    await using folders = new TestHome();
    const prefix = folders.scratch('prefix');
    await install(context, { into: prefix, tarballs: [await packRelease(folders, NEWEST)], global: true });
    const installed = path.join(prefix, 'lib', 'node_modules', 'holdfast');
    const bin = path.join(prefix, 'bin', 'holdfast');
    expect(existsSync(path.join(prefix, 'share', 'man', 'man1', 'holdfast.1'))).toBe(true);

    await using home = new TestHome({ installation: { ...installation(installed), bin } });
    // As the release itself starts it: it knows of no keeper.
    await using _daemon = await startDaemon({ home });
    const { id, pid } = await json(home, 'new', '-d', '--name', 'kept');
    const listed = () => json(home, 'ls');
    expect(await listed()).toMatchObject([{ id, pid, name: 'kept', state: 'running' }]);
    expect(commandLine(home.daemonPid ?? 0)).toContain(`${installed}/dist/daemon/main.js`);
    const viewer = home.terminal(['attach', 'kept']);
    viewer.type("echo be''fore\r");
    await viewer.until('\nbefore');

    await install(context, { into: prefix, tarballs: [await packLater(folders)], global: true });
    const status = () => json(home, 'status');
    const pending = {
      running: expect.stringContaining(NEWEST),
      available: expect.stringContaining('99.0.0'),
    };
    expect(await status()).toMatchObject({ update: { pending: true, ...pending } });
    await upgradeBy(home);
    expect(await listed()).toMatchObject([{ id, pid, state: 'running' }]);
    viewer.type("echo af''ter\r");
    await viewer.until('\nafter');
    expect(await status()).toMatchObject({
      daemon: LATER,
      keeper: { version: expect.stringContaining('99.0.0') },
    });
  },
);

test('a package that a daemon still runs from is replaced: the daemon goes on, and the next command at a terminal upgrades it', {
  timeout: 240_000,
}, async (context) => {
  await using folders = new TestHome();
  const prefix = folders.scratch('prefix');
  const holdfast = await packProgram(folders.scratch('packed'));
  await install(context, { into: prefix, tarballs: [holdfast] });
  const installed = path.join(prefix, 'node_modules', 'holdfast');
  const bin = path.join(prefix, 'node_modules', '.bin', 'holdfast');
  await using home = new TestHome({ installation: { ...installation(installed), bin } });
  const { id, pid } = await json(home, 'new', '-d');

  await install(context, { into: prefix, tarballs: [await packLater(folders)] });
  await home.cli(['send', id, 'echo sh""own', '--enter']);
  await home.cli(['wait', id, '--output', '\\nshown']);
  // The daemon makes screens in a worker, which it starts only now.
  expect(String((await home.cli(['capture', id])).stdout)).toMatch(/^shown$/m);
  const terminal = home.terminal(['ls']);
  await terminal.waitFor('the daemon is being upgraded to 99.0.0+aaaaaaaaaaaa');
  await eventually(
    'the later version',
    async () => (await json(home, 'status')).daemon.build === LATER.build,
  );
  expect(await json(home, 'ls')).toMatchObject([{ id, pid, state: 'running' }]);

  await using host = await TestHost.start({ home });
  // Its files are in the package as they are sent.
  const page = await (await host.fetch('/')).text();
  const [, script = ''] = /src="\/(assets\/[^"]+\.js)"/.exec(page) ?? [];
  const built = readFileSync(path.join(folders.scratch('later-tree'), 'dist', 'web', script), 'utf8');
  for (const coding of ['gzip', 'identity']) {
    const answer = await host.fetch(`/${script}`, { headers: { 'accept-encoding': coding } });
    expect(answer.headers.get('content-encoding')).toBe(coding === 'gzip' ? 'gzip' : null);
    expect(answer.headers.get('content-type')).toContain('text/javascript');
    expect(await answer.text()).toBe(built);
  }
});
