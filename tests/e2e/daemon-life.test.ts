import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, netConnector } from '@holdfast/client';
import { processEntry } from '@holdfast/posix';
import {
  eventually,
  isAlive,
  Recording,
  startDaemon,
  stopProcess,
  TestDaemon,
  TestHome,
  untilEnded,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { endEarlier } from './support/aged-session.ts';

test('a second daemon for a home is refused, and the first goes on serving', async () => {
  await using daemon = await startDaemon();
  const recording = await daemon.record(await daemon.openCommand(['/bin/cat']));
  const second = new TestDaemon({ home: daemon.home });
  await expect(second.ready()).rejects.toThrow(/E_BUSY/);
  await second.ended;
  expect(existsSync(daemon.home.paths.socketPath)).toBe(true);
  const input = await (await daemon.connect()).openInput(recording.subscription.session.id);
  await input.write(Buffer.from('still\n'));
  await recording.waitFor('still\r\nstill');
});

test('the socket of a daemon that was killed is replaced', async () => {
  await using daemon = await startDaemon();
  await daemon.crash();
  expect(existsSync(daemon.home.paths.socketPath)).toBe(true);
  const next = await startDaemon({ home: daemon.home });
  await (await next.connect()).request('list', {});
  await next.stop();
  expect(existsSync(daemon.home.paths.socketPath)).toBe(false);
});

test('after a daemon was killed its sessions are listed as lost, and their histories can be read to the last byte', async () => {
  await using daemon = await startDaemon();
  const running = await daemon.open('flood.py', [20_000]);
  const exited = await daemon.openCommand(['/bin/sh', '-c', 'echo over; exit 3'], { name: 'over' });
  const inMemory = await daemon.openCommand(['/bin/sh', '-c', 'echo memory; exec cat'], {
    historyIn: 'memory',
  });
  await (await daemon.record(running)).exited();
  await (await daemon.record(exited)).exited();
  await (await daemon.record(inMemory)).waitFor('memory');
  const cat = await daemon.openCommand(['/bin/cat'], { name: 'cat' });
  await daemon.crash();
  // The terminal has gone with the daemon, and that ends the program.
  await untilEnded(cat.pid);

  const { home } = daemon;
  expect(await home.cli(['ls', '--json'])).toMatchObject({ stdout: Buffer.from('[]\n'), stderr: '' });
  const crashed = 'the daemon ended unexpectedly, and its sessions with it; holdfast restore lists them';
  for (const words of [['ls'], []])
    expect(await home.cli(words)).toMatchObject({ code: 0, stderr: `[${crashed}]\n` });
  expect(await home.cli(['wait', 'cat'])).toMatchObject({
    code: 3,
    stderr: `holdfast: can't wait: no such session: cat (${crashed})\n`,
  });
  expect((await home.cli(['status'])).stdout.toString()).toMatch(
    /^The daemon ended unexpectedly, and its sessions with it; holdfast restore lists them\. /,
  );
  expect(await home.cli(['new', '-d', '--name', 'fresh', '--', 'cat'])).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(
      /^\[the daemon before this one has ended, and 2 sessions with it: sh, cat; [^\n]*\]\n$/,
    ),
  });
  const sessions = JSON.parse((await home.cli(['ls', '--json'])).stdout.toString());
  expect(sessions.map(({ name, state, exit }: Record<string, unknown>) => ({ name, state, exit }))).toEqual(
    [
      { name: 'flood.py', state: 'exited', exit: { code: 0 } },
      { name: 'over', state: 'exited', exit: { code: 3 } },
      { name: 'sh', state: 'exited', exit: { lost: true } },
      { name: 'cat', state: 'exited', exit: { lost: true } },
      { name: 'fresh', state: 'running', exit: null },
    ].map((session, index) => (index === 0 ? { ...session, name: running.name } : session)),
  );
  expect((await home.cli(['wait', 'cat'])).code).toBe(255);
  expect((await home.cli(['wait', 'over'])).code).toBe(3);
  const { stdout } = await home.cli(['tail', running.id]);
  expect(stdout).toHaveLength(20_000 * 16);
  expect((await home.cli(['tail', 'over', '--follow'])).stdout.toString()).toBe('over\r\n');
  expect((await home.cli(['tail', 'sh'])).stdout.toString()).toBe('memory\r\n');
  expect((await home.cli(['forget', 'cat'])).code).toBe(0);
  expect((await home.cli(['send', 'sh', 'x'])).code).toBe(1);
}, 60_000);

test('a client that reconnects learns that its session was lost with the daemon', async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.openCommand(['/bin/sh', '-c', 'echo before; exec cat']);
  const client = await daemon.connect({ reconnect: true });
  const recording = await Recording.begin(client, id);
  await recording.waitFor('before');
  const waiting = client.request('wait', { session: id }, { timeoutMs: null });
  await daemon.crash();
  const next = await startDaemon({ home: daemon.home });
  expect((await recording.exited()).exit).toEqual({ lost: true });
  expect((await waiting).session.exit).toEqual({ lost: true });
  expect(recording.text).toBe('before\r\n');
  await next.stop();
});

test('run says that its session is over, and that nobody can know how the program ended', async () => {
  await using daemon = await startDaemon();
  const running = daemon.home.startCli(['run', '--', '/bin/sh', '-c', 'echo before; exec cat'], {
    stdin: 'open',
  });
  await running.stdout.waitFor('before');
  await daemon.crash();
  const next = await startDaemon({ home: daemon.home });
  const { code, stderr } = await running.result();
  expect(code).toBe(255);
  expect(stderr).toContain("[lost: the session is over, and how its program ended can't be known]\n");
  await next.stop();
});

test('the end of a command that left something unread is no fault, in the log either', async () => {
  await using daemon = await startDaemon();
  for (let run = 0; run < 5; run += 1) await daemon.cli(['run', '--', '/bin/sh', '-c', 'echo over']);
  const log = await eventually('they are gone', () => {
    const text = readFileSync(daemon.home.paths.logPath, 'utf8');
    return text.split('client.closed').length > 5 && text;
  });
  expect(log).not.toContain('ECONNRESET');
});

test('sessions with damaged files are set aside, and the others are there', async () => {
  await using daemon = await startDaemon();
  const names = ['no-json', 'not-its-own', 'short-ring', 'well'];
  const ids: string[] = [];
  for (const name of names) {
    const session = await daemon.openCommand(['/bin/sh', '-c', 'echo kept'], { name });
    await (await daemon.record(session)).exited();
    ids.push(session.id);
  }
  await daemon.stop();
  const folder = path.join(daemon.home.paths.stateDir, 'sessions');
  const [noJson = '', notItsOwn = '', shortRing = '', well = ''] = ids;
  writeFileSync(path.join(folder, noJson, 'state.json'), '{"schema":');
  writeFileSync(
    path.join(folder, notItsOwn, 'state.json'),
    readFileSync(path.join(folder, well, 'state.json')),
  );
  writeFileSync(path.join(folder, shortRing, 'ring'), 'x');
  writeFileSync(path.join(folder, 'a file'), 'that nobody knows');
  const next = await startDaemon({ home: daemon.home });
  const client = await next.connect();
  const { sessions } = await client.request('list', {});
  expect(sessions.filter(({ name }) => name === 'well')).toMatchObject([{ exit: { code: 0 } }]);
  expect(sessions.map(({ name }) => name)).not.toContain('no-json');
  const recording = await Recording.begin(client, 'well');
  await recording.exited();
  expect(recording.text).toBe('kept\r\n');
  await client.request('open', { command: ['true'], cwd: '/', env: {}, cols: 80, rows: 24 });
  // Nothing is thrown away that a person might still want.
  expect(readdirSync(folder).includes(noJson)).toBe(false);
  expect(
    readdirSync(path.join(daemon.home.paths.stateDir, 'set-aside')).some((name) => name.startsWith(noJson)),
  ).toBe(true);
  await next.stop();
});

test('an exited session is kept for a day, and its files go with it', async () => {
  await using daemon = await startDaemon();
  const ids: string[] = [];
  for (const name of ['old', 'young']) {
    const session = await daemon.openCommand(['/bin/true'], { name });
    await (await daemon.record(session)).exited();
    ids.push(session.id);
  }
  await daemon.stop();
  const HOUR_MS = 3_600_000;
  for (const [index, hours] of [25, 23].entries())
    endEarlier(daemon.home.paths.stateDir, ids[index] ?? '', hours * HOUR_MS);
  const next = await startDaemon({ home: daemon.home });
  const client = await next.connect();
  await eventually('the old one is gone', async () => {
    const { sessions } = await client.request('list', {});
    return sessions.length === 1 && sessions[0]?.name === 'young';
  });
  const folder = path.join(daemon.home.paths.stateDir, 'sessions');
  await eventually('its files are gone', () => readdirSync(folder).join() === ids[1]);
  await next.stop();
});

test.each(['x'.repeat(200), 'ein Ordner mit ümläuten & $Zeichen'])(
  'a home at a path like %j works',
  async (folderName) => {
    await using home = new TestHome({ folderName });
    const opened = await home.cli(['new', '-d', '--json', '--env', 'SSH_AUTH_SOCK=/tmp/agent', '--', 'cat']);
    expect(opened.stderr).toBe('');
    const { id } = JSON.parse(opened.stdout.toString());
    expect((await home.cli(['send', id, 'hello', '--enter'])).code).toBe(0);
    expect((await home.cli(['wait', id, '--output', 'hello'])).code).toBe(0);
    const client = await Client.connect({ connector: netConnector(home.paths.socketPath), name: 'test' });
    expect((await client.request('get', { session: id })).session.state).toBe('running');
    client.close();
    expect((await home.cli(['stop', '--yes'])).code).toBe(0);
  },
  30_000,
);

test('SIGTERM ends the sessions and then the daemon, whose files but for the histories are gone', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.openCommand(['/bin/cat']);
  await daemon.stop();
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  expect(isAlive(session.pid)).toBe(false);
  expect(existsSync(daemon.home.paths.socketPath)).toBe(false);
});

test('signals that a terminal sends do not end the daemon', async () => {
  await using daemon = await startDaemon();
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGPIPE'] as const) daemon.process.kill(signal);
  const client = await daemon.connect();
  expect((await client.request('status', {})).daemon.pid).toBe(daemon.pid);
});

test('a daemon that the command line starts belongs to nobody: own session, no terminal, no descriptor of the shell', async () => {
  await using home = new TestHome();
  const terminal = home.terminal(['new', '-d', '--', 'cat']);
  expect(await terminal.ended()).toEqual({ code: 0 });
  const pid = await eventually('the daemon', () => home.daemonPid);
  const { parent, group, session, terminal: itsOwn } = (await processEntry(pid)) ?? {};
  expect({ session, itsOwn }).toEqual({ session: group, itsOwn: 0 });
  expect(parent).not.toBe(process.pid);
  const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  expect(files.filter((file) => file.startsWith('/dev/pts/'))).toEqual([]);
  terminal[Symbol.dispose]();
  expect((await home.cli(['ls'])).code).toBe(0);
  expect(isAlive(pid)).toBe(true);
});

test('a daemon that does not answer is one that could not be reached', async () => {
  await using daemon = await startDaemon();
  await stopProcess(daemon.pid);
  const { code, stdout, stderr } = await daemon.home.cli(['ls', '--json']);
  expect({ code, document: JSON.parse(stdout.toString()) }).toMatchObject({
    code: 4,
    document: { error: { code: 'E_NO_DAEMON' } },
  });
  expect(stderr).toMatch(/^holdfast: can't list the sessions: the daemon did not answer within \d+ ms\n$/);
}, 30_000);
