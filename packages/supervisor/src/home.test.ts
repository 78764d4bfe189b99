import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkHome, createHome, resolveHome } from './home.ts';

class Scratch implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'hf-home-'));

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

test('HOLDFAST_HOME puts everything under one folder, whatever else is set', () => {
  const env = { HOLDFAST_HOME: '/h', XDG_RUNTIME_DIR: '/run/user/1', XDG_STATE_HOME: '/s', HOME: '/home/u' };
  expect(resolveHome(env)).toEqual({
    namespace: 'default',
    runtimeDir: '/h/default',
    stateDir: '/h/default',
    socketPath: '/h/default/daemon.sock',
    lockPath: '/h/default/lock',
    keeperSocketPath: '/h/default/keeper.sock',
    keeperReportPath: '/h/default/keeper.json',
    lifecycleLockPath: '/h/default/lifecycle.lock',
    manifestPath: '/h/default/daemon.json',
    updateRecordPath: '/h/default/update.json',
    supervisorLogPath: '/h/default/supervisor.log',
    logPath: '/h/default/daemon.log',
    label: '/h',
  });
  expect(resolveHome({ HOLDFAST_HOME: 'relative' }).runtimeDir).toBe(
    join(process.cwd(), 'relative', 'default'),
  );
});

test('without it the XDG folders count; relative and empty ones do not', () => {
  const env = { XDG_RUNTIME_DIR: '/run/user/1', XDG_STATE_HOME: '/s', HOME: '/home/u' };
  expect(resolveHome(env, 'work')).toMatchObject({
    runtimeDir: '/run/user/1/holdfast/work',
    stateDir: '/s/holdfast/work',
    label: '/s/holdfast/work',
  });
  const stateDir = '/home/u/.local/state/holdfast/default';
  expect(resolveHome({ HOME: '/home/u' })).toMatchObject({ stateDir, runtimeDir: `${stateDir}/run` });
  expect(resolveHome({ HOME: '/home/u', XDG_STATE_HOME: 'x', XDG_RUNTIME_DIR: '' })).toMatchObject({
    stateDir,
  });
  expect(resolveHome({}).stateDir).toBe(join(homedir(), '.local/state/holdfast/default'));
});

test('a given namespace wins over the environment’s, and that over the default', () => {
  const env = { HOLDFAST_HOME: '/h', HOLDFAST_NAMESPACE: 'env' };
  expect(resolveHome(env).namespace).toBe('env');
  expect(resolveHome(env, 'given').namespace).toBe('given');
  expect(resolveHome({ ...env, HOLDFAST_NAMESPACE: '' }).namespace).toBe('default');
});

test.each(['', '.', '..', '.hidden', 'a/b', 'a b', 'ä', 'a\n', 'x'.repeat(65)])(
  '%j is no namespace',
  (name) => {
    expect(() => resolveHome({ HOLDFAST_HOME: '/h' }, name)).toThrow(
      expect.objectContaining({ code: 'E_USAGE' }),
    );
  },
);

test('folders are created for this user only', () => {
  using scratch = new Scratch();
  const home = resolveHome({
    XDG_RUNTIME_DIR: join(scratch.folder, 'r'),
    XDG_STATE_HOME: join(scratch.folder, 's'),
  });
  checkHome(home);
  createHome(home);
  createHome(home);
  expect(statSync(home.runtimeDir).mode & 0o777).toBe(0o700);
  expect(statSync(home.stateDir).mode & 0o777).toBe(0o700);
});

test('a folder that others may write to is refused, and so is what is no folder', () => {
  using scratch = new Scratch();
  const home = resolveHome({ HOLDFAST_HOME: scratch.folder });
  createHome(home);
  chmodSync(home.runtimeDir, 0o770);
  expect(() => checkHome(home)).toThrow(/can't use the folder .*: other users may write to it \(mode 770\)/);
  rmSync(home.runtimeDir, { recursive: true });
  writeFileSync(home.runtimeDir, '');
  expect(() => checkHome(home)).toThrow(/it is not a folder/);
  expect(() => createHome(home)).toThrow(expect.objectContaining({ code: 'E_NO_DAEMON' }));
  rmSync(home.runtimeDir);
  symlinkSync(scratch.folder, home.runtimeDir);
  expect(() => checkHome(home)).toThrow(/it is not a folder/);
});

test.each(['/dev/null/x', '/proc/nope'])('%s can be no home, and is refused in one line', (folder) => {
  const home = resolveHome({ HOLDFAST_HOME: folder });
  expect(() => createHome(home)).toThrow(
    expect.objectContaining({
      code: 'E_NO_DAEMON',
      message: expect.stringMatching(/^can't [^\n]+: [^\n]+$/),
    }),
  );
});

test('a home below what is no folder is refused before anything is tried', () => {
  const home = resolveHome({ HOLDFAST_HOME: '/dev/null/x' });
  expect(() => checkHome(home)).toThrow(
    "can't use the folder /dev/null/x/default: something above it is not a folder",
  );
});
