import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { close, sendSignal, takeExitStatus } from '@holdfast/posix';
import type { OpenParameters } from '@holdfast/protocol';
import { expect, test, vi } from 'vitest';
import { Scratch } from '../../test/kit/scratch.ts';
import { findProgram, launch } from './launch.ts';

function request(changes: Partial<OpenParameters>): OpenParameters {
  return { command: ['sh'], cwd: '/', env: { PATH: '/usr/bin:/bin' }, cols: 80, rows: 24, ...changes };
}

function write(path: string, text = '#!/bin/sh\n', mode = 0o755): string {
  fs.writeFileSync(path, text);
  fs.chmodSync(path, mode);
  return path;
}

/** Starts it, takes its terminal away, and reaps it. */
async function tryLaunch(
  program: Awaited<ReturnType<typeof findProgram>>,
  changes: Partial<OpenParameters> = {},
) {
  const launched = launch(program, request(changes));
  sendSignal(launched.pid, 9);
  close(launched.master);
  while (takeExitStatus(launched.pid) === 'running') await new Promise((resolve) => setImmediate(resolve));
}

test('a command is found in PATH, and shown as it was given', async () => {
  using scratch = new Scratch();
  const file = write(scratch.path('tool'));
  expect(
    await findProgram(request({ command: ['tool', '-x'], env: { PATH: `/usr/bin:${scratch.folder}` } })),
  ).toEqual({
    file,
    command: ['tool', '-x'],
    argv: ['tool', '-x'],
  });
});

test.each(['', ':/usr/bin', '/usr/bin:', '/usr/bin::/bin', '.', '/usr/bin:.'])(
  'an empty or relative element of PATH %j means the folder',
  async (PATH) => {
    using scratch = new Scratch();
    const file = write(scratch.path('tool'));
    const { file: found } = await findProgram(
      request({ command: ['tool'], cwd: scratch.folder, env: { PATH } }),
    );
    expect(found).toBe(file);
  },
);

test('the first in PATH that may be run is taken, whatever stands before it', async () => {
  using scratch = new Scratch();
  for (const folder of ['a', 'b', 'c', 'd']) fs.mkdirSync(scratch.path(folder));
  fs.mkdirSync(scratch.path('a', 'tool'));
  write(scratch.path('b', 'tool'), '', 0o644);
  const file = write(scratch.path('c', 'tool'));
  write(scratch.path('d', 'tool'));
  write(scratch.path('file'));
  const PATH = ['file', 'nowhere', 'a', 'b', 'c', 'd'].map((name) => scratch.path(name)).join(':');
  expect((await findProgram(request({ command: ['tool'], env: { PATH } }))).file).toBe(file);
});

test('without PATH the usual folders are searched', async () => {
  expect((await findProgram(request({ command: ['sh'], env: {} }))).file).toMatch(/^\/(usr\/)?bin\/sh$/);
});

test('a command with a slash stands relative to the folder, not in PATH', async () => {
  using scratch = new Scratch();
  fs.mkdirSync(scratch.path('bin'));
  const file = write(scratch.path('bin', 'tool'));
  for (const name of ['bin/tool', './bin/tool', file]) {
    const found = await findProgram(request({ command: [name], cwd: scratch.folder }));
    expect(found).toEqual({ file, command: [name], argv: [name] });
  }
});

test('no command means the login shell', async () => {
  const empty = { command: [] };
  expect(await findProgram(request({ ...empty, env: { SHELL: '/bin/sh', PATH: '' } }))).toEqual({
    file: '/bin/sh',
    command: ['/bin/sh'],
    argv: ['-sh'],
  });
  const shell = os.userInfo().shell ?? '/bin/sh';
  for (const env of [{}, { SHELL: '' }]) {
    expect(await findProgram(request({ ...empty, env }))).toMatchObject({ file: shell, command: [shell] });
  }
  await expect(findProgram(request({ ...empty, env: { SHELL: '/no/shell' } }))).rejects.toThrow(
    'no such command: /no/shell',
  );
});

test('a user whom no password file knows gets sh', async () => {
  const userInfo = vi.spyOn(os, 'userInfo').mockImplementation(() => {
    throw Object.assign(new Error('uv_os_get_passwd returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' });
  });
  try {
    expect(await findProgram(request({ command: [], env: {} }))).toMatchObject({
      file: '/bin/sh',
      argv: ['-sh'],
    });
  } finally {
    userInfo.mockRestore();
  }
});

const refusals: {
  what: string;
  code: string;
  message: (folder: string) => string;
  changes: (scratch: Scratch) => Partial<OpenParameters>;
}[] = [
  {
    what: 'a relative folder',
    code: 'E_CWD',
    message: () => 'the folder must be absolute: home',
    changes: () => ({ cwd: 'home' }),
  },
  {
    what: 'a folder that does not exist',
    code: 'E_CWD',
    message: (folder) => `no such folder: ${folder}/nowhere`,
    changes: (scratch) => ({ cwd: scratch.path('nowhere') }),
  },
  {
    what: 'a file for a folder',
    code: 'E_CWD',
    message: (folder) => `not a folder: ${folder}/file`,
    changes: (scratch) => ({ cwd: write(scratch.path('file')) }),
  },
  {
    what: 'a folder below a file',
    code: 'E_CWD',
    message: (folder) => `no such folder: ${folder}/file/below`,
    changes: (scratch) => ({ cwd: `${write(scratch.path('file'))}/below` }),
  },
  {
    what: 'a command that is empty',
    code: 'E_COMMAND_NOT_FOUND',
    message: () => 'the command is an empty string',
    changes: () => ({ command: [''] }),
  },
  {
    what: 'a command that is nowhere in PATH',
    code: 'E_COMMAND_NOT_FOUND',
    message: () => 'no such command in PATH: nonesuch',
    changes: () => ({ command: ['nonesuch'] }),
  },
  {
    what: 'a command that no file system could have',
    code: 'E_COMMAND_NOT_FOUND',
    message: () => `no such command in PATH: ${'x'.repeat(300)}`,
    changes: () => ({ command: ['x'.repeat(300)] }),
  },
  {
    what: 'a path to nothing',
    code: 'E_COMMAND_NOT_FOUND',
    message: () => 'no such command: ./tool',
    changes: () => ({ command: ['./tool'] }),
  },
  {
    what: 'a path through a file',
    code: 'E_COMMAND_NOT_FOUND',
    message: () => 'no such command: /bin/sh/tool',
    changes: () => ({ command: ['/bin/sh/tool'] }),
  },
  {
    what: 'a folder for a command',
    code: 'E_COMMAND_NOT_EXECUTABLE',
    message: () => 'a folder is not a command: /tmp/',
    changes: () => ({ command: ['/tmp/'] }),
  },
  {
    what: 'a device for a command',
    code: 'E_COMMAND_NOT_EXECUTABLE',
    message: () => 'not a program: /dev/null',
    changes: () => ({ command: ['/dev/null'] }),
  },
  {
    what: 'a file that is not executable',
    code: 'E_COMMAND_NOT_EXECUTABLE',
    message: (folder) => `no permission to run: ${folder}/text`,
    changes: (scratch) => ({ command: [write(scratch.path('text'), 'text', 0o644)] }),
  },
  {
    what: 'a file in PATH that is not executable, and nothing behind it',
    code: 'E_COMMAND_NOT_EXECUTABLE',
    message: (folder) => `no permission to run: ${folder}/text`,
    changes: (scratch) => {
      write(scratch.path('text'), 'text', 0o644);
      return { command: ['text'], env: { PATH: `${scratch.folder}:/usr/bin` } };
    },
  },
  {
    what: 'a link that leads in a circle',
    code: 'E_COMMAND_NOT_EXECUTABLE',
    message: (folder) => `a symbolic link that leads nowhere: ${folder}/round`,
    changes: (scratch) => {
      fs.symlinkSync('round', scratch.path('round'));
      return { command: [scratch.path('round')] };
    },
  },
];

test.each(refusals)('$what is refused with $code, and why', async ({ code, message, changes }) => {
  using scratch = new Scratch();
  const error = await findProgram(request(changes(scratch))).catch((error: unknown) => error);
  expect(error).toMatchObject({ code, message: message(scratch.folder) });
});

test('a script without an interpreter line is run by sh', async () => {
  using scratch = new Scratch();
  const name = write(scratch.path('script'), 'echo x\n');
  await tryLaunch(await findProgram(request({ command: [name] })));
});

test('a script whose interpreter is missing says so', async () => {
  using scratch = new Scratch();
  const name = write(scratch.path('script'), '#!/no/interpreter\n');
  const program = await findProgram(request({ command: [name] }));
  expect(() => launch(program, request({}))).toThrow(
    expect.objectContaining({ code: 'E_SPAWN', message: `${name}: its interpreter does not exist` }),
  );
});

test('a command line that is too long says so, and leaves no terminal open', async () => {
  const program = await findProgram(request({ command: ['true', 'x'.repeat(4 * 1024 * 1024)] }));
  const before = fs.readdirSync('/proc/self/fd').length;
  expect(() => launch(program, request({}))).toThrow(
    expect.objectContaining({ code: 'E_SPAWN', message: expect.stringContaining('are too long') as string }),
  );
  expect(fs.readdirSync('/proc/self/fd').length).toBe(before);
});

test('without descriptors it says so', async () => {
  const program = await findProgram(request({ command: ['true'] }));
  const softLimit = (limit: string) =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${limit}:`]);
  const [before = ''] = execFileSync(
    'prlimit',
    ['--pid', String(process.pid), '--nofile', '-o', 'SOFT', '--noheadings'],
    {
      encoding: 'utf8',
    },
  ).split('\n');
  const spare: number[] = [];
  softLimit('512');
  try {
    for (;;) spare.push(fs.openSync('/dev/null', 'r'));
  } catch {
    // EMFILE
  }
  try {
    expect(() => launch(program, request({}))).toThrow(expect.objectContaining({ code: 'E_NO_DESCRIPTORS' }));
  } finally {
    for (const fd of spare) fs.closeSync(fd);
    softLimit(before.trim());
  }
});
