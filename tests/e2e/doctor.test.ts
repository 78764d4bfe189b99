import { execFile } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually, startDaemon, TestHome, untilEnded } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { shutDown } from './support/reboot.ts';
import { otherTree } from './support/other-tree.ts';
import { brokenDaemon, otherDaemon, thisBuild } from './support/supervised.ts';

interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly why?: string;
  readonly hint?: string;
}

const OTHER_BUILD = '0123456789ab';
/** Of the machine that runs the test, not of the home. */
const OF_THE_MACHINE = ['disk', 'file system', 'terminals left', 'open files', 'logout', 'ssh agent'];

test.concurrent('nothing is found where all is well: before the first daemon, with sessions, and behind a stop', async () => {
  await using home = new TestHome();
  expect(await found(home)).toEqual([]);
  await home.cli(['new', '-d', '--name', 'one', '--', 'cat']);
  await home.cli(['new', '-d', '--history-in', 'memory', '--', 'cat']);
  expect(await home.cli(['upgrade'])).toMatchObject({ code: 0 });
  makeOld(home.folder);
  expect(await found(home)).toEqual([]);
  await home.cli(['stop', '--yes']);
  expect(await found(home)).toEqual([]);
}, 60_000);

test.concurrent('an older daemon is to be upgraded, a later one is not', async () => {
  await using home = new TestHome();
  const start = async (version: string) => {
    const env = { HOLDFAST_DAEMON_ENTRY: otherDaemon(home, { version, build: OTHER_BUILD }) };
    expect(await home.cli(['new', '-d', '--', 'cat'], { env })).toMatchObject({ code: 0 });
  };
  await start('0.0.1');
  expect(await finding(home, 'daemon')).toMatchObject({
    status: 'warn',
    hint: expect.stringContaining('holdfast upgrade'),
  });
  await home.cli(['stop', '--yes']);
  await start('99.0.0');
  const { status, detail, hint } = await finding(home, 'daemon');
  expect({ status, hint }).toEqual({ status: 'ok', hint: undefined });
  expect(detail).toContain('99.0.0+0123456789ab, Node');
  expect(detail).toContain(`later than this command (${thisBuild(home).version}+`);
}, 60_000);

test.concurrent('a keeper of a later version is not to be upgraded', async () => {
  const folder = fs.mkdtempSync('/tmp/hf-tree-');
  const later = await otherTree(folder, { version: '99.0.0', build: OTHER_BUILD });
  await using home = new TestHome();
  await promisify(execFile)(later.bin, ['new', '-d', '--', 'cat'], { env: home.env });
  expect(await finding(home, 'keeper')).toMatchObject({
    status: 'ok',
    detail: expect.stringContaining('later than this command'),
  });
  fs.rmSync(folder, { recursive: true });
}, 60_000);

test.concurrent('a daemon without a keeper is named, and an upgrade gives it one', async () => {
  await using daemon = await startDaemon();
  expect(await finding(daemon.home, 'keeper')).toMatchObject({
    status: 'warn',
    why: expect.stringContaining('all sessions end with it'),
  });
  await daemon.cli(['upgrade']);
  expect(await finding(daemon.home, 'keeper')).toMatchObject({ status: 'ok' });
}, 60_000);

test.concurrent('a keeper that starts no daemon any more fails, and so does the command', async () => {
  await using home = new TestHome();
  const entry = path.join(home.scratch('installed'), 'main.mjs');
  fs.symlinkSync(home.installation.daemonEntry, entry);
  const env = { HOLDFAST_DAEMON_ENTRY: entry };
  expect(await home.cli(['new', '-d', '--', 'cat'], { env })).toMatchObject({ code: 0 });
  fs.rmSync(entry);
  fs.copyFileSync(brokenDaemon(home), entry);
  process.kill(home.daemonPid ?? 0, 'SIGKILL');
  await eventually('it holds', async () => (await finding(home, 'keeper')).status === 'fail');
  const { code, stdout } = await home.cli(['doctor']);
  expect(code).toBe(1);
  expect(stdout.toString()).toMatch(
    /^fail {2}keeper .*starts no daemon any more.*\n {22}programs run on.*\n {22}→ .*holdfast resume/m,
  );
}, 60_000);

test.concurrent('the last crash is told: when, of which process, how, and where its log is', async () => {
  await using home = new TestHome();
  await home.cli(['new', '-d', '--', 'cat']);
  const killed = home.daemonPid ?? 0;
  process.kill(killed, 'SIGKILL');
  await untilEnded(killed);
  await home.cli(['ls']);
  const crash = await finding(home, 'last crash');
  expect(crash.status).toBe('warn');
  expect(crash.detail).toContain(`: daemon ${killed} ended: SIGKILL; see `);
  expect(fs.readFileSync(crash.detail.split('; see ')[1] ?? '', 'utf8')).toContain(String(killed));
  // An end that was meant hides nothing.
  await home.cli(['stop', '--yes']);
  expect((await finding(home, 'last crash')).detail).toContain(`daemon ${killed} ended`);
  await home.cli(['new', '-d', '--', 'cat']);
  const keeper = home.keeperPid ?? 0;
  process.kill(keeper, 'SIGKILL');
  await untilEnded(keeper);
  await eventually('it is told', async () => (await finding(home, 'last crash')).detail.includes('keeper'));
  // What is long past is told, and no more.
  const log = path.join(home.paths.stateDir, 'daemon.log');
  await eventually('another keeper', () => home.keeperPid !== undefined && home.keeperPid !== keeper);
  await home.cli(['stop', '--yes']);
  for (const file of [log, path.join(home.paths.stateDir, 'keeper.log')])
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll(/^20\d\d/gm, '2001'));
  expect(await finding(home, 'last crash')).toMatchObject({
    status: 'ok',
    detail: expect.stringMatching(/^2001-.*d ago/),
  });
}, 90_000);

test.concurrent('an orderly shutdown is no crash', async () => {
  await using home = new TestHome();
  await home.cli(['new', '-d', '--', 'cat']);
  await shutDown(home, []);
  expect(await found(home)).toEqual([]);
  await home.cli(['new', '-d', '--', 'cat']);
  expect(await finding(home, 'last crash')).toMatchObject({ status: 'ok', detail: 'none is known' });
}, 60_000);

test.concurrent('sockets of who was killed are named while nobody has the home', async () => {
  await using home = new TestHome();
  await home.cli(['new', '-d', '--', 'cat']);
  const { daemonPid = 0, keeperPid = 0 } = home;
  // So that it starts no other keeper.
  process.kill(daemonPid, 'SIGSTOP');
  for (const pid of [keeperPid, daemonPid]) process.kill(pid, 'SIGKILL');
  for (const pid of [keeperPid, daemonPid]) await untilEnded(pid);
  expect(await finding(home, 'old sockets')).toMatchObject({
    status: 'ok',
    detail: expect.stringContaining(home.paths.socketPath),
  });
  await home.cli(['new', '-d', '--', 'cat']);
  expect(await finding(home, 'old sockets')).toMatchObject({ status: 'ok', detail: 'none: they are in use' });
}, 60_000);

test.concurrent('folders without a session, half-written files, damaged sessions and old logs are named, those of sessions are not', async () => {
  await using home = new TestHome();
  const { stateDir, runtimeDir } = home.paths;
  await home.cli(['new', '-d', '--history-in', 'memory', '--', 'cat']);
  const sessions = path.join(stateDir, 'sessions');
  const [id = ''] = fs.readdirSync(sessions);
  const left = {
    'old sessions': [path.join(sessions, '00000000dead'), path.join(runtimeDir, 'memory', '00000000beef')],
    'half-written': [path.join(sessions, id, 'state.json.1.new'), path.join(stateDir, 'update.json.1.tmp')],
    'set aside': [path.join(stateDir, 'set-aside', '00000000dead.1')],
    logs: [path.join(stateDir, 'daemon.log.2')],
  };
  for (const file of left['half-written']) fs.writeFileSync(file, '');
  for (const file of left.logs) fs.writeFileSync(file, '');
  for (const folder of [...left['old sessions'], ...left['set aside']])
    fs.mkdirSync(folder, { recursive: true });
  // What is young may be in the making.
  expect((await found(home)).map(({ name }) => name)).toEqual(['set aside', 'logs']);
  makeOld(home.folder);
  for (const [name, files] of Object.entries(left)) {
    const { status, detail, why, hint } = await finding(home, name);
    expect({ name, status }).toEqual({ name, status: 'warn' });
    expect([why, hint]).toEqual([expect.any(String), expect.any(String)]);
    for (const file of files) expect(detail).toContain(file);
    expect(detail).toMatch(new RegExp(`^${files.length} `));
  }
  for (const file of Object.values(left).flat()) fs.rmSync(file, { recursive: true });
  expect(await found(home)).toEqual([]);
}, 60_000);

test.concurrent('runtime folders of homes that are gone are named, and none of a daemon or a keeper that lives', async () => {
  await using home = new TestHome();
  const env = {
    HOLDFAST_HOME: '',
    XDG_STATE_HOME: home.scratch('state'),
    XDG_RUNTIME_DIR: home.scratch('runtime'),
  };
  const gone = path.join(env.XDG_RUNTIME_DIR, 'holdfast', 'gone');
  const state = path.join(env.XDG_STATE_HOME, 'holdfast', 'default');
  for (const folder of [gone, path.join(env.XDG_RUNTIME_DIR, 'holdfast', 'default'), state])
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const live = (name: string, file: string) => {
    const folder = path.join(env.XDG_RUNTIME_DIR, 'holdfast', name);
    fs.mkdirSync(folder, { mode: 0o700 });
    return path.join(folder, file);
  };
  // Their state is below another XDG_STATE_HOME.
  const servers = [live('a', 'daemon.sock'), live('b', 'keeper.sock')].map((socket) =>
    net.createServer().listen(socket),
  );
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const report = {
    pid: process.pid,
    version: '0.0.0',
    build: '',
    state: 'running',
    daemonPid: null,
    failures: 0,
    reason: null,
  };
  fs.writeFileSync(live('c', 'keeper.json'), JSON.stringify(report));
  makeOld(env.XDG_RUNTIME_DIR);
  fs.symlinkSync('/nowhere', path.join(state, 'runtime'));
  const { detail } = await finding(home, 'old folders', env);
  expect(detail).toBe(`2 of homes that are gone: ${path.join(state, 'runtime')}, ${gone}`);
  for (const server of servers) server.close();
});

test.concurrent('an XDG_RUNTIME_DIR that is not used is no fault', async () => {
  await using home = new TestHome();
  const env = { HOLDFAST_HOME: '', XDG_STATE_HOME: home.scratch('state'), XDG_RUNTIME_DIR: '/nowhere' };
  const status = async () => (await finding(home, 'runtime folder', env)).status;
  expect(await status()).toBe('fail');
  const state = path.join(env.XDG_STATE_HOME, 'holdfast', 'default');
  fs.mkdirSync(state, { recursive: true, mode: 0o700 });
  fs.symlinkSync(home.scratch('runtime'), path.join(state, 'runtime'));
  expect(await status()).toBe('ok');
  fs.rmSync(path.join(state, 'runtime'));
  env.XDG_RUNTIME_DIR = 'relative';
  expect(await status()).toBe('ok');
}, 30_000);

test.concurrent('a socket whose path is too long for others, and a folder that others can look into, are named', async () => {
  await using long = new TestHome({ folderName: 'h'.repeat(100) });
  expect(await finding(long, 'socket path')).toMatchObject({
    status: 'warn',
    detail: expect.stringMatching(/ of 10[37] bytes$/),
  });
  await using open = new TestHome();
  fs.mkdirSync(open.paths.stateDir, { recursive: true, mode: 0o700 });
  fs.chmodSync(open.paths.stateDir, 0o755);
  expect(await finding(open, 'socket path')).toMatchObject({
    status: 'warn',
    hint: `chmod 700 ${open.paths.stateDir}`,
  });
});

test.concurrent('a unit is well if it is enabled, and runs this program for this home', async () => {
  await using home = new TestHome();
  const units = path.join(home.env['HOME'] ?? '', '.config', 'systemd', 'user');
  const wants = path.join(units, 'default.target.wants');
  const file = path.join(units, 'holdfast.service');
  const judged = async () => {
    const { status, detail } = await finding(home, 'service');
    return `${status}: ${detail}`;
  };
  expect(await judged()).toMatch(/^ok: none is installed/);
  const { stdout } = await home.cli(['service', 'install', '--dry-run']);
  const [text = ''] = /^ {2}# Starts[^]*^ {2}WantedBy.*\n/m.exec(stdout.toString()) ?? [];
  const unit = text.replaceAll(/^ {2}/gm, '');
  fs.mkdirSync(wants, { recursive: true });
  fs.writeFileSync(file, unit);
  expect(await judged()).toMatch(/^warn: \S+ is not enabled$/);
  fs.symlinkSync(file, path.join(wants, 'holdfast.service'));
  expect(await judged()).toBe(`ok: ${file} starts this program at login`);
  fs.writeFileSync(file, unit.replace(home.folder, '/elsewhere'));
  expect(await judged()).toBe(`warn: ${file} is for the home /elsewhere, and not for this one`);
  const other = path.join(home.scratch('other'), 'main.cjs');
  fs.writeFileSync(file, unit.replace(/"[^"]*main\.cjs"/, `"${other}"`));
  expect(await judged()).toBe(`warn: ${file} runs ${other}, which does not exist`);
  fs.writeFileSync(other, '');
  expect(await judged()).toMatch(/^warn: \S+ runs .*, and not this program, /);
  fs.writeFileSync(file, '[Unit]\n');
  expect(await judged()).toBe(`warn: ${file} starts nothing`);
}, 60_000);

/** What is not well in a home, whatever the machine is like. */
async function found(home: TestHome): Promise<Finding[]> {
  return (await findings(home)).filter(
    ({ name, status }) => status !== 'ok' && !OF_THE_MACHINE.includes(name),
  );
}

async function finding(home: TestHome, name: string, env: Record<string, string> = {}): Promise<Finding> {
  const one = (await findings(home, env)).find((each) => each.name === name);
  if (!one) throw new Error(`doctor has no ${name}`);
  return one;
}

async function findings(home: TestHome, env: Record<string, string> = {}): Promise<Finding[]> {
  const { stdout } = await home.cli(['doctor', '--json'], { env });
  const { ok, checks }: { ok: boolean; checks: Finding[] } = JSON.parse(stdout.toString());
  expect(ok).toBe(checks.every(({ status }) => status !== 'fail'));
  return checks;
}

/** As if an hour had passed since anything was written. */
function makeOld(folder: string): void {
  const before = Date.now() / 1_000 - 3_600;
  for (const name of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    fs.lutimesSync(path.join(folder, name), before, before);
}
