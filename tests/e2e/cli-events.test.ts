import { untilEnded } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';

interface Told {
  readonly event: string;
  readonly name: string;
  readonly cursor: string;
  readonly offset: number;
  readonly at: string;
  readonly session?: { readonly exitedAt: string | null };
}

const told = (text: string): Told[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

test('events are told as they happen, through a crash of the daemon, and go on from a cursor', {
  timeout: 120_000,
}, async () => {
  await using home = new CliHome();
  await home.open('first', 'exec cat');
  const events = home.start('events', '--json');
  await events.stdout.waitFor('"event":"sessions"');
  await home.open('second', 'echo out; exit 3');
  await events.stdout.waitFor('"event":"exited"');
  const { cursor = '' } = told(events.stdout.text).at(-1) ?? {};

  const pid = home.daemonPid ?? -1;
  process.kill(pid, 'SIGKILL');
  await untilEnded(pid);
  await home.open('third', 'exit 4');
  await events.stdout.waitFor(/"event":"exited".*"name":"third"/);
  await home.do('restore', 'third');
  await events.stdout.waitFor(/"event":"restored"[^]*"event":"exited".*"name":"third"/);
  await home.do('forget', 'second');
  await events.stdout.waitFor(/"event":"forgotten"/);
  const names = told(events.stdout.text)
    .filter(({ event }) => event !== 'output' && event !== 'sessions')
    .map(({ event, name }) => `${event} ${name}`);
  expect(names).toEqual([
    'opened second',
    'exited second',
    'opened third',
    'exited third',
    'restored third',
    'exited third',
    'forgotten second',
  ]);
  expect(told(events.stdout.text).find(({ event }) => event === 'exited')).toMatchObject({
    name: 'second',
    offset: 5,
    exit: { code: 3 },
  });
  // When it ended, and not when that was heard of.
  for (const { event, at, session } of told(events.stdout.text))
    if (event === 'exited') expect(at).toBe(session?.exitedAt);
  events.kill('SIGINT');
  expect((await events.result()).code).toBe(130);

  const later = home.start('events', '--json', '--since', cursor);
  await later.stdout.waitFor(/"event":"exited".*\n/);
  expect(told(later.stdout.text).map(({ event, name }) => `${event} ${name}`)).toEqual([
    'sessions undefined',
    'opened third',
    'exited third',
  ]);
  await home.do('stop', '--yes');
  // It looks for a daemon for 15 seconds.
  expect((await later.result(60_000)).code).toBe(4);
  expect((await home.run('events')).code).toBe(4);
  expect((await home.run('events', '--since', 'yesterday')).code).toBe(2);
});

test('run --wait shows nothing, says what has come of it, and exits with the status', async () => {
  await using home = new CliHome();
  const program = ['--', 'sh', '-c', 'echo out; exit 3'];
  const { code, stdout, stderr } = await home.run('run', '--wait', '--json', '--name', 'one', ...program);
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  const session = { name: 'one', state: 'exited', exit: { code: 3 }, offset: 5 };
  expect(JSON.parse(stdout)).toMatchObject({ met: true, timedOut: false, lastExit: null, session });

  const late = await home.run('run', '--wait', '--json', '--timeout', '100', '--', 'cat');
  expect(late.code).toBe(124);
  expect(JSON.parse(late.stdout)).toMatchObject({
    met: false,
    timedOut: true,
    session: { state: 'running' },
  });

  const plain = await home.run('run', '--wait', '--', 'true');
  expect(plain).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{12}\n$/) });
  expect((await home.run('run', '--timeout', '1', '--', 'true')).code).toBe(2);
  expect((await home.run('run', '--wait', '-d', '--', 'true')).code).toBe(2);
});
