import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine, cpuMs, eventually } from '@holdfast/testkit';
import { CliHome } from './support/cli-home.ts';

const MIB = 1024 * 1024;

describe('run', () => {
  test('exits with the status of its program', async () => {
    await using home = new CliHome();
    for (const code of [0, 1, 3, 127, 255]) {
      expect(await home.run('run', '--', 'sh', '-c', `echo out; exit ${code}`)).toEqual({
        code,
        stdout: 'out\r\n',
        stderr: '',
      });
    }
    expect((await home.run('run', '--', 'sh', '-c', 'kill -KILL $$')).code).toBe(137);
    expect((await home.run('run', '--', 'sh', '-c', 'kill -SEGV $$')).code).toBe(139);
  });

  test('passes stdin on, and its end, with or without a newline before it', async () => {
    await using home = new CliHome();
    for (const input of ['one\ntwo\n', 'no newline', '']) {
      const result = await home.runWith(
        { stdin: Buffer.from(input) },
        'run',
        '--',
        'sh',
        '-c',
        'cat >got; echo end',
      );
      expect(result.code).toBe(0);
      expect(await readFile(path.join(home.work, 'got'), 'utf8')).toBe(input);
    }
  });

  test('passes every byte of the output on', async () => {
    await using home = new CliHome();
    // Without echo: the end of the input, typed as it is at once, would show as ^D if it comes after `raw`.
    const program = `stty raw -echo; head -c ${8 * MIB} /dev/urandom | tee made`;
    const { code, stdout, stderr } = await home.cli(['run', '--', 'sh', '-c', program], { cwd: home.work });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const made = await readFile(path.join(home.work, 'made'));
    expect(stdout.equals(made)).toBe(true);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGUSR1'] as const)('passes %s on to the program', async (signal) => {
    await using home = new CliHome();
    const program = `trap 'exit 7' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
    const running = home.start('run', '--', 'sh', '-c', program);
    await running.stdout.waitFor('ready');
    running.kill(signal);
    expect((await running.result()).code).toBe(7);
  });

  test('leaves when its reader does, and says that the session goes on', async () => {
    await using home = new CliHome();
    const terminal = home.inTerminal('{ $HF run --name going -- yes; echo "code $?." >&2; } | head -n 1');
    expect(await terminal.until('code 141.')).toBe(
      'y\r\n[nobody reads the output any more; going goes on running: holdfast attach going]\r\ncode 141.',
    );
    expect(JSON.parse(await home.do('ls', '--json'))).toMatchObject([{ name: 'going', state: 'running' }]);
  });

  test('whose reader has gone still tells the status, if the program has ended', async () => {
    await using home = new CliHome();
    // More than a pipe holds: some of it is still to be written when the reader goes.
    const program = 'echo first; head -c 200000 /dev/zero; exit 6';
    const terminal = home.inTerminal(
      `{ $HF run --name over -- sh -c '${program}'; echo "code $?." >&2; } | { read first; $HF wait over; }`,
    );
    expect(await terminal.until('.')).toBe('code 6.');
  });

  test('says what can not be read or written, and loses no output with a 0', async () => {
    await using home = new CliHome();
    const script = async (text: string) => {
      const terminal = home.inTerminal(`${text}; echo "code $?."`);
      return terminal.until('.\r\n');
    };
    expect(await script('$HF run --name folder -- cat </tmp | cat')).toMatch(
      /^holdfast: stdin can't be read: EISDIR[^\n]*\r\ncode 0\.\r\n$/,
    );
    expect(await script('$HF run --name full -- sh -c "echo out; exec cat" >/dev/full </dev/tty')).toMatch(
      /^holdfast: can't write the output: ENOSPC[^\n]*; full goes on running: holdfast attach full\r\ncode 1\.\r\n$/,
    );
    expect(await script('$HF run --name over -- echo hi >/dev/full')).toMatch(
      /^holdfast: can't write the output: ENOSPC[^\n]*; over has ended \(exited 0\)\r\ncode 1\.\r\n$/,
    );
    expect(await script('$HF ls >/dev/full')).toMatch(
      /^holdfast: can't write to stdout: [^\n]*ENOSPC[^\n]*\r\ncode 1\.\r\n$/,
    );
  });

  test('gives its program the environment, folder, mask and limits of the shell it is typed in', async () => {
    await using home = new CliHome();
    const terminal = home.inTerminal(
      'umask 027; ulimit -Sn 333; mkdir -p sub; cd sub; MINE=yes LINES=1 $HF run --env ADDED=too -- sh -c \'echo "<$MINE $ADDED ${LINES-unset} $(umask) $(ulimit -Sn) $(basename $PWD)>"\'',
    );
    await terminal.until('<yes too unset 0027 333 sub>');
  });
});

describe('tail', () => {
  test('is exact from any offset', async () => {
    await using home = new CliHome();
    await home.open('s', 'stty raw; printf 0123456789; sleep 0.3; printf abcdef');
    expect(await home.do('tail', 's', '--follow')).toBe('0123456789abcdef');
    expect(await home.do('tail', 's')).toBe('0123456789abcdef');
    expect(await home.do('tail', 's', '--from', '12')).toBe('cdef');
    expect(await home.do('tail', 's', '--from', '16')).toBe('');
    expect(await home.do('tail', 's', '--from', 'now')).toBe('');
    expect((await home.run('tail', 's', '--from', '17')).code).toBe(1);
  });

  test('reports what is no longer there, in one line with offsets', async () => {
    await using home = new CliHome();
    await home.open('s', 'stty raw; head -c 1000000 /dev/zero', '--history', '64K');
    await home.do('wait', 's');
    const [{ historyStart }] = JSON.parse(await home.do('ls', '--json'));
    const { code, stdout, stderr } = await home.run('tail', 's', '--from', '100');
    expect(code).toBe(0);
    expect(stdout.length).toBe(1_000_000 - historyStart);
    expect(stderr).toBe(
      `holdfast: gap: bytes 100–${historyStart - 1} are not available (no longer in the history)\n`,
    );
  });

  test('without --follow ends at the end as it is now', async () => {
    await using home = new CliHome();
    await home.do('new', '-d', '--name', 's', '--', 'yes');
    await home.do('wait', 's', '--output', 'y');
    expect((await home.do('tail', 's')).length).toBeGreaterThan(0);
  });

  test('ends quietly with its reader, and the program is held back by nobody', async () => {
    await using home = new CliHome();
    await home.do('new', '-d', '--name', 's', '--', 'yes');
    const terminal = home.inTerminal('$HF tail s --follow | head -n 1; echo "left ${PIPESTATUS}"');
    await terminal.until('left');
    const { holders } = JSON.parse(await home.do('status', '--json'));
    expect(holders).toEqual([]);
  });
});

test('what is sent arrives byte for byte before send returns', async () => {
  await using home = new CliHome();
  const bytes = randomBytes(MIB);
  await home.open('s', `stty raw -echo; echo ready; head -c ${MIB} | sha256sum`);
  await home.do('wait', 's', '--output', 'ready');
  expect(await home.runWith({ stdin: bytes }, 'send', 's', '--stdin')).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
  await home.do(
    'wait',
    's',
    '--output',
    createHash('sha256').update(bytes).digest('hex'),
    '--timeout',
    '10000',
  );
});

test('send to a session that has exited fails, also while stdin stays open', async () => {
  await using home = new CliHome();
  await home.do('new', '-d', '--name', 's', '--', 'cat');
  const sending = home.start('send', 's', '--stdin');
  sending.child.stdin?.write('typed\n');
  await home.do('wait', 's', '--output', 'typed');
  await home.do('kill', 's');
  expect(await sending.result()).toMatchObject({
    code: 1,
    stderr: "holdfast: can't send: the session has exited\n",
  });
  expect(await home.run('send', 's', 'x')).toMatchObject({ code: 1 });
});

describe('wait', () => {
  test('finds what the terminal shows, however it was written', async () => {
    await using home = new CliHome();
    await home.open(
      's',
      `printf '\\033[2;4Hdy\\033[2;1H\\033[1mr\\033[32mea'; read go; printf '\\033[H go\\033[0mne'`,
    );
    await home.do('wait', 's', '--output', '^ready$');
    const gone = home.start('wait', 's', '--output', '^ gone$');
    const never = home.start('wait', 's', '--output', '^never$');
    await home.do('send', 's', '--enter');
    expect((await gone.result()).code).toBe(0);
    expect((await never.result()).code).toBe(1);
    await home.do('wait', 's', '--output', '^ready$');
  });

  test('passes the status of the session on', async () => {
    await using home = new CliHome();
    await home.open('s', 'sleep 0.3; exit 9');
    expect((await home.run('wait', 's')).code).toBe(9);
    await home.do('new', '-d', '--name', 'k', '--', 'sleep', '100');
    await home.do('kill', 'k');
    expect((await home.run('wait', 'k')).code).toBe(129);
  });

  test('is met by output, earlier output included, or ends with 1 or 124', async () => {
    await using home = new CliHome();
    const program =
      'echo early; until [ -e go ]; do sleep 0.05; done; echo late; until [ -e stop ]; do sleep 0.05; done';
    await home.open('s', program);
    const late = home.start('wait', 's', '--output', '^late$');
    await home.do('wait', 's', '--output', '^early$', '--idle', '100');
    await writeFile(path.join(home.work, 'go'), '');
    expect((await late.result()).code).toBe(0);
    expect(await home.run('wait', 's', '--output', 'never', '--timeout', '100')).toMatchObject({
      code: 124,
      stdout: '',
      stderr: 'holdfast: what was waited for in s has not come within 100 ms\n',
    });
    expect(await home.run('wait', 's', '--timeout', '1')).toMatchObject({
      code: 124,
      stdout: '',
      stderr: 'holdfast: s has not exited within 1 ms\n',
    });
    const never = home.start('wait', 's', '--output', 'never');
    const silent = home.start('wait', 's', '--idle', '100000');
    await eventually('both listen', async () => JSON.parse(await home.do('ls', '--json'))[0].clients === 2);
    await writeFile(path.join(home.work, 'stop'), '');
    const unmet = {
      code: 1,
      stderr: 'holdfast: what was waited for in s has not come before it ended\n',
    };
    expect(await never.result()).toMatchObject(unmet);
    expect(await silent.result()).toMatchObject(unmet);
  });

  test('gives up in time, also amid an expression that would backtrack for ever', async () => {
    await using home = new CliHome();
    await home.open('s', "stty -opost; head -c 40000 /dev/zero | tr '\\0' a; echo end; exec cat");
    await home.do('wait', 's', '--output', 'end');
    const begun = performance.now();
    expect((await home.run('wait', 's', '--output', '(a+)+$b', '--timeout', '500')).code).toBe(124);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

test('a wait that backtracks for ever is ended by Ctrl-C', async () => {
  await using home = new CliHome();
  await home.open('s', "stty -opost; head -c 40000 /dev/zero | tr '\\0' a; echo end; exec cat");
  await home.do('wait', 's', '--output', 'end');
  const waiting = home.start('wait', 's', '--output', '(a+)+$b');
  // More than it needs to start.
  await eventually('it searches', () => cpuMs(waiting.pid) > 1_500, 45_000);
  waiting.kill('SIGINT');
  expect(await waiting.result()).toMatchObject({ code: null, signal: 'SIGINT' });
});

test('what is printed is printed to the end, however slowly it is read', async () => {
  await using home = new CliHome();
  // More than a pipe holds; of one command, a description shows 8 KiB.
  const terminal = home.inTerminal(
    "for i in 1 2 3 4 5 6 7 8 9; do $HF new -d -- sh -c : $(head -c 8000 /dev/zero | tr '\\0' x) >made; done; $HF ls --json | (sleep 0.5; wc -c; echo counted)",
  );
  const count = Number(/^(\d+)/.exec(await terminal.until('counted', 60_000))?.[1]);
  expect(count).toBeGreaterThan(9 * 8_000);
}, 90_000);

test('a session is opened elsewhere from a folder that is gone', async () => {
  await using home = new CliHome();
  const terminal = home.inTerminal(
    'mkdir gone; cd gone; rmdir ../gone; $HF run --cwd / -- pwd; $HF run -- pwd',
  );
  await terminal.until('/\r\n');
  await terminal.until("holdfast: can't run: the current folder is gone");
});

describe('what can not be done is said in one line', () => {
  test.each([
    [['--cwd', '/no/such/folder', '--', 'true'], 'E_CWD'],
    [['--', 'no-such-command'], 'E_COMMAND_NOT_FOUND'],
    [['--', '/tmp'], 'E_COMMAND_NOT_EXECUTABLE'],
    [['--', '/etc/passwd'], 'E_COMMAND_NOT_EXECUTABLE'],
    [['--name', ' spaced', '--', 'true'], 'E_BAD_NAME'],
  ])('new %j: %s', async (args, code) => {
    await using home = new CliHome();
    const result = await home.run('new', '-d', '--json', ...args);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^holdfast: can't open a session: [^\n]+\n$/);
    const document = JSON.parse(result.stdout);
    expect(document).toEqual({ error: { code, message: result.stderr.slice('holdfast: '.length, -1) } });
  });

  test('names are unique, and ids may be shortened as long as they are', async () => {
    await using home = new CliHome();
    const { id } = JSON.parse(await home.do('new', '--json', '--name', 'one', '--', 'sleep', '100'));
    expect(await home.run('new', '-d', '--name', 'one')).toMatchObject({ code: 1 });
    await home.do('rename', id.slice(0, 6), 'two');
    expect((await home.run('rename', 'one', 'x')).code).toBe(3);
    expect((await home.run('forget', 'two')).code).toBe(1);
    await home.do('resize', 'two', '90x20');
    expect(JSON.parse(await home.do('ls', '--json'))).toMatchObject([{ name: 'two', cols: 90, rows: 20 }]);
  });
});

test('several are forgotten at once, or none of them; or all that have exited', async () => {
  await using home = new CliHome();
  expect((await home.run('forget', '--exited')).code).toBe(0);
  for (const name of ['a', 'b', 'c']) await home.do('new', '-d', '--name', name, '--', 'true');
  await home.do('new', '-d', '--name', 'r', '--', 'cat');
  for (const name of ['a', 'b', 'c']) await home.do('wait', name);
  const names = async () =>
    JSON.parse(await home.do('ls', '--json')).map(({ name }: { name: string }) => name);
  expect((await home.run('forget', 'a', 'r')).code).toBe(1);
  expect((await home.run('forget', 'a', 'no')).code).toBe(3);
  expect(await names()).toEqual(['a', 'b', 'c', 'r']);
  await home.do('forget', 'a', 'b', 'a');
  expect(await names()).toEqual(['c', 'r']);
  await home.do('forget', '--exited');
  expect(await names()).toEqual(['r']);
});

describe('the daemon', () => {
  test('is stopped only by somebody who knows what it ends', async () => {
    await using home = new CliHome();
    await home.do('new', '-d', '--', 'sleep', '100');
    await home.do('new', '-d', '--', 'sleep', '100');
    expect(await home.run('stop')).toMatchObject({ code: 1, stderr: expect.stringContaining('2 sessions') });
    const terminal = home.inTerminal(
      '$HF stop; echo code $?; $HF stop; echo code $?; $HF restart; echo code $?',
    );
    await terminal.until('[y/N]');
    terminal.type('n\r');
    await terminal.until('code 1');
    await terminal.until('[y/N]');
    terminal.type('\x04');
    expect(await terminal.until('code 1')).toContain('Nothing was ended.');
    await terminal.until('[y/N]');
    terminal.type('y\r');
    await terminal.until('2 sessions ended');
    await terminal.until('code 0');
    expect(JSON.parse(await home.do('status', '--json'))).toMatchObject({ sessions: { running: 0 } });
  });

  test('is one however many start it', async () => {
    await using home = new CliHome();
    const ids = await Promise.all(
      Array.from({ length: 5 }, () => home.do('new', '-d', '--', 'sleep', '100')),
    );
    expect(new Set(ids).size).toBe(5);
    expect(JSON.parse(await home.do('ls', '--json'))).toHaveLength(5);
  });

  test('is another one in another namespace, and a long path is no obstacle', async () => {
    await using home = new CliHome({ folderName: 'long'.repeat(40) });
    await home.do('new', '-d', '--', 'sleep', '100');
    await home.do('--namespace', 'other', 'new', '-d', '--name', 'there', '--', 'sleep', '100');
    expect(JSON.parse(await home.do('ls', '--json'))).toMatchObject([{ name: 'sleep' }]);
    expect(JSON.parse(await home.do('ls', '--json', '--namespace', 'other'))).toMatchObject([
      { name: 'there' },
    ]);
    const programs = home.processes.map(commandLine);
    for (const one of [/keeper\/main\.js --runtime-dir (\S+)/, / serve --runtime-dir (\S+)/]) {
      const folders = programs.flatMap((line) => one.exec(line)?.[1] ?? []);
      expect(folders).toHaveLength(2);
      expect(new Set(folders).size).toBe(2);
    }
    await home.do('stop', '--yes', '--namespace', 'other');
  });

  test('that can not be started is an error of its own', async () => {
    await using home = new CliHome();
    const broken = path.join(home.work, 'broken.mjs');
    await writeFile(broken, 'throw new Error("broken on purpose")');
    const options = { env: { HOLDFAST_DAEMON_ENTRY: broken } };
    const result = await home.runWith(options, 'new', '-d', '--json', '--', 'true');
    expect(result.code).toBe(4);
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: 'E_DAEMON_START' } });
    expect(result.stderr).toContain('broken on purpose');
    expect(result.stderr.split('\n')).toHaveLength(2);
  });

  test('keeps a log that can be read and followed', async () => {
    await using home = new CliHome();
    await home.do('new', '-d', '--', 'true');
    expect(await home.do('logs')).not.toBe('');
    const following = home.start('logs', '--follow');
    await following.stdout.waitFor('\n');
    following.kill('SIGINT');
    expect((await following.result()).code).toBe(130);
  });

  test('and the machine are well, says doctor', async () => {
    await using home = new CliHome();
    await home.do('new', '-d', '--', 'true');
    const { ok, checks } = JSON.parse(await home.do('doctor', '--json'));
    expect(ok).toBe(true);
    expect(checks.length).toBeGreaterThan(5);
  });
});

test('a reader that has gone is no error', async () => {
  await using home = new CliHome();
  const terminal = home.inTerminal(`$HF help 2>err | :; wc -c <err`);
  await terminal.until('0\r\n');
});
