import { Client, netConnector, type Terminal, Terminal as Terminals } from '@holdfast/client';
import { startDaemon, type TestDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { TestHost } from './support/test-host.ts';

/** Prints the first text, and the second when it was typed into; then it waits for the next. */
const IN_TWO = (first: string, second: string) =>
  String.raw`stty raw -echo; printf '${first}'; head -c 1 >/dev/null; printf '${second}'; head -c 1 >/dev/null`;

/** A program whose output has a crash in the middle: nobody knows whether anything is missing there. */
async function crashed(
  daemon: TestDaemon,
  client: Client,
  [first, second]: readonly [string, string],
  meanwhile: (terminal: Terminal) => void = () => undefined,
): Promise<Terminal> {
  const command = ['sh', '-c', IN_TWO(first, second)];
  const terminal = await Terminals.open(client, { command, cwd: '/', env: daemon.home.env });
  await terminal.expect('be', { from: 0 });
  meanwhile(terminal);
  await daemon.killServing();
  await terminal.type('x');
  await terminal.expect('gin');
  return terminal;
}

const connect = ({ home }: TestDaemon) =>
  Client.connect({ connector: netConnector(home.paths.socketPath), name: 'test' });

test('what was printed before a crash and behind it is no match together, for a program or the API', async () => {
  await using daemon = await startDaemon({ keeper: true });
  await using client = await connect(daemon);
  let since: Promise<unknown> | undefined;
  await using terminal = await crashed(daemon, client, ['be', 'gin'], (early) => {
    since = early.expect('begin', { from: 0 });
    since.catch(() => undefined);
  });
  // Who comes later is told of the crash as well.
  const later = terminal.expect(/be\w*gin/, { from: 0 });
  later.catch(() => undefined);
  expect(await terminal.expect('gin', { from: 0 })).toMatchObject({ from: 2, to: 5 });
  await using host = await TestHost.start({ home: daemon.home });
  const wait = (text: string) =>
    host.client().terminal.wait.mutate({ session: terminal.id, text, timeoutMs: 500 });
  expect(await wait('gin')).toMatchObject({ met: 'text' });
  expect(await wait('begin')).toMatchObject({ met: 'timeout' });
  await terminal.type('x');
  await expect(since).rejects.toMatchObject({ code: 'E_EXITED' });
  await expect(later).rejects.toMatchObject({ code: 'E_EXITED' });
}, 60_000);

test('wait --output finds nothing across a crash in the output, and says so of a screen on which it stands together', async () => {
  await using daemon = await startDaemon({ keeper: true });
  await using client = await connect(daemon);
  const wait = async ({ id }: Terminal, expression: string) => {
    const args = ['wait', id, '--output', expression, '--timeout', '3000'];
    const { code, stderr } = await daemon.cli(args);
    return { code, stderr };
  };
  // Half of it is on the screen no more.
  await using erased = await crashed(daemon, client, ['be', String.raw`\033[2J\033[Hgin`]);
  expect(await wait(erased, 'gin')).toEqual({ code: 0, stderr: '' });
  expect(await wait(erased, 'be[^]*gin')).toEqual({
    code: 124,
    stderr: expect.stringMatching(/^holdfast: what was waited for in \S+ has not come within 3000 ms\n$/),
  });
  await using joined = await crashed(daemon, client, ['be', 'gin']);
  expect(await wait(joined, 'begin')).toEqual({
    code: 0,
    stderr: expect.stringContaining('the screen may be incomplete: the daemon crashed'),
  });
}, 60_000);
