import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { encodeControl, PROTOCOLS } from '@holdfast/protocol';
import { eventually, program, settledFdCount, startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const NOBODY = 65_534;
const run = promisify(execFile);

test('the home, the socket and every file in it are for their owner only', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.openCommand(['/bin/sh', '-c', 'exec sleep 1000'], { historyIn: 'memory' });
  const { runtimeDir, socketPath, lockPath, logPath } = daemon.home.paths;
  const inSessions = path.join(runtimeDir, 'sessions', session.id);
  const modes = [
    runtimeDir,
    socketPath,
    lockPath,
    logPath,
    path.join(inSessions, 'state.json'),
    inSessions,
  ].map((file) => [file, (statSync(file).mode & 0o077).toString(8)]);
  expect(modes).toEqual(modes.map(([file]) => [file, '0']));
});

test.skipIf(process.getuid?.() !== 0)(
  'another user is refused by credentials, even where the path lets him through (needs root)',
  async () => {
    await using daemon = await startDaemon();
    const { runtimeDir, socketPath, logPath } = daemon.home.paths;
    for (let folder = runtimeDir; folder !== '/tmp'; folder = path.dirname(folder)) chmodSync(folder, 0o755);
    chmodSync(socketPath, 0o777);
    await daemon.client();
    const fdsBefore = await settledFdCount(daemon.pid);
    const client = { name: 'foreign', version: '0' };
    const hello = Buffer.from(encodeControl({ id: 1, type: 'hello', protocols: PROTOCOLS, client })).toString(
      'hex',
    );
    const [python = '', ...args] = program('connect-as.py', NOBODY, socketPath, hello);
    const { stdout } = await run(python, args);
    // Not a byte, whichever way the kernel tells that it was closed.
    expect(stdout.trim()).toMatch(/^(closed after|ConnectionResetError|BrokenPipeError)$/);
    await eventually('the log says so', () =>
      readFileSync(logPath, 'utf8').includes(`client.foreign uid=${NOBODY}`),
    );
    expect(await settledFdCount(daemon.pid)).toBe(fdsBefore);
    // The owner is served as before.
    await (await daemon.connect()).request('list', {});
  },
);

test.skipIf(process.getuid?.() !== 0)(
  'a home that belongs to somebody else is refused by the command line (needs root)',
  async () => {
    await using daemon = await startDaemon();
    chmodSync(daemon.home.paths.runtimeDir, 0o777);
    const { code, stderr } = await daemon.cli(['ls']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^holdfast: can't .*other users may write to it.*\n$/);
  },
);
