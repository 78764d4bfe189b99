import { readFileSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { eventually, program, pythonPath, TestHome, untilEnded } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { Agent } from './support/agent.ts';

/** Upgrades the daemon to the same build, and kills it once it is the new one: both in the middle of what an agent does. */
async function upgradeAndKill(home: TestHome): Promise<void> {
  const upgraded = await home.cli(['upgrade', '--json']);
  expect(JSON.parse(upgraded.stdout.toString())).toMatchObject({ ok: true, clients: { dropped: 0 } });
  const pid = await eventually('a daemon', () => home.daemonPid);
  process.kill(pid, 'SIGKILL');
  await untilEnded(pid);
}

describe.concurrent('an agent drives across an upgrade and a kill -9 of the daemon in the middle', () => {
  test('vim', { timeout: 120_000 }, async () => {
    await using home = new TestHome();
    await using agent = await Agent.start(home);
    const file = path.join(home.scratch('work'), 'poem.txt');
    const vim = await agent.open('vim', ['vim', '-u', 'NONE', '-i', 'NONE', file]);
    await agent.until(vim, 'poem.txt" \\[New', { onScreen: true });
    await agent.call('terminal_send', { terminal: vim, text: 'ihold', keys: ['enter'] });
    await upgradeAndKill(home);
    await agent.call('terminal_send', { terminal: vim, text: 'fast', keys: ['escape'] });
    await agent.until(vim, '^hold\\nfast$', { onScreen: true });
    const screen = await agent.call('terminal_read', { terminal: vim });
    expect(screen).toMatchObject({ what: 'screen', fullScreen: true, cursor: { x: 3, y: 1 } });
    await agent.type(vim, ':wq');
    const ended = await agent.call('terminal_wait', { terminal: vim, for: 'exit' });
    expect(ended).toMatchObject({ met: true, timedOut: false, exit: { code: 0 } });
    expect(readFileSync(file, 'utf8')).toBe('hold\nfast\n');
  });

  test('REPLs, which keep what they know', { timeout: 120_000 }, async () => {
    await using home = new TestHome();
    await using agent = await Agent.start(home);
    const python = await agent.open('python', [pythonPath(), '-SEBqi']);
    const node = await agent.open('node', [process.execPath, '-i']);
    await agent.until(python, '>>> $');
    await agent.until(node, '> $');
    await agent.type(python, 'known = 6 * 7');
    await agent.type(node, 'let known = 6 * 7');
    // Both waits are under way when the daemon goes.
    const waits = [
      agent.until(python, '^answer 42', { from: 'start' }),
      agent.until(node, '^answer 42', { from: 'start' }),
    ];
    await upgradeAndKill(home);
    await agent.type(python, 'print("answer", known)');
    await agent.type(node, 'console.log("answer", known)');
    await Promise.all(waits);
    await agent.call('terminal_send', { terminal: python, keys: ['ctrl-d'] });
    expect(await agent.call('terminal_wait', { terminal: python, for: 'exit' })).toMatchObject({
      met: true,
      exit: { code: 0 },
    });
  });

  test('an installer that asks questions', { timeout: 120_000 }, async () => {
    await using home = new TestHome();
    await using agent = await Agent.start(home);
    const installer = await agent.open('installer', program('installer.sh'));
    await agent.until(installer, 'installed\\? \\[.*\\] $');
    await agent.type(installer, '/srv/thing');
    await agent.until(installer, 'yes/no\\)\\? $');
    await upgradeAndKill(home);
    await agent.type(installer, 'perhaps');
    await agent.until(installer, 'Please answer yes or no\\.[^]*yes/no\\)\\? $');
    await agent.type(installer, 'yes');
    await agent.until(installer, 'Password: $');
    await agent.type(installer, 'secret');
    const ended = await agent.call('terminal_wait', { terminal: installer, for: 'exit' });
    expect(ended).toMatchObject({ exit: { code: 0 } });
    expect(ended['output']).toContain('Installed into /srv/thing with a password of 6 characters.\n');
    expect(await agent.readAll(installer, 256)).not.toContain('secret');
  });

  test('a failing build, of whose output it reads every byte once', { timeout: 120_000 }, async () => {
    await using home = new TestHome();
    await using agent = await Agent.start(home);
    const gate = path.join(home.scratch('work'), 'gate');
    const lines = 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "$1: compiling ✓ $i"; done';
    const build = `step() { ${lines}; }; step one; until [ -e ${gate} ]; do sleep 0.05; done; step two; echo "error: no rule" >&2; exit 2`;
    const terminal = await agent.open('build', ['sh', '-c', build]);
    await agent.until(terminal, 'one: compiling ✓ 3000\\r$');
    const waiting = agent.call('terminal_wait', { terminal, for: 'exit', timeoutMs: 60_000 });
    await upgradeAndKill(home);
    writeFileSync(gate, '');
    const ended = await waiting;
    expect(ended).toMatchObject({ met: true, state: 'exited', exit: { code: 2 } });
    expect(ended['output']).toMatch(/error: no rule\n$/);
    const numbered = (step: string) =>
      Array.from({ length: 3000 }, (_, index) => `${step}: compiling ✓ ${index + 1}\r\n`).join('');
    expect(await agent.readAll(terminal, 5000)).toBe(
      `${numbered('one')}${numbered('two')}error: no rule\r\n`,
    );
    // Where bytes could be missing for the crash is told, once, by its offset.
    const offset = Buffer.byteLength(numbered('one'));
    const around = await agent.call('terminal_read', { terminal, from: offset - 10, maxBytes: 100 });
    expect(around['gaps']).toEqual([{ from: offset, to: offset + 4095, reason: 'crash' }]);
  });
});

test.concurrent("an agent that is started again finds its terminals, and nobody else's", async () => {
  await using home = new TestHome();
  const first = await Agent.start(home, { args: ['--label', 'mine'] });
  await first.open('shell', ['sh']);
  const { offset } = await first.type('shell', 'echo fir""st');
  await first.until('shell', '^first');
  await first.leave();
  await home.cli(['new', '-d', '--name', 'persons', '--', 'cat']);

  await using second = await Agent.start(home, { args: ['--label', 'mine'] });
  const { terminals } = await second.call('terminal_list', {});
  expect(terminals).toMatchObject([{ name: 'shell', state: 'running' }]);
  expect(await second.call('terminal_read', { terminal: 'shell', from: offset })).toMatchObject({
    text: expect.stringContaining('\nfirst\n'),
  });

  await using other = await Agent.start(home, { name: 'Claude Code' });
  expect(await other.call('terminal_list', {})).toMatchObject({ terminals: [] });
  for (const terminal of ['shell', 'mine/shell', 'persons'])
    expect(await other.refused('terminal_send', { terminal, text: 'x' })).toContain('E_NO_SESSION');
  await other.open('shell', ['sh']);
  const names = JSON.parse((await home.cli(['ls', '--json'])).stdout.toString()).map(
    ({ name }: { name: string }) => name,
  );
  expect(names).toEqual(['mine/shell', 'persons', 'Claude-Code/shell']);
});

test.concurrent('a server that only looks has no tool that types, opens or ends, and starts no daemon', async () => {
  await using home = new TestHome();
  await using agent = await Agent.start(home, { args: ['--read-only', '--all-terminals'] });
  const { tools } = await agent.client.listTools();
  expect(tools.map(({ name }) => name).toSorted()).toEqual([
    'terminal_list',
    'terminal_read',
    'terminal_wait',
  ]);
  expect(await agent.call('terminal_list', {})).toEqual({ terminals: [], more: 0 });
  expect(home.daemonPid).toBe(undefined);
  expect(await agent.refused('terminal_new', { command: ['cat'] })).toContain('not found');
  await home.cli(['new', '-d', '--name', 'persons', '--', 'sh', '-c', 'echo seen; exec cat']);
  await agent.until('persons', 'seen');
});

test.concurrent('only what is allowed is started, by whatever name, folder or environment it is asked for', async () => {
  await using home = new TestHome();
  const work = home.scratch('work');
  const below = path.join(work, 'below');
  mkdirSync(below);
  symlinkSync('/', path.join(work, 'out'));
  symlinkSync('/bin/sh', path.join(work, 'cat'));
  const flags = ['--allow-command', 'cat', '--allow-command', 'sh -c true', '--allow-folder', work];
  flags.push('--label', 'mine');
  await using agent = await Agent.start(home, { args: flags, cwd: work });
  const start = (command: string[], more: object = {}) =>
    agent.call('terminal_new', { command, ...more }).then(({ terminal }) => terminal);
  const refused = (command: string[], more: object = {}) =>
    agent.refused('terminal_new', { command, ...more });

  expect(await start(['cat'])).toMatchObject({ command: expect.stringMatching(/^\/.*\/cat$/), cwd: work });
  expect(await start(['cat', 'below'], { cwd: 'below' })).toMatchObject({ cwd: below });
  expect(await start(['sh', '-c', 'true'])).toMatchObject({ name: 'sh' });
  const commands = [
    ['sh'],
    ['sh', '-c', 'true', 'more'],
    ['sh', '-c', 'true; id'],
    ['./cat'],
    [path.join(work, 'cat')],
    ['../bin/cat'],
    ['env', 'cat'],
    ['cat;id'],
    [''],
    [],
  ];
  for (const command of commands)
    expect(await refused(command)).toMatch(/^E_FORBIDDEN: .*\nAllowed, letter by letter: cat; sh -c true\.$/);
  for (const cwd of ['/', '..', 'out', 'out/bin', `${work}-other`, `${work}/../..`])
    expect(await refused(['cat'], { cwd })).toContain('E_FORBIDDEN');
  expect(await refused(['cat'], { env: { PATH: work } })).toContain('E_FORBIDDEN');

  const sessions = JSON.parse((await home.cli(['ls', '--json'])).stdout.toString());
  expect(sessions).toHaveLength(3);
  const wrong = [
    ['--allow-command', 'cat', '--all-terminals', '--label', 'mine'],
    ['--allow-command', 'no-such-program', '--label', 'mine'],
    ['--allow-command', 'cat'],
    ['--allow-folder', work],
  ];
  for (const args of wrong) expect((await home.cli(['mcp', ...args])).code).toBe(2);
});

test.concurrent('what may not be started is not typed into either, whoever has started it', async () => {
  await using home = new TestHome();
  const work = home.scratch('work');
  await using free = await Agent.start(home, { args: ['--label', 'mine'], cwd: work });
  await free.open('shell', ['sh', '-c', 'echo ready; exec sh']);
  await free.open('named', ['cat']);
  await free.open('elsewhere', ['/bin/cat'], { cwd: '/' });
  await free.open('like', ['/bin/cat']);
  const flags = ['--label', 'mine', '--allow-command', '/bin/cat', '--allow-folder', work];
  await using bound = await Agent.start(home, { args: flags, cwd: work });
  for (const terminal of ['shell', 'named', 'elsewhere'])
    expect(await bound.refused('terminal_send', { terminal, text: 'x', enter: true })).toMatch(
      /^E_FORBIDDEN: nothing may be typed into .*\nAllowed, /,
    );
  // It sees and ends them all the same.
  await bound.until('shell', 'ready');
  expect(await bound.call('terminal_kill', { terminal: 'shell' })).toMatchObject({
    terminal: { state: 'exited' },
  });
  await bound.open('own', ['/bin/cat']);
  for (const terminal of ['own', 'like'])
    expect(await bound.type(terminal, 'typed')).toMatchObject({ outcome: 'typed' });
});

test.concurrent('waits tell of their progress, are cancelled, and end at their time without an error', async () => {
  await using home = new TestHome();
  await using agent = await Agent.start(home);
  await agent.open('cat', ['cat']);
  const wait = { terminal: 'cat', for: 'regex', regex: 'never' };
  expect(await agent.call('terminal_wait', { ...wait, timeoutMs: 50 })).toMatchObject({
    met: false,
    timedOut: true,
  });
  const unmarked = { terminal: 'cat', for: 'prompt', timeoutMs: 50 };
  expect(await agent.call('terminal_wait', unmarked)).toMatchObject({ met: false, timedOut: true });
  const ctrl = new AbortController();
  const told: number[] = [];
  const cancelled = agent.call(
    'terminal_wait',
    { ...wait, timeoutMs: 60_000 },
    {
      signal: ctrl.signal,
      onprogress: ({ progress }) => {
        told.push(progress);
        ctrl.abort();
      },
    },
  );
  await expect(cancelled).rejects.toThrow('aborted');
  expect(told).toHaveLength(1);
  // The server has let go of it.
  await eventually('no subscriber', async () => {
    const { terminals } = await agent.call('terminal_list', {});
    const [session] = JSON.parse((await home.cli(['ls', '--json'])).stdout.toString());
    return Array.isArray(terminals) && session.clients === 0;
  });
  expect(await agent.refused('terminal_wait', { ...wait, regex: '(' })).toContain('no regular expression');
});

test.concurrent('an expression that would backtrack for ever is refused, in the output and on the screen', async () => {
  await using home = new TestHome();
  await using agent = await Agent.start(home);
  await agent.open('slow', ['sh', '-c', `echo ${'a'.repeat(40)}!; exec cat`]);
  const wait = { terminal: 'slow', for: 'regex', regex: '(a+)+$', timeoutMs: 60_000 };
  for (const onScreen of [false, true])
    expect(await agent.refused('terminal_wait', { ...wait, onScreen })).toMatch(
      /^E_BAD_REQUEST: .*after 1000 ms: it backtracks\nNest no repetition/,
    );
  await agent.until('slow', 'a!$');
});

test.concurrent('a match is no longer than asked for, however many groups it has', async () => {
  await using home = new TestHome();
  await using agent = await Agent.start(home);
  await agent.open('long', ['sh', '-c', "head -c 60000 /dev/zero | tr '\\0' x; echo !; exec cat"]);
  // At the begin of the line only: elsewhere it would be tried from each x on, for seconds, while the ! is still to come.
  const regex = `^${'('.repeat(500)}x+${')'.repeat(500)}!`;
  const wait = { terminal: 'long', for: 'regex', regex, maxBytes: 1000, timeoutMs: 60_000 };
  const answer = await agent.call('terminal_wait', wait);
  expect(answer).toMatchObject({
    met: true,
    match: { text: 'x'.repeat(1000), from: 0, to: 60_001, cutBytes: 501 * 60_000 + 1 - 2000 },
  });
  expect(JSON.stringify(answer).length).toBeLessThan(6000);
});

test.concurrent('what a program does not read waits, and is typed once when it does', async () => {
  await using home = new TestHome();
  await using agent = await Agent.start(home);
  const gate = path.join(home.scratch('work'), 'gate');
  const script = `stty raw -echo; echo ready; until [ -e ${gate} ]; do sleep 0.05; done; head -c 160000 | wc -c`;
  await agent.open('deaf', ['sh', '-c', script]);
  await agent.until('deaf', 'ready');
  // The system keeps some of it for the program, how much is its own business.
  const outcomes = new Set<unknown>();
  for (let sent = 0; sent < 160_000; sent += 16_000) {
    const text = 'x'.repeat(16_000);
    const answer = await agent.call('terminal_send', { terminal: 'deaf', text, timeoutMs: 200 });
    outcomes.add(answer['outcome']);
    if (answer['outcome'] === 'waiting') expect(answer['typedBytes']).toBeLessThan(16_000);
  }
  expect(outcomes).toContain('waiting');
  writeFileSync(gate, '');
  await agent.until('deaf', '^160000');
});

test.concurrent('where no program is to be waited for, what is typed is typed all the same', async () => {
  await using home = new TestHome();
  await using agent = await Agent.start(home);
  await agent.open('reader', ['sh', '-c', 'read line; echo "got $line"; exec cat']);
  const answer = await agent.call('terminal_send', {
    terminal: 'reader',
    text: 'it',
    enter: true,
    timeoutMs: 0,
  });
  expect(['typed', 'waiting']).toContain(answer['outcome']);
  await agent.until('reader', '^got it');
});

test.concurrent('what was being typed when the daemon was killed is in doubt: that is an error, and it is not typed again', async () => {
  await using scratch = new TestHome();
  const points = path.join(scratch.scratch('points'), 'points.json');
  writeFileSync(points, '{}');
  await using home = new TestHome({ env: { HOLDFAST_TEST_POINTS: points } });
  await using agent = await Agent.start(home);
  await agent.open('reader', ['sh', '-c', 'read a; echo "got $a"; read b; echo "then $b"; exec cat']);
  const pid = home.daemonPid ?? -1;
  writeFileSync(points, JSON.stringify({ 'daemon.typed': 'kill' }));
  const input = { terminal: 'reader', text: 'once', enter: true, timeoutMs: 60_000 };
  const refused = agent.refused('terminal_send', input);
  await untilEnded(pid);
  writeFileSync(points, '{}');
  expect(await refused).toMatch(/^E_INPUT_UNKNOWN: .*\nLook with terminal_read/);
  await agent.until('reader', '^got once', { from: 'start' });
  await agent.type('reader', 'again');
  await agent.until('reader', '^then again', { from: 'start' });
});

test.concurrent('the end of stdin ends the server, and no terminal', async () => {
  await using home = new TestHome();
  const server = home.startCli(['mcp'], { stdin: Buffer.from('not JSON\n') });
  expect(await server.result()).toMatchObject({ code: 0, stderr: '' });
  const agent = await Agent.start(home);
  await agent.open('cat', ['cat']);
  await agent.leave();
  const [session] = JSON.parse((await home.cli(['ls', '--json'])).stdout.toString());
  expect(session).toMatchObject({ name: 'tester/cat', state: 'running' });
});
