import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { commandLine, eventually, repository, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { install, packAll } from './support/npm.ts';

const run = promisify(execFile);
const LIBRARIES = ['protocol', 'posix', 'client', 'supervisor'] as const;

/** The ways in which TypeScript finds a package's types. */
const RESOLUTIONS = [
  ['--module', 'preserve', '--moduleResolution', 'bundler', '--noEmit'],
  ['--module', 'node16', '--noEmit'],
  ['--module', 'nodenext'],
];

/** A program of somebody else, who checks all types there are, and has the runtime of no bundler. */
const PROGRAM = `
import { createRequire } from 'node:module';
import path from 'node:path';
import { Client, netConnector, type SubscriptionHandlers } from '@holdfast/client';
import { type Installation, installationIn, resolveHome, Supervisor } from '@holdfast/supervisor';
import { connect } from '@holdfast/supervisor/connect';

const dist = path.join(path.dirname(createRequire(import.meta.url).resolve('holdfast/package.json')), 'dist');
const installation: Installation = installationIn(dist);
const home = resolveHome(process.env, 'default');
const supervisor = new Supervisor({ home, name: 'theirs', installation });
const { pid } = await supervisor.ensure();

const client: Client = await Client.connect({ connector: netConnector(home.socketPath), name: 'theirs' });
const { session } = await client.request('open', {
  command: ['sh', '-c', 'read word; echo "<$word>"; exit 3'],
  cwd: '/',
  env: { PATH: process.env['PATH'] ?? '' },
  cols: 80,
  rows: 24,
  leaseMs: 5_000,
});
const outcome = await supervisor.upgrade();
if (!outcome.ok) throw new Error(outcome.reason);

let output = '';
const exited = new Promise<unknown>((resolve, reject) => {
  const handlers: SubscriptionHandlers = {
    onData: (bytes) => void (output += Buffer.from(bytes).toString()),
    onExited: ({ exit }) => resolve(exit),
    onLost: reject,
  };
  client.subscribe(session.id, { from: 'start', mode: 'exact', ...handlers }).catch(reject);
});
await (await client.openInput(session.id)).write(Buffer.from('typed\\n'));
const exit = await exited;
const code: string = await client.request('get', { session: 'nobody' }).then(
  () => 'none',
  (error: { code: string }) => error.code,
);
// @ts-expect-error there is no such request
const wrong = () => client.request('gte', { session: session.id });
console.log(JSON.stringify({ pid, next: outcome.to.pid, output, exit, code, wrong: typeof wrong, connect: typeof connect }));
client.close();
`;

test('a TypeScript program in an empty folder compiles with the packed libraries, and runs with the packed daemon', {
  timeout: 240_000,
}, async (context) => {
  await using home = new TestHome();
  const folder = home.scratch('theirs');
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }\n');
  const tarballs = await packAll(home.scratch('packed'));
  expect(Object.keys(tarballs)).toEqual([
    'holdfast',
    'holdfast-fleet',
    ...LIBRARIES.map((name) => `holdfast-${name}`),
  ]);
  await install(context, { into: folder, tarballs: Object.values(tarballs) });

  writeFileSync(path.join(folder, 'main.ts'), PROGRAM);
  const tsc = path.join(repository, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = ['--types', 'node', '--typeRoots', path.join(repository, 'node_modules', '@types')];
  // The last one's output is what runs.
  for (const resolution of RESOLUTIONS) {
    const options = ['--strict', ...resolution, '--target', 'es2023', ...types, 'main.ts'];
    const compiled = await run(process.execPath, [tsc, ...options], { cwd: folder }).catch((error) => error);
    expect({ resolution, said: compiled.stdout }).toEqual({ resolution, said: '' });
  }

  const { stdout } = await run(process.execPath, ['main.js'], {
    cwd: folder,
    env: home.env,
    timeout: 30_000,
  });
  const said = JSON.parse(stdout);
  expect(said).toMatchObject({ exit: { code: 3 }, code: 'E_NO_SESSION' });
  expect(said.output).toContain('<typed>\r\n');
  expect(said.next).not.toBe(said.pid);
  const daemon = await eventually('the daemon', () => home.daemonPid);
  expect(daemon).toBe(said.next);
  expect(commandLine(daemon)).toContain(path.join(folder, 'node_modules', 'holdfast', 'dist', 'daemon'));

  // As CommonJS has it, too, and both are the same classes. Who uses only sockets of Node never loads native code.
  const required = `
    const { Client } = require('@holdfast/client');
    const isNative = Object.keys(process.report.getReport().sharedObjects).some((at) => /koffi/.test(process.report.getReport().sharedObjects[at]));
    import('@holdfast/client').then((imported) => console.log(imported.Client === Client, isNative));`;
  expect((await run(process.execPath, ['-e', required], { cwd: folder })).stdout).toBe('true false\n');
});

test('publint and attw find nothing to say about what is published, and each library tells what it is and under which licence', {
  timeout: 240_000,
}, async () => {
  await using folders = new TestHome();
  const tarballs = await packAll(folders.scratch('packed'));
  const bin = (name: string) => path.join(repository, 'node_modules', '.bin', name);
  for (const tarball of Object.values(tarballs)) {
    const { stdout } = await run(bin('publint'), [tarball, '--strict']);
    expect(stdout).toContain('All good!');
  }
  for (const name of LIBRARIES) {
    const tarball = tarballs[`holdfast-${name}`] ?? '';
    const files = (await run('tar', ['-tzf', tarball])).stdout.split('\n');
    for (const text of ['README.md', 'LICENSE']) expect(files).toContain(`package/${text}`);
    const options = ['--profile', 'esm-only', '--no-definitely-typed', '--format', 'json'];
    const { stdout } = await run(bin('attw'), [tarball, ...options]);
    expect(JSON.parse(stdout).analysis.types).toMatchObject({ kind: 'included' });
  }
});
