import { readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually, program, startDaemon, type TestDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';

/** What tests/programs/print-environment.py tells. */
interface Surroundings {
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly umask: number;
  readonly openFiles: [number, number];
  readonly blocked: number;
  readonly ignored: number;
  readonly pid: number;
  readonly session: number;
  readonly group: number;
  readonly foreground: number;
  readonly terminals: string[];
  readonly controlling: string;
  readonly size: [number, number];
}

test('a program is given the environment that its client gives, its session, and nothing of the daemon', async () => {
  await using daemon = await startDaemon({
    env: { SECRET_OF_THE_DAEMON: 'x', TZ: 'Asia/Tokyo', NODE_OPTIONS: '' },
  });
  const odd = { WEIRD: 'a=b\nc "d" $e \u00fc', EMPTY: '', 'BASH_FUNC_f%%': '() { :; }' };
  const { id, env } = await surroundings(daemon, { env: odd });
  expect(env).toEqual({ ...daemon.home.env, ...odd, HOLDFAST_SESSION: id });
});

test('a program starts as one in a login terminal does', async () => {
  await using daemon = await startDaemon();
  const cwd = daemon.home.scratch('a folder with spaces');
  const told = await surroundings(daemon, { cwd, umask: 0o027, openFilesLimit: 1_000, cols: 123, rows: 45 });
  expect(told).toMatchObject({ cwd, umask: 0o027, blocked: 0, size: [123, 45] });
  expect(told.openFiles[0]).toBe(1_000);
  expect(told.openFiles[1]).toBeGreaterThan(1_000);
  // Python itself ignores SIGPIPE and SIGXFSZ.
  expect(told.ignored & ~((1 << 12) | (1 << 24))).toBe(0);
  expect(told).toMatchObject({ session: told.pid, group: told.pid, foreground: told.pid });
  expect(
    new Set([...told.terminals, told.controlling === '/dev/tty' ? told.terminals[0] : told.controlling]).size,
  ).toBe(1);
});

test('a program without more ado has the soft limit of open files that its client names, not that of the daemon', async () => {
  await using daemon = await startDaemon();
  const result = await daemon.home.startCli(['run', '--', '/bin/sh', '-c', 'ulimit -Sn']).result();
  const own = await daemon.home.terminalWith(['/bin/sh', '-c', 'ulimit -Sn; read x']).waitFor(/(\d+)\r\n/);
  expect(result.stdout.toString().trim()).toBe(own[1]);
});

test('an empty command is the login shell of the client', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.openCommand([], { env: { SHELL: '/bin/bash', PS1: '> ' } });
  expect(session).toMatchObject({ command: ['/bin/bash'], name: 'bash' });
  const recording = await daemon.record(session);
  const input = await (await daemon.client()).openInput(session.id);
  await input.write(Buffer.from('shopt -q login_shell && echo "it $((1)) a login shell: $0"\n'));
  await recording.waitFor('it 1 a login shell: -bash');
});

test('SSH_AUTH_SOCK is a link that follows whoever attaches, and goes with its session', async () => {
  await using daemon = await startDaemon();
  const { id, env } = await surroundings(
    daemon,
    { env: { SSH_AUTH_SOCK: '/tmp/agent.1' } },
    'exec sleep 1000',
  );
  const link = env['SSH_AUTH_SOCK'] ?? '';
  expect(path.isAbsolute(link)).toBe(true);
  expect(readlinkSync(link)).toBe('/tmp/agent.1');
  await daemon.record(id, { mode: 'viewer', sshAuthSock: '/tmp/agent.2' });
  expect(readlinkSync(link)).toBe('/tmp/agent.2');
  // Attached from within another session of the same daemon, or without an agent: it stays as it is.
  await daemon.record(id, { mode: 'viewer', sshAuthSock: link });
  await daemon.record(id, { mode: 'viewer' });
  expect(readlinkSync(link)).toBe('/tmp/agent.2');
  const client = await daemon.client();
  await client.request('kill', { session: id }, { timeoutMs: null });
  await client.request('forget', { session: id });
  expect(() => readlinkSync(link)).toThrow('ENOENT');
});

test('attach by the command line renews SSH_AUTH_SOCK', async () => {
  await using daemon = await startDaemon();
  const { id, env } = await surroundings(daemon, { env: { SSH_AUTH_SOCK: '/tmp/agent.1' } }, 'exec cat');
  daemon.home.terminal(['attach', id], { env: { SSH_AUTH_SOCK: '/tmp/agent.9' } });
  await eventually('the new agent', () => readlinkSync(env['SSH_AUTH_SOCK'] ?? '') === '/tmp/agent.9');
});

test('an agent that can not be linked to costs its session nothing', async () => {
  await using daemon = await startDaemon();
  writeFileSync(path.join(daemon.home.paths.runtimeDir, 'agents'), 'in the way');
  const { env } = await surroundings(daemon, { env: { SSH_AUTH_SOCK: '/tmp/agent.1' } });
  expect(env['SSH_AUTH_SOCK']).toBe('/tmp/agent.1');
});

test('a session knows itself, and refuses to be attached to itself', async () => {
  await using daemon = await startDaemon();
  const { bin } = daemon.home.installation;
  const session = await daemon.openCommand([
    '/bin/sh',
    '-c',
    `${bin} attach $HOLDFAST_SESSION; echo "code $?"; ${bin} tail $HOLDFAST_SESSION >/dev/null; echo "tail $?"; exec cat`,
  ]);
  const recording = await daemon.record(session);
  await recording.waitFor(/can't attach: .*itself/);
  await recording.waitFor('code 1');
  // Reading what it printed is no loop.
  await recording.waitFor('tail 0');
});

test('a session in a session has the inner name', async () => {
  await using daemon = await startDaemon();
  const { bin } = daemon.home.installation;
  const outer = await daemon.openCommand([
    '/bin/sh',
    '-c',
    `${bin} run -- /bin/sh -c 'echo "inner $HOLDFAST_SESSION."'; exec cat`,
  ]);
  const recording = await daemon.record(outer);
  const [, inner] = await recording.waitFor(/inner (\w+)\./);
  expect(inner).not.toBe(outer.id);
});

test('no environment is written to disk', async () => {
  await using daemon = await startDaemon();
  const secret = 'xyzzy-very-secret';
  const { id } = await surroundings(daemon, { env: { API_TOKEN: secret } }, 'exec sleep 1000', false);
  await (await daemon.client()).request('resize', { session: id, cols: 100, rows: 30 });
  const { execFileSync } = await import('node:child_process');
  const grep = () => execFileSync('grep', ['-rlaF', secret, daemon.home.folder], { encoding: 'utf8' });
  expect(grep).toThrow('Command failed'); // grep ends with 1 if it finds nothing
});

test('a folder that is a link is taken as it is', async () => {
  await using daemon = await startDaemon();
  const real = daemon.home.scratch('real');
  const link = path.join(path.dirname(real), 'link');
  symlinkSync(real, link);
  expect((await surroundings(daemon, { cwd: link })).cwd).toBe(real);
});

/** Opens print-environment.py, and whatever is to run after it in the same session. */
async function surroundings(
  daemon: TestDaemon,
  options: Parameters<TestDaemon['openCommand']>[1],
  andThen = 'exit 0',
  prints = true,
): Promise<Surroundings & { id: string }> {
  if (andThen === 'exit 0') {
    const session = await daemon.open('print-environment.py', [], options);
    return { ...(await told(daemon, session.id)), id: session.id };
  }
  const printing = prints
    ? `${program('print-environment.py')
        .map((word) => `'${word}'`)
        .join(' ')};`
    : '';
  const session = await daemon.openCommand(['/bin/sh', '-c', `${printing} ${andThen}`], options);
  return { ...(prints ? await told(daemon, session.id) : ({} as Surroundings)), id: session.id };
}

async function told(daemon: TestDaemon, id: string): Promise<Surroundings> {
  const recording = await daemon.record(id);
  const [, document = ''] = await recording.waitFor(/=====([^]*)=====/);
  return JSON.parse(document) as Surroundings;
}
