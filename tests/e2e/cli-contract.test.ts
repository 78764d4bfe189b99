import { describe, expect, test } from 'vitest';
import { CliHome, type Result } from './support/cli-home.ts';

const ID = /^[0-9a-f]{12}$/;
const BUILD = /^[0-9a-f]{12}$/;

describe('without a daemon', () => {
  test('only what opens a session starts one', async () => {
    await using home = new CliHome();
    const expected: [string[], number][] = [
      [['ls'], 0],
      [['status'], 0],
      [['logs'], 0],
      [['stop', '--yes'], 0],
      [['forget', '--exited'], 0],
      [['restart', '--yes'], 4],
      [['upgrade'], 1],
      [['send', 'x', 'text'], 3],
      [['tail', 'x'], 3],
      [['wait', 'x'], 3],
      [['kill', 'x'], 3],
    ];
    for (const [args, code] of expected) {
      expect({ args, code: (await home.run(...args)).code }).toEqual({ args, code });
    }
    expect(home.daemonPid).toBeUndefined();
    expect(await home.run('restart')).toMatchObject({
      stderr: "holdfast: can't restart: no daemon is running; holdfast new starts one\n",
    });
  });

  test('nothing serves, and so no version does', async () => {
    await using home = new CliHome();
    expect(JSON.parse(await home.do('status', '--json'))).toEqual({
      daemon: null,
      keeper: null,
      update: { pending: false, running: null, available: expect.any(String), failure: null, underWay: null },
      sessions: { running: 0, exited: 0 },
      clients: 0,
      home: home.folder,
      holders: [],
      aside: [],
      eventLoop: null,
    });
  });
});

describe('under --json', () => {
  test('sessions and the status have the fields of the contract', async () => {
    await using home = new CliHome();
    const opened = JSON.parse(
      await home.do(
        'new',
        '--json',
        '--name',
        's',
        '--size',
        '90x33',
        '--',
        'sh',
        '-c',
        'printf x; exec cat',
      ),
    );
    expect(opened).toMatchObject({
      id: expect.stringMatching(ID),
      name: 's',
      pid: expect.any(Number),
      command: ['sh', '-c', 'printf x; exec cat'],
      cwd: home.work,
      cols: 90,
      rows: 33,
      state: 'running',
      exit: null,
      createdAt: expect.any(String),
      clients: 0,
      offset: expect.any(Number),
      historyStart: 0,
    });
    // The keeper may not have answered yet.
    delete opened.unescrowed;
    await home.do('wait', 's', '--output', 'x');
    await home.do('kill', 's');
    expect(JSON.parse(await home.do('ls', '--json'))).toMatchObject([
      {
        ...opened,
        state: 'exited',
        exit: { signal: 'SIGHUP' },
        offset: 1,
        exitedAt: expect.any(String),
        foreground: null,
      },
    ]);
    const version = expect.stringMatching(/^\d+\.\d+\.\d+\+[0-9a-f]{12}$/);
    expect(JSON.parse(await home.do('status', '--json'))).toMatchObject({
      daemon: {
        pid: home.daemonPid,
        version: expect.any(String),
        build: expect.stringMatching(BUILD),
        node: process.versions.node,
        generation: 1,
        startedAt: expect.any(String),
      },
      update: { pending: false, running: version, available: version, failure: null, underWay: null },
      sessions: { running: 0, exited: 1 },
      clients: 0,
    });
  });

  test.each([
    [['new', '--json', '--size', '0x0', '--', 'true'], 2, 'E_USAGE'],
    [['run', '--json', '--', 'no-such-command'], 1, 'E_COMMAND_NOT_FOUND'],
    [['ls', '--json', '--namespace', 'a/b'], 2, 'E_USAGE'],
  ])('%j prints its error as one document', async (args, code, errorCode) => {
    await using home = new CliHome();
    const result = await home.run(...args);
    expect(result.code).toBe(code);
    expect(JSON.parse(result.stdout)).toEqual({ error: { code: errorCode, message: messageOf(result) } });
  });

  test.each([
    [['--timeout', '1.5'], 2, 'E_USAGE'],
    [['--bogus'], 2, 'E_USAGE'],
    [[], 1, 'E_NO_DAEMON'],
  ])('upgrade %j prints a failure in its own form', async (args, code, errorCode) => {
    await using home = new CliHome();
    const result = await home.run('upgrade', '--json', ...args);
    expect(result.code).toBe(code);
    expect(JSON.parse(result.stdout)).toEqual({
      ok: false,
      code: errorCode,
      reason: messageOf(result),
      sessions: 0,
    });
  });
});

test('run takes what new takes: -d and --json leave the program to itself', async () => {
  await using home = new CliHome();
  const { code, stdout, stderr } = await home.run(
    'run',
    '-d',
    '--name',
    'quiet',
    '--',
    'sh',
    '-c',
    'echo out; exit 3',
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trimEnd()).toMatch(ID);
  expect((await home.run('wait', stdout.trimEnd())).code).toBe(3);
  expect(await home.do('tail', 'quiet')).toBe('out\r\n');
  expect(JSON.parse(await home.do('run', '--json', '--', 'cat'))).toMatchObject({
    name: 'cat',
    state: 'running',
  });
});

/** What stderr says, which must be one line. */
function messageOf({ stderr }: Result): string {
  expect(stderr).toMatch(/^holdfast: [^\n]+\n$/);
  return stderr.slice('holdfast: '.length, -1);
}
