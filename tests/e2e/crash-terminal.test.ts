import type { Session } from '@holdfast/protocol';
import {
  commandLine,
  eventually,
  isAlive,
  type Terminal,
  TestHome,
  untilEnded,
  zombiesOf,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';

/** A shell that somebody is logged in with, as the leader of a session with a terminal. */
function logIn(home: TestHome): Terminal {
  return home.terminalWith(['/bin/bash', '--norc', '-i']);
}

interface Started {
  readonly keeper: number;
  readonly daemon: number;
  readonly session: Session;
}

/** Types the command that starts everything, in that shell. */
async function startIn(shell: Terminal, home: TestHome): Promise<Started> {
  await shell.until('$ ');
  shell.type(`${home.installation.bin} new -d -- /bin/cat; echo code $?\r`);
  await shell.until('code 0', 30_000);
  await shell.until('$ ');
  const { keeperPid: keeper = -1, daemonPid: daemon = -1 } = home;
  const client = await home.connect();
  const [session] = (await client.request('list', {})).sessions;
  if (!session) throw new Error('there is no session');
  return { keeper, daemon, session };
}

/** The same keeper, the same daemon, the same program, which still echoes. */
async function expectAll(home: TestHome, { keeper, daemon, session }: Started): Promise<void> {
  expect([keeper, daemon, session.pid].map(isAlive)).toEqual([true, true, true]);
  expect([home.keeperPid, home.daemonPid]).toEqual([keeper, daemon]);
  const client = await home.connect();
  await (await client.openInput(session.id)).write(Buffer.from('on\n'));
  await eventually('its echo', async () => {
    return (await client.request('get', { session: session.id })).session.offset >= 'on\r\non\r\n'.length;
  });
  for (const pid of [keeper, daemon]) expect(zombiesOf(pid)).toEqual([]);
}

test('Ctrl-C and Ctrl-\\ in the shell that started everything end nothing, nor does what is typed there', async () => {
  await using home = new TestHome();
  const shell = logIn(home);
  const started = await startIn(shell, home);
  // In the prompt, and while a program runs in the foreground that they do end.
  shell.type('\x03\x1c');
  shell.type('\r');
  await shell.until('$ ');
  for (const key of ['\x03', '\x1c']) {
    shell.type('ulimit -c 0; sleep 1000\r');
    await eventually('it runs', () => childrenSleep(home));
    shell.type(key);
    await shell.until('$ ');
    await eventually('it has ended', () => !childrenSleep(home));
  }
  await expectAll(home, started);
}, 60_000);

test('when the terminal of that shell is closed, everything stays', async () => {
  await using home = new TestHome();
  const shell = logIn(home);
  const started = await startIn(shell, home);
  shell.hangUp();
  await untilEnded(shell.pid);
  await expectAll(home, started);
}, 60_000);

test('when that shell is logged out by force, its whole group hung up, everything stays', async () => {
  await using home = new TestHome();
  const shell = logIn(home);
  const started = await startIn(shell, home);
  process.kill(-shell.pid, 'SIGHUP');
  process.kill(shell.pid, 'SIGKILL');
  await shell.ended();
  shell[Symbol.dispose]();
  await expectAll(home, started);
}, 60_000);

function childrenSleep(home: TestHome): boolean {
  return home.processes.some((pid) => commandLine(pid) === 'sleep 1000');
}
