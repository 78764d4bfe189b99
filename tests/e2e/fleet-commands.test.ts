import path from 'node:path';
import type { Session } from '@holdfast/protocol';
import { eventually, TestHome } from '@holdfast/testkit';
import { connect } from '@nats-io/transport-node';
import { beforeEach, expect, test } from 'vitest';
import { Agent } from './support/agent.ts';
import { FleetHouse } from './support/fleet-house.ts';
import { reboot } from './support/reboot.ts';
import { TestHost } from './support/test-host.ts';
import { TestNats, whyNoNats } from './support/test-nats.ts';

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

function host(name: string, url: string): Promise<TestHost> {
  return TestHost.start({
    args: ['--fleet', url, '--fleet-name', name],
    env: { OF_THE_HOST: 'yes' },
  });
}

test('restore --host starts anew what a machine has lost, with the surroundings of that machine and the terminal of this one', async () => {
  await using nats = await TestNats.start();
  await using alpha = await host('alpha', nats.url);
  await using here = new TestHome({ env: { ...nats.env, OF_THE_HOST: 'no', TERM: 'xterm-kitty' } });
  const on = (...args: string[]) => here.cli(['--host', 'alpha', ...args]);
  const folder = alpha.home.scratch('project');
  const script = 'echo "$OF_THE_HOST $TERM $(pwd)"; exec cat';
  const open = async (name: string, ...options: string[]): Promise<Session> => {
    const { stdout } = await on('new', '--json', '--name', name, ...options, '--', 'sh', '-c', script);
    return JSON.parse(String(stdout));
  };
  const first = await open('first', '--cwd', folder);
  const second = await open('second');
  await on('wait', 'first', '--output', 'yes');
  await reboot(alpha.home, [first.pid, second.pid, alpha.process.pid]);
  await alpha.process.ended;
  await alpha.start();

  await eventually('it is in the fleet again', async () => (await on('ls')).code === 0);
  const listed = await on('restore');
  expect(listed).toMatchObject({ code: 0 });
  expect(listed.stderr).toContain('[holdfast --host alpha restore --all starts them anew');
  const one = await on('restore', 'first', '--json');
  expect({ code: one.code, stderr: one.stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(String(one.stdout))).toMatchObject([{ id: first.id, name: 'first', state: 'running' }]);
  const line = `yes xterm-kitty ${folder}\r\n`;
  await eventually('it has printed again', async () => {
    const text = String((await on('tail', 'first')).stdout);
    return text.startsWith(line) && text.endsWith(line) && text.includes('[restored at');
  });
  expect(String((await on('restore', '--all')).stdout)).toBe(`${second.id}  second\n`);
  expect(await on('restore', 'second')).toMatchObject({
    code: 1,
    stderr: "holdfast: can't restore: session second is still running\n",
  });
  expect(here.daemonPid).toBeUndefined();
}, 120_000);

test('wait and events of another machine are for scripts as those of this one: JSON, and on from a cursor while the fleet was away', async () => {
  await using nats = await TestNats.start();
  await using _alpha = await host('alpha', nats.url);
  await using here = new TestHome({ env: nats.env });
  const on = (...args: string[]) => here.cli(['--host', 'alpha', ...args]);
  const json = async (...args: string[]) => JSON.parse(String((await on(...args)).stdout));
  await on('new', '-d', '--name', 'first', '--', 'sh', '-c', 'echo out; read line; exit 3');
  const printed = await json('wait', 'first', '--output', 'ou(t)', '--json');
  expect(printed).toMatchObject({ met: true, timedOut: false, session: { name: 'first' } });

  const events = here.startCli(['--host', 'alpha', 'events', '--json']);
  await events.stdout.waitFor('"event":"sessions"');
  await on('send', 'first', 'x', '--enter');
  expect(await json('wait', 'first', '--json')).toMatchObject({ met: true, session: { exit: { code: 3 } } });
  const [, cursor = ''] = await events.stdout.waitFor(/"event":"exited".*"cursor":"([^"]+)"/);
  events.kill('SIGINT');
  await events.ended;
  await nats.kill();
  await nats.start();
  await eventually('it is in the fleet again', async () => {
    return (await on('new', '-d', '--name', 'second', '--', 'sh', '-c', 'exit 4')).code === 0;
  });
  const later = here.startCli(['--host', 'alpha', 'events', '--json', '--since', cursor]);
  const [told] = await later.stdout.waitFor(/[^]*"event":"exited".*"name":"second".*\n/);
  const [, ...missed] = told.trimEnd().split('\n');
  expect(missed.map((line) => JSON.parse(line)).map(({ event, name }) => `${event} ${name}`)).toEqual([
    'opened second',
    'exited second',
  ]);
  later.kill('SIGINT');
  await later.ended;
}, 60_000);

test('mcp --host gives an agent terminals on another machine, which it finds again', async () => {
  await using nats = await TestNats.start();
  await using alpha = await host('alpha', nats.url);
  await using here = new TestHome({ env: { ...nats.env, OF_THE_HOST: 'no' } });
  const args = ['--host', 'alpha', '--label', 'claude'];
  {
    await using agent = await Agent.start(here, { args });
    expect(await agent.call('terminal_list', {})).toMatchObject({ terminals: [] });
    const terminal = await agent.open('shell', ['sh', '-c', 'echo "$OF_THE_HOST $(pwd)."; exec cat']);
    expect(await agent.until(terminal, '^yes .*\\.', { from: 'start' })).toBe(
      `yes ${alpha.home.env['HOME']}.`,
    );
    await agent.type(terminal, 'over there');
    await agent.until(terminal, 'over there\\s+over there');
    expect(await agent.screen(terminal)).toContain('over there');
    const folder = alpha.home.scratch('project');
    await agent.open('inside', ['sh', '-c', 'pwd; exec cat'], { cwd: folder });
    expect(await agent.until('inside', '^/.*', { from: 'start' })).toBe(folder);
    await agent.leave();
  }
  await using again = await Agent.start(here, { args });
  const { terminals } = (await again.call('terminal_list', {})) as { terminals: { name: string }[] };
  expect(terminals.map(({ name }) => name).toSorted()).toEqual(['inside', 'shell']);
  await again.call('terminal_kill', { terminal: 'shell' });
  expect(String((await alpha.home.cli(['ls'])).stdout)).toContain('claude/inside');
  expect(here.daemonPid).toBeUndefined();
}, 120_000);

test('however many names are taken there, an agent that opens a terminal has the machine asked once for its surroundings', async () => {
  await using nats = await TestNats.start();
  await using _alpha = await host('alpha', nats.url);
  await using here = new TestHome({ env: nats.env });
  const nc = await connect({ servers: nats.url });
  await using _closed = { [Symbol.asyncDispose]: () => nc.close() };
  let asked = 0;
  nc.subscribe('holdfast.alpha.operate.surroundings', { callback: () => void (asked += 1) });
  await nc.flush();
  await using agent = await Agent.start(here, { args: ['--host', 'alpha', '--label', 'claude'] });
  const names: string[] = [];
  for (let count = 0; count < 4; count += 1) {
    const { terminal } = await agent.call('terminal_new', { command: ['cat'] });
    names.push((terminal as { name: string }).name);
  }
  expect(names).toEqual(['cat', 'cat-2', 'cat-3', 'cat-4']);
  await nc.flush();
  expect(asked).toBe(4);
}, 120_000);

test('who may only look restores nothing, and opens nothing by mcp', async () => {
  await using house = await FleetHouse.open();
  await using build1 = await house.host('build1');
  await using guest = house.as('guest');
  const done = path.join(build1.home.scratch('marks'), 'done');
  const opened = await build1.home.cli(['new', '-d', '--name', 'one', '--', 'sh', '-c', `echo x >>${done}`]);
  expect(opened.code).toBe(0);
  await build1.home.cli(['wait', 'one']);
  const refused = await guest.cli(['--host', 'build1', 'restore', 'one']);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toContain('may');
  await using agent = await Agent.start(guest, { args: ['--host', 'build1', '--all-terminals'] });
  const { terminals } = (await agent.call('terminal_list', {})) as { terminals: unknown[] };
  expect(terminals).toMatchObject([{ name: 'one', state: 'exited' }]);
  expect(await agent.refused('terminal_new', { command: ['cat'] })).toContain('E_FORBIDDEN');
}, 120_000);

test('what is about the machine itself is refused with --host, and says where to do it', async () => {
  await using here = new TestHome();
  const refused = async (...args: string[]) => {
    const { code, stderr } = await here.cli(['--host', 'alpha', ...args]);
    expect({ args, code }).toEqual({ args, code: 2 });
    return stderr;
  };
  for (const [command, why] of [
    ['logs', 'the log is a file of the machine, to be read there'],
    ['stop', 'whoever ends all sessions of a machine does so there'],
    ['restart', 'whoever ends all sessions of a machine does so there'],
    ['resume', 'it starts a program of the machine, and does so there'],
    ['doctor', 'it looks at the machine it runs on'],
  ] as const)
    expect(await refused(command)).toBe(
      `holdfast: wrong usage of ${command}: ${command} works on this machine only, not with --host: ${why}\n`,
    );
  for (const [command, ...operands] of [
    ['serve'],
    ['share', 'S'],
    ['tokens'],
    ['service', 'start'],
    ['play', 'FILE'],
    ['completion', 'bash'],
    ['hosts'],
  ] as const)
    expect(await refused(command, ...operands)).toContain('works on this machine only, not with --host');
  // What is allowed is looked up here, and would mean other programs and folders there.
  await using nats = await TestNats.start();
  await using _alpha = await host('alpha', nats.url);
  for (const rule of ['--allow-command=sh', '--allow-folder=/tmp']) {
    const args = ['--host', 'alpha', 'mcp', '--label', 'a', rule];
    expect(await here.cli(args, { env: nats.env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('are looked up on this machine, and not with --host'),
    });
  }
}, 60_000);
