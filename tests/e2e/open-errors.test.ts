import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startDaemon, type TestDaemon } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';

describe('what can not be opened is refused with its reason', () => {
  test('the folder', async () => {
    await using daemon = await startDaemon();
    const file = path.join(daemon.home.scratch('s'), 'file');
    writeFileSync(file, '');
    await refuses(daemon, { cwd: '/no/such/folder' }, 'E_CWD', 'no such folder: /no/such/folder');
    await refuses(daemon, { cwd: file }, 'E_CWD', `not a folder: ${file}`);
    await refuses(daemon, { cwd: `${file}/below` }, 'E_CWD', `${file}/below`);
    await refuses(daemon, { cwd: 'relative' }, 'E_CWD', 'relative');
    await refuses(daemon, { cwd: '' }, 'E_CWD', '');
  });

  test('the command', async () => {
    await using daemon = await startDaemon();
    const folder = daemon.home.scratch('s');
    writeFileSync(path.join(folder, 'plain'), 'no program', { mode: 0o644 });
    mkdirSync(path.join(folder, 'below'));
    const at = { cwd: folder, env: { PATH: `${folder}:/usr/bin` } };
    await refuses(
      daemon,
      { ...at, command: ['nowhere'] },
      'E_COMMAND_NOT_FOUND',
      'no such command in PATH: nowhere',
    );
    await refuses(daemon, { ...at, command: ['./nowhere'] }, 'E_COMMAND_NOT_FOUND', './nowhere');
    await refuses(daemon, { ...at, command: [''] }, 'E_COMMAND_NOT_FOUND', 'empty');
    await refuses(
      daemon,
      { ...at, command: ['./below'] },
      'E_COMMAND_NOT_EXECUTABLE',
      'a folder is not a command: ./below',
    );
    await refuses(
      daemon,
      { ...at, command: [folder] },
      'E_COMMAND_NOT_EXECUTABLE',
      'a folder is not a command',
    );
    await refuses(
      daemon,
      { ...at, command: ['plain'] },
      'E_COMMAND_NOT_EXECUTABLE',
      path.join(folder, 'plain'),
    );
    await refuses(daemon, { ...at, command: ['./plain'] }, 'E_COMMAND_NOT_EXECUTABLE', './plain');
    await refuses(daemon, { ...at, command: ['cat', 'x'.repeat(140_000)] }, 'E_SPAWN', 'too long');
    await refuses(daemon, { command: [], env: { SHELL: '/no/shell' } }, 'E_COMMAND_NOT_FOUND', '/no/shell');
  });

  test('a script whose interpreter is missing, and a file that is no program', async () => {
    await using daemon = await startDaemon();
    const folder = daemon.home.scratch('s');
    writeFileSync(path.join(folder, 'script'), '#!/no/such/interpreter\n', { mode: 0o755 });
    await refuses(daemon, { cwd: folder, command: ['./script'] }, 'E_SPAWN', 'script');
  });

  test('the name', async () => {
    await using daemon = await startDaemon();
    const { id } = await daemon.openCommand(['/bin/cat'], { name: 'taken' });
    await refuses(daemon, { name: 'taken' }, 'E_NAME_TAKEN', 'taken');
    await refuses(daemon, { name: id }, 'E_NAME_TAKEN', id);
    for (const name of ['', ' ', 'a\nb', 'x'.repeat(65)]) await refuses(daemon, { name }, 'E_BAD_NAME', '');
    const both = await Promise.allSettled(
      [0, 1].map(() => daemon.openCommand(['/bin/cat'], { name: 'wanted' })),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('the size, on the wire and on the command line', async () => {
    await using daemon = await startDaemon();
    for (const size of [{ cols: 0 }, { rows: 0 }, { cols: -1 }, { rows: 1e6 }, { cols: 80.5 }]) {
      await refuses(daemon, size, 'E_BAD_REQUEST', Object.keys(size)[0] ?? '');
    }
    for (const size of ['0x0', '80', '80x', 'x24', '80x24x3', '1e3x24', '99999x24', '80 x 24']) {
      const { code, stderr } = await daemon.cli(['new', '-d', '--size', size, '--', 'cat']);
      expect({ size, code }).toEqual({ size, code: 2 });
      expect(stderr).toMatch(/^holdfast: wrong usage of new: --size\b.*\n$/);
    }
    for (const history of ['64kb', '1e6', '1', '-5', '', '99999999999999']) {
      const { code } = await daemon.cli(['new', '-d', '--history', history, '--', 'cat']);
      expect({ history, code }).toEqual({ history, code: 2 });
    }
    expect((await (await daemon.client()).request('list', {})).sessions).toEqual([]);
  });
});

test('a script without an interpreter line runs as a shell would run it', async () => {
  await using daemon = await startDaemon();
  const folder = daemon.home.scratch('s');
  writeFileSync(path.join(folder, 'script'), 'echo "it ran: $1"; exit 8\n');
  chmodSync(path.join(folder, 'script'), 0o755);
  const recording = await daemon.record(await daemon.openCommand(['./script', 'yes'], { cwd: folder }));
  expect((await recording.exited()).exit).toEqual({ code: 8 });
  expect(recording.text).toBe('it ran: yes\r\n');
});

test('a name is made of the program, and stays unique', async () => {
  await using daemon = await startDaemon();
  const names = [];
  for (let count = 0; count < 3; count += 1) names.push((await daemon.openCommand(['/bin/cat'])).name);
  expect(names).toEqual(['cat', 'cat-2', 'cat-3']);
});

test('a session is found by id, name, and any prefix of its id that fits no other', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  const sessions = await Promise.all(Array.from({ length: 40 }, () => daemon.openCommand(['/bin/cat'])));
  const ids = sessions.map(({ id }) => id).toSorted();
  for (const [index, id] of ids.entries()) {
    const shared = Math.max(commonLength(id, ids[index - 1]), commonLength(id, ids[index + 1]));
    expect((await daemon.get(id.slice(0, shared + 1))).id).toBe(id);
    if (shared > 0) {
      await expect(daemon.get(id.slice(0, shared))).rejects.toMatchObject({ code: 'E_AMBIGUOUS' });
    }
  }
  expect(ids.some((id, index) => commonLength(id, ids[index + 1]) > 0)).toBe(true);
  // A name wins over a prefix.
  const [first = '', second = ''] = ids;
  await client.request('rename', { session: first, name: second.slice(0, 3) });
  expect((await daemon.get(second.slice(0, 3))).id).toBe(first);
});

function commonLength(one: string, other = ''): number {
  let length = 0;
  while (length < other.length && one[length] === other[length]) length += 1;
  return length;
}

async function refuses(
  daemon: TestDaemon,
  options: Parameters<TestDaemon['openCommand']>[1] & { command?: string[] },
  code: string,
  reason: string,
): Promise<void> {
  const { command = ['/bin/cat'], ...rest } = options;
  const outcome = await daemon.openCommand(command, rest).then(
    ({ id }) => ({ code: `opened ${id}`, message: '' }),
    (error: { code: string; message: string }) => ({ code: error.code, message: error.message }),
  );
  expect({ options, code: outcome.code }).toEqual({ options, code });
  expect(outcome.message).toContain(reason);
}
