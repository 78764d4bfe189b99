import { describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LIMITS, type Session } from '@holdfast/protocol';
import { commandLine, eventually, RawClient } from '@holdfast/testkit';
import { CliHome } from './support/cli-home.ts';

const PREFIX = '\x1d';
/** Prints the terminal's settings and flags before and after, as the shell that is left behind would have them. */
const AROUND = (command: string) =>
  `tty=$(tty); state() { stty -g; grep flags /proc/self/fdinfo/0 /proc/self/fdinfo/1; }; state >before; ${command}; echo "code $?"; state >after; cmp before after && echo same`;

describe.concurrent('a session in a terminal', () => {
  test('is opened, left, found again, and ended; the terminal is as before each time', async () => {
    await using home = new CliHome();
    const first = home.inTerminal(AROUND('$HF new --name work'));
    await first.until('$ ');
    first.type('echo $((40+2)) $TERM; tty\r');
    await first.until('42 xterm-256color');
    first.type(`${PREFIX}d`);
    await first.until('[detached from work; it goes on running: holdfast attach work]');
    await first.until('code 0');
    await first.until('same');
    expect(await first.ended()).toEqual({ code: 0 });

    const second = home.inTerminal(AROUND('$HF attach'));
    await second.until('42 xterm-256color');
    second.type('exit 3\r');
    await second.until('[exited 3]');
    await second.until('code 0');
    await second.until('same');
  });

  test('has the size of the terminal, and follows it', async () => {
    await using home = new CliHome();
    const terminal = home.inTerminal('$HF new');
    await terminal.until('$ ');
    terminal.type('stty size\r');
    await terminal.until('30 100');
    terminal.resize({ cols: 77, rows: 33 });
    terminal.type('until [ "$(stty size)" = "33 77" ]; do sleep 0.05; done; echo followed$((1))\r');
    await terminal.until('followed1');
  });

  test('is given keys byte for byte, and the prefix key when it is typed twice', async () => {
    await using home = new CliHome();
    const terminal = home.inTerminal(
      '$HF new -- sh -c "stty raw -echo; echo ready; head -c 6 | od -An -tx1"',
    );
    await terminal.until('ready');
    terminal.type(`\x03\x1a\x11${PREFIX}${PREFIX}${PREFIX}x`);
    await terminal.until('03 1a 11 1d 1d 78');
  });

  test('is left by other keys, too', async () => {
    await using home = new CliHome();
    const terminal = home.inTerminal('$HF new --detach-key ctrl-a --name "two words"');
    await terminal.until('$ ');
    terminal.type(`\x01d`);
    await terminal.until("[detached from two words; it goes on running: holdfast attach 'two words']");
  });

  test('is left with the command that leads back to its namespace', async () => {
    await using home = new CliHome();
    const terminal = home.inTerminal('$HF --namespace other new --name there');
    await terminal.until('$ ');
    terminal.type(`${PREFIX}d`);
    await terminal.until('it goes on running: holdfast --namespace other attach there]');
    await home.do('--namespace', 'other', 'stop', '--yes');
  });

  test('is left with kitty keys', async () => {
    await using home = new CliHome();
    const terminal = home.inTerminal('$HF new');
    await terminal.until('$ ');
    terminal.type('\x1b[93;5u');
    terminal.type('d');
    await terminal.until('[detached from sh');
  });
});

describe.concurrent('the terminal is restored', () => {
  const LINES = 'sh -c "while echo line; do sleep 0.1; done"';
  test.each([
    ['run', `$HF run -- ${LINES}`],
    ['tail', `$HF new -d --name lines -- ${LINES} >opened; $HF tail lines --follow`],
    [
      'logs',
      `$HF new -d -- ${LINES} >opened; (for i in 1 2 3 4 5 6 7 8 9; do $HF ls >listed 2>&1; done) & $HF logs --follow`,
    ],
  ])('to what a pager of %s has left that was there before', async (_, shown) => {
    await using home = new CliHome();
    const pager =
      'saved=$(stty -g </dev/tty); stty -icanon -echo </dev/tty; touch paged; read line; stty "$saved" </dev/tty';
    const terminal = home.inTerminal(
      AROUND(`{ until [ -e paged ]; do sleep 0.02; done; ${shown}; } | { ${pager}; }`),
    );
    await terminal.until('code 0');
    await terminal.until('same');
  });

  const MESS = `printf '\\033[?1049h\\033[?1000h\\033[?25l\\033[>1u'; echo messy; exec sleep 1000`;

  test.each([
    ['SIGTERM', 15, 143],
    ['SIGHUP', 1, 129],
    ['SIGINT', 2, 130],
  ])('after %s', async (_, number, code) => {
    await using home = new CliHome();
    const terminal = home.inTerminal(
      AROUND(`$HF new -- sh -c "${MESS}" & echo $! >pid; wait $!`).replace(/& echo/, '<$tty & echo'),
    );
    await terminal.until('messy');
    process.kill(Number(readFileSync(path.join(home.work, 'pid'), 'utf8')), number);
    const reset = await terminal.until(`code ${code}`);
    for (const sequence of ['\x1b[?1049l', '\x1b[?1000l', '\x1b[?25h', '\x1b[<u'])
      expect(reset).toContain(sequence);
    await terminal.until('same');
    expect(JSON.parse(await home.do('ls', '--json'))).toMatchObject([{ state: 'running' }]);
  });

  test('when the session ends, and the screen is left as it was', async () => {
    await using home = new CliHome();
    const terminal = home.inTerminal(
      AROUND(`$HF new -- sh -c "printf '\\033[?1049h'; echo gone; kill -9 $$"`.replace('$$', '\\$\\$')),
    );
    const shown = await terminal.until('[killed SIGKILL]');
    expect(shown).toContain('\x1b[?1049l');
    await terminal.until('code 0');
    await terminal.until('same');
  });

  test('when daemon and keeper are killed', async () => {
    await using home = new CliHome();
    const terminal = home.inTerminal(AROUND('$HF new'));
    await terminal.until('$ ');
    const { daemon, keeper } = JSON.parse(await home.do('status', '--json'));
    for (const { pid } of [keeper, daemon]) process.kill(pid, 'SIGKILL');
    await terminal.until('reconnecting');
    await terminal.until("can't show sh any longer", 25_000);
    await terminal.until('code 4');
    await terminal.until('same');
  }, 40_000);

  test('when the daemon is stopped, which is no lost connection', async () => {
    await using home = new CliHome();
    const terminal = home.inTerminal(AROUND('$HF new'));
    await terminal.until('$ ');
    await home.do('stop', '--yes');
    expect(await terminal.until('same')).not.toContain('reconnecting');
  });
});

test.concurrent('when the daemon is killed the view goes on with the next one, and nothing needs to be said', async () => {
  await using home = new CliHome();
  const terminal = home.inTerminal(AROUND('$HF new'));
  await terminal.until('$ ');
  const { daemon } = JSON.parse(await home.do('status', '--json'));
  process.kill(daemon.pid, 'SIGKILL');
  terminal.type('echo $((20+1)); exit\r');
  const shown = await terminal.until('21');
  expect(shown).not.toContain('reconnecting');
  await terminal.until('same');
});

test.concurrent('a viewer that was away while so many others typed that its input is forgotten types on', async () => {
  await using home = new CliHome();
  const terminal = home.inTerminal('$HF new --name s -- sh -c "stty raw -echo; echo ready; exec cat"');
  await terminal.until('ready');
  terminal.type('first');
  await terminal.until('first');
  await haveInputForgotten(home, viewerOf(home), async () => undefined);
  // What was typed before would be in doubt.
  await eventually('the viewer is back', async () => (await sessions(home))[0]?.clients === 1);
  terminal.type('second');
  await terminal.until('second');
  terminal.type('third');
  await terminal.until('third');
  expect((await home.do('tail', 's')).match(/ready\s+firstsecondthird$/)).not.toBeNull();
});

test.concurrent('the end of a piped stdin comes though the input is forgotten meanwhile', async () => {
  await using home = new CliHome();
  const running = home.start('run', '--name', 's', '--', 'sh', '-c', 'cat; echo over');
  running.child.stdin?.write('first\n');
  await eventually('its session', async () => (await sessions(home)).length === 1);
  await home.do('wait', 's', '--output', 'first\\s+first');
  await haveInputForgotten(home, viewerOf(home), async () => void running.child.stdin?.end());
  const { code, stdout } = await running.result();
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'first\r\nfirst\r\nover\r\n' });
});

test.concurrent("stopped and continued, the terminal is the shell's in between, and on the program's screen again", async () => {
  await using home = new CliHome();
  const terminal = home.inTerminal(
    'set -m; stty -g >before; $HF new; stty -g >stopped; cmp before stopped && echo same; fg',
  );
  await terminal.until('$ ');
  terminal.type('echo $((20+1))\r');
  await terminal.until('21');
  terminal.type("printf '\\033[?1049h'; echo $((30+3))\r");
  await terminal.until('33');
  process.kill(viewerOf(home), 'SIGTSTP');
  expect(await terminal.until('same')).toContain('\x1b[?1049l');
  await terminal.until('\x1b[?1049h');
  terminal.type('echo $((20+2))\r');
  await terminal.until('22');
  terminal.type(`${PREFIX}d`);
  await terminal.until('[detached from sh');
});

test.concurrent('stopped and continued within a sequence, the terminal shows the screen again', async () => {
  await using home = new CliHome();
  await home.open(
    'half',
    "printf 'line one\\nline two\\n\\033]0;half a title'; read x; printf '\\007ended\\n'; exec cat",
  );
  const terminal = home.inTerminal('set -m; $HF attach half; echo stopped; fg');
  await terminal.until('line two');
  process.kill(viewerOf(home), 'SIGTSTP');
  await terminal.until('stopped');
  const again = await terminal.until('half a title');
  expect(again).toContain('line two');
  expect(again).not.toContain('fell behind');
  terminal.type('\r');
  await terminal.until('\x07ended');
  terminal.type(`${PREFIX}d`);
  await terminal.until('[detached from half');
});

test.concurrent('detaching works while the session floods a terminal that takes nothing', async () => {
  await using home = new CliHome();
  const terminal = home.terminal(['new', '--name', 'flood', '--', 'yes'], { cwd: home.work, isRead: false });
  // More than a terminal holds: the view waits for it, and nobody reads it.
  await eventually('the flood', async () => Number((await sessions(home))[0]?.offset) > 1_000_000);
  terminal.type(`${PREFIX}d`);
  await eventually('the viewer has left', async () => (await sessions(home))[0]?.clients === 0);
  terminal.read();
  await terminal.until('[detached from flood');
  expect(await terminal.ended()).toEqual({ code: 0 });
  expect(await sessions(home)).toMatchObject([{ state: 'running' }]);
});

test.concurrent('closing the window leaves the session running', async () => {
  await using home = new CliHome();
  const terminal = home.inTerminal('$HF new --name kept');
  await terminal.until('$ ');
  terminal.hangUp();
  const again = home.inTerminal('$HF attach kept');
  await again.until('$ ');
  again.type('echo $((6*7))\r');
  await again.until('42');
});

test.concurrent('run as a job in the background waits for the terminal, which stays as it was; its program does not wait', async () => {
  await using home = new CliHome();
  const isStopped = 'grep -q "State:.T" /proc/$!/status';
  const terminal = home.inTerminal(
    AROUND(
      `set -m; $HF run -- sh -c 'touch ran; echo shown; exit 3' & until [ -e ran ] && ${isStopped}; do sleep 0.02; done; echo stopped; fg`,
    ),
  );
  for (const text of ['stopped', 'shown', 'code 3', 'same']) await terminal.until(text);
});

test.concurrent('a read-only viewer types nothing and can still detach', async () => {
  await using home = new CliHome();
  await home.open('watched', 'echo shown; cat');
  const terminal = home.inTerminal('$HF attach --read-only watched');
  await terminal.until('shown');
  terminal.type(`secret${PREFIX}d`);
  await terminal.until('[detached from watched');
  expect(await home.do('tail', 'watched')).toBe('shown\r\n');
});

test.concurrent('attach without any session opens one, and says so', async () => {
  await using home = new CliHome();
  const terminal = home.inTerminal('$HF attach');
  await terminal.until('[no session runs: this is a new one]');
  await terminal.until('$ ');
});

test.concurrent('a session can not be attached to itself', async () => {
  await using home = new CliHome();
  await home.open('over', 'echo long ago');
  await home.do('wait', 'over');
  const terminal = home.inTerminal('$HF new --name self');
  await terminal.until('$ ');
  terminal.type('$HF attach self; echo code $?\r');
  await terminal.until("holdfast: can't attach: ");
  await terminal.until('code 1');
  terminal.type('$HF attach; echo code $?\r');
  await terminal.until("holdfast: can't attach: the only session that runs is the one in which you are");
  await terminal.until('code 1');
});

test.concurrent('without a terminal it says what to do instead', async () => {
  await using home = new CliHome();
  expect(await home.run('new')).toMatchObject({
    code: 2,
    stderr:
      'holdfast: wrong usage of new: stdin is not a terminal; use -d to open a session without attaching\n',
  });
});

/** The process that shows the session. */
/** So many others type into session `s` while its viewer is away that the session knows its input no more. */
async function haveInputForgotten(home: CliHome, viewer: number, away: () => Promise<void>): Promise<void> {
  process.kill(viewer, 'SIGSTOP');
  await away();
  const { daemon } = JSON.parse(await home.do('status', '--json'));
  process.kill(daemon.pid, 'SIGKILL');
  await home.do('wait', 's', '--output', 'first');
  using others = await RawClient.connect(home.paths.socketPath);
  await others.hello();
  for (let id = 1; id <= LIMITS.inputStreamsPerSession; id += 1) {
    await others.request({ id, type: 'openInput', session: 's', channel: id, stream: `another-${id}` });
    await others.request({ id: id + 1_000, type: 'closeInput', channel: id });
  }
  process.kill(viewer, 'SIGCONT');
}

function viewerOf(home: CliHome): number {
  const pid = home.processes.find((each) => /cli\/main\.cjs (new|attach|run)/.test(commandLine(each)));
  if (pid === undefined) throw new Error('nobody shows the session');
  return pid;
}

async function sessions(home: CliHome): Promise<Session[]> {
  return JSON.parse(await home.do('ls', '--json'));
}
