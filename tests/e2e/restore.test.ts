import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startTimeOf } from '@holdfast/posix';
import type { Session } from '@holdfast/protocol';
import { eventually, isAlive, startDaemon, TestHome, untilEnded, zombiesOf } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { reboot, shutDown } from './support/reboot.ts';
import { DaemonFile, released } from './support/releases.ts';

const LOST = { lost: true };

test('after a reboot sessions are listed as lost, and restored with their names, folders and old text', async () => {
  await using home = new TestHome();
  const folder = home.scratch('project');
  // It ends on the alternate screen, within a sequence.
  const script = String.raw`printf 'was here %s\n' "$TOKEN"; printf '\033[?1049h\033[2Jdrawn\033]0;half'; exec cat`;
  const old = await open(home, ['--name', 'api', '--cwd', folder, '--env', 'TOKEN=old'], script);
  const shell = await open(home, ['--name', 'login', '--history-in', 'memory']);
  await printed(home, 'api', 'half');
  await reboot(home, [old.pid, shell.pid]);

  expect(await list(home, ['ls', '--json'])).toEqual([]);
  const told = await home.cli(['restore']);
  expect(told.code).toBe(0);
  expect(told.stdout.toString()).toMatch(/^api .* lost [^]*^login .* lost /m);
  // Nothing besides: what was lost is what the command is about.
  expect(told.stderr).toBe('[holdfast restore --all starts them anew, holdfast restore S one of them]\n');
  const lost = await list(home, ['ls', '--json']);
  expect(lost.map(({ name, state, exit }) => ({ name, state, exit }))).toEqual([
    { name: 'api', state: 'exited', exit: LOST },
    { name: 'login', state: 'exited', exit: LOST },
  ]);

  const restored = await list(home, ['restore', '--all', '--json'], { TOKEN: 'new' });
  expect(restored.map(({ id, state }) => ({ id, state }))).toEqual([
    { id: old.id, state: 'running' },
    { id: shell.id, state: 'running' },
  ]);
  const [api, login] = await list(home, ['ls', '--json']);
  const { name, command, cwd, cols, rows, createdAt } = old;
  expect(api).toMatchObject({ name, command, cwd, cols, rows, createdAt, exit: null, exitedAt: null });
  expect(login?.warnings.join()).toMatch(/its history begins anew/);
  expect(api?.pid).not.toBe(old.pid);
  expect(readFileSync(`/proc/${login?.pid}/cmdline`, 'utf8')).toBe('-sh\0');
  await printed(home, 'api', 'was here new');
  await screenShows(home, 'api', /drawn/);
  const whole = (await home.cli(['tail', 'api'])).stdout.toString();
  expect(whole).toMatch(/^was here old\r\n[^]*drawn[^]*\[restored at [^\]]* UTC: [^\]]*\][^]*was here new/);
  // A second time, of a program that writes text only: all of it is on the screen, in order.
  await home.cli(['send', 'login', 'echo once-$((40+2))', '--enter']);
  await printed(home, 'login', 'once-42');
  expect((await home.cli(['upgrade'])).code).toBe(0);
  expect((await list(home, ['ls', '--json'])).map(({ pid }) => pid)).toEqual([api?.pid, login?.pid]);
  await reboot(home, [api?.pid ?? 0, login?.pid ?? 0]);
  const both = await home.cli(['restore', 'api', 'login']);
  expect(both.stdout.toString()).toBe(`${old.id}  api\n${shell.id}  login\n`);
  expect(both.stderr).toBe('');
  await printed(home, 'api', 'drawn', 3);
}, 90_000);

test('an orderly shutdown loses sessions as a crash does, and none that somebody has ended', async () => {
  await using home = new TestHome();
  const shell = await open(home, ['--name', 'shell'], 'trap "" TERM; echo deaf; read x');
  const plain = await open(home, ['--name', 'plain'], 'echo printed; exec cat');
  await open(home, ['--name', 'killed'], 'exec cat');
  await open(home, ['--name', 'failed'], 'exit 3');
  await home.cli(['kill', 'killed']);
  await home.cli(['wait', 'failed']);
  await printed(home, 'shell', 'deaf');
  await printed(home, 'plain', 'printed');
  await shutDown(home, [shell.pid, plain.pid]);
  expect(await lostNames(home)).toEqual(['shell', 'plain']);
  const exits = (await list(home, ['ls', '--json'])).map(({ exit }) => exit);
  expect(exits).toEqual([LOST, LOST, { signal: 'SIGHUP' }, { code: 3 }]);
  // All that it printed was read: nothing is said to be missing.
  expect((await home.cli(['tail', 'plain'])).stderr).toBe('');
  expect((await home.cli(['restore', '--all'])).code).toBe(0);
  await printed(home, 'plain', 'printed', 2);
  const again = await list(home, ['ls', '--json']);

  await home.cli(['kill', 'shell']);
  const pid = again.find(({ name }) => name === 'plain')?.pid ?? 0;
  await shutDown(home, [pid], { programsFirst: true });
  expect(await lostNames(home)).toEqual(['plain']);
  await home.cli(['restore', '--all']);
  await home.cli(['stop', '--yes']);
  await home.cli(['ls', '--all']);
  expect(await lostNames(home)).toEqual([]);
}, 60_000);

test('what was typed for the old program reaches no other', async () => {
  await using home = new TestHome();
  const { id } = await open(home, ['--name', 'one'], 'read line; echo "$line"');
  const stream = 'typed-for-the-old-one';
  const before = await (await home.connect()).openInput(id, { stream });
  await before.write(Buffer.from('first\n'));
  await printed(home, 'one', 'first');
  await home.cli(['wait', 'one']);
  expect((await home.cli(['restore', 'one'])).code).toBe(0);
  // Who comes back with more of it begins anew, as one whose stream is not known any more.
  const again = await (await home.connect()).openInput(id, { stream });
  expect(again.endOffset).toBe(0);
  await again.write(Buffer.from('second\n'));
  await printed(home, 'one', 'second');
}, 60_000);

test('old text stands above the new program’s, whatever the old one had done to its terminal', async () => {
  await using home = new TestHome();
  const marker = path.join(home.scratch('markers'), 'again');
  const script = String.raw`echo 'line one'; echo 'line two'; test -e ${marker} && exec cat; printf '\033[2;5r\033[?6h\033[31m\033[?1049h\033[1;1Hdrawn\033]0;half'; exec cat`;
  const old = await open(home, ['--name', 'editor'], script);
  await printed(home, 'editor', 'half');
  await reboot(home, [old.pid]);
  writeFileSync(marker, '');
  expect((await home.cli(['restore', 'editor'])).code).toBe(0);
  await screenShows(
    home,
    'editor',
    /^line one\nline two\n+\[restored at [^\]]*\n?[^\]]*\]\nline one\nline two\n*$/,
  );
}, 60_000);

test('a pid from before the machine was started is nobody’s: its process is neither taken for the program nor killed', async () => {
  await using home = new TestHome();
  const lost = await open(home, ['--name', 'lost'], 'exec cat');
  await reboot(home, [lost.pid]);
  const stateFile = path.join(home.paths.stateDir, 'sessions', lost.id, 'state.json');
  const bystander = await open(home, ['--name', 'bystander'], 'exec cat');
  const pid = bystander.pid;
  const another = {
    exit: null,
    exitedAt: null,
    pid,
    startTime: startTimeOf(pid),
    bootId: '00000000-0000-4000-8000-000000000000',
    kill: { callerPid: null, isHungUp: true, known: [{ pid, startTime: startTimeOf(pid) }] },
  };
  const rewrite = () => {
    const state = JSON.parse(readFileSync(stateFile, 'utf8'));
    writeFileSync(stateFile, JSON.stringify({ ...state, ...another }));
  };
  await killDaemon(home, rewrite);
  const first = await list(home, ['ls', '--json']);
  expect(first.find(({ name }) => name === 'lost')?.exit).toEqual(LOST);
  expect(first.find(({ name }) => name === 'bystander')?.pid).toBe(pid);
  expect(isAlive(pid)).toBe(true);
  // Nor is how that process ends the program's status, though the keeper tells it for this pid.
  await killDaemon(home, () => {
    rewrite();
    process.kill(pid, 'SIGKILL');
  });
  const second = await list(home, ['ls', '--json']);
  expect(second.find(({ name }) => name === 'lost')?.exit).toEqual(LOST);
  expect(second.find(({ name }) => name === 'bystander')?.exit).toEqual({ signal: 'SIGKILL' });
}, 60_000);

test('what can’t be restored is named with its reason, stays as it was, and keeps nothing else from being restored', async () => {
  await using home = new TestHome();
  const folder = home.scratch('gone');
  const tools = home.scratch('tools');
  const tool = path.join(tools, 'tool');
  writeFileSync(tool, '#!/bin/sh\nexec cat\n', { mode: 0o755 });
  const noFolder = await open(home, ['--name', 'no-folder', '--cwd', folder], 'echo kept; exec cat');
  const noCommand = JSON.parse(
    (await home.cli(['new', '-d', '--json', '--name', 'no-command', '--', tool])).stdout.toString(),
  );
  const well = await open(home, ['--name', 'well'], 'exec cat');
  await printed(home, 'no-folder', 'kept');
  await reboot(home, [noFolder.pid, noCommand.pid, well.pid]);
  rmSync(folder, { recursive: true });
  rmSync(tools, { recursive: true });

  const all = await home.cli(['restore', '--all']);
  expect(all).toMatchObject({ code: 1 });
  expect(all.stdout.toString()).toBe(`${well.id}  well\n`);
  expect(all.stderr).toBe(
    `holdfast: can't restore no-folder: no such folder: ${folder}\nholdfast: can't restore no-command: no such command: ${tool}\n`,
  );
  expect((await home.cli(['tail', 'no-folder'])).stdout.toString()).toBe('kept\r\n');
  const failed = await home.cli(['restore', 'no-folder', '--json']);
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.stdout.toString())).toMatchObject({ error: { code: 'E_CWD' } });
  expect(await home.cli(['restore', 'well'])).toMatchObject({
    code: 1,
    stderr: "holdfast: can't restore: session well is still running\n",
  });
  expect((await home.cli(['restore', 'nobody'])).code).toBe(3);
  expect((await home.cli(['restore', 'well', '--all'])).code).toBe(2);
  expect(await home.cli(['new', '-d', '--name', 'no-folder', '--', 'cat'])).toMatchObject({ code: 1 });
  // Its folder is there again.
  home.scratch('gone');
  expect((await home.cli(['restore', 'no-folder'])).code).toBe(0);
}, 60_000);

test('a restore that fails leaves no program running, and the session as it was', async () => {
  const folder = mkdtempSync('/tmp/hf-points-');
  const points = path.join(folder, 'points');
  writeFileSync(points, JSON.stringify({ 'daemon.restoring': 'throw' }));
  await using home = new TestHome({ env: { HOLDFAST_TEST_POINTS: points } });
  const started = path.join(home.scratch('started'), 'pids');
  const { id } = await open(
    home,
    ['--name', 'one'],
    `echo $$ >> ${started}; test -s ${started}.2 || exit 3; exec cat`,
  );
  await home.cli(['wait', 'one']);
  writeFileSync(`${started}.2`, 'run on');
  const [before] = await list(home, ['ls', '--json']);
  const ring = path.join(home.paths.stateDir, 'sessions', id, 'ring');
  const bytes = readFileSync(ring);
  expect((await home.cli(['restore', 'one'])).code).toBe(1);
  const pids = () => readFileSync(started, 'utf8').trim().split('\n').map(Number);
  await eventually('nothing runs', () => pids().every((pid) => !isAlive(pid)));
  expect(await list(home, ['ls', '--json'])).toEqual([before]);
  expect(readFileSync(ring).equals(bytes)).toBe(true);
  await eventually('nothing is left of it', () => zombiesOf(home.daemonPid ?? 0).length === 0);
  rmSync(folder, { recursive: true });
  expect((await home.cli(['restore', 'one'])).stdout.toString()).toBe(`${id}  one\n`);
  await eventually('it has started', () => pids().some((pid) => isAlive(pid)));
}, 60_000);

test('a daemon from before restore is named as that, and an upgrade makes it do it', async () => {
  using first = new DaemonFile(released('0.1.0').code);
  await using home = new TestHome({ installation: first.installation });
  await using daemon = await startDaemon({ home });
  const { id, name } = await daemon.openCommand(['/bin/sh', '-c', 'exit 3']);
  await home.cli(['wait', id]);
  expect(await home.cli(['restore', id])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('restores nothing; run holdfast upgrade first'),
  });
  expect((await home.cli(['upgrade'])).code).toBe(0);
  expect((await home.cli(['restore', id])).stdout.toString()).toBe(`${id}  ${name}\n`);
}, 60_000);

test('who watches an exited session is told that it runs again, and many restores at once start one program', async () => {
  await using home = new TestHome();
  const marker = path.join(home.scratch('markers'), 'again');
  const script = `echo over; test -e ${marker} && exec cat; exit 3`;
  const ended = await open(home, ['--name', 'ended'], script);
  const client = await home.connect();
  await client.request('wait', { session: ended.id });
  writeFileSync(marker, '');
  const states: string[] = [];
  await client.watch({ onSession: ({ state }) => states.push(state) });
  const env = { PATH: home.env['PATH'] ?? '' };
  const restores = [1, 2, 3].map(() => client.request('restore', { session: 'ended', env }));
  const outcomes = await Promise.allSettled(restores);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await eventually('it was told', () => states.at(-1) === 'running');
  await printed(home, 'ended', 'over', 2);
  await client.request('kill', { session: ended.id });
  const text = (await home.cli(['tail', 'ended'])).stdout.toString();
  expect(text.match(/over\r\n/g)).toHaveLength(2);
}, 60_000);

async function open(home: TestHome, options: readonly string[], script?: string): Promise<Session> {
  const program = script === undefined ? [] : ['--', '/bin/sh', '-c', script];
  const { stdout, stderr } = await home.cli(['new', '-d', '--json', ...options, ...program]);
  expect(stderr.replaceAll(/^\[the daemon before.*\n/gm, '')).toBe('');
  return JSON.parse(stdout.toString());
}

async function list(
  home: TestHome,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Session[]> {
  return JSON.parse((await home.cli(args, { env })).stdout.toString());
}

async function lostNames(home: TestHome): Promise<string[]> {
  return (await list(home, ['restore', '--json'])).map(({ name }) => name);
}

async function printed(home: TestHome, session: string, text: string, times = 1): Promise<void> {
  await eventually(`${session} has printed ${text}`, async () => {
    const { stdout } = await home.cli(['tail', session]);
    return stdout.toString().split(text).length > times;
  });
}

async function screenShows(home: TestHome, session: string, what: RegExp): Promise<void> {
  let shown = '';
  await eventually(`the screen of ${session} shows ${what}`, async () => {
    shown = (await home.cli(['capture', session])).stdout.toString();
    return what.test(shown);
  }).catch((error: unknown) => {
    throw new Error(`it shows ${JSON.stringify(shown)}`, { cause: error });
  });
}

/** Kills the daemon while `meanwhile` is done to a home that nobody writes to; its keeper starts the next one. */
async function killDaemon(home: TestHome, meanwhile: () => void): Promise<void> {
  const pid = home.daemonPid ?? 0;
  process.kill(pid, 'SIGSTOP');
  meanwhile();
  process.kill(pid, 'SIGKILL');
  await untilEnded(pid);
  await eventually('another daemon', () => home.daemonPid !== undefined && home.daemonPid !== pid);
}
