import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '@holdfast/protocol';
import { drawText, Emulators, modeDifferences } from '@holdfast/screen';
import { eventually, startDaemon, stopProcess, type Terminal, type TestDaemon } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { AlwaysAttached } from './support/always-attached.ts';
import { CliHome } from './support/cli-home.ts';
import { needs } from './support/needs.ts';
import { upgrade } from './support/upgrades.ts';
import { shownBy, untilSame } from './support/user-terminal.ts';

const SIZE = { cols: 80, rows: 24 };
const DETACH = '\x1dd';
const PAGE = Array.from({ length: 300 }, (_, line) => `line ${line}\t${'.'.repeat(line % 90)}\n`).join('');

interface Program {
  readonly daemon: TestDaemon;
  readonly session: Session;
  readonly always: AlwaysAttached;
}

async function open(
  daemon: TestDaemon,
  command: readonly string[],
  options: { historyBytes?: number } = {},
): Promise<Program> {
  const session = await daemon.openCommand(command, { ...SIZE, ...options });
  return { daemon, session, always: await AlwaysAttached.begin(daemon, session.id, SIZE) };
}

function shell(daemon: TestDaemon, script: string): Promise<Program> {
  return open(daemon, ['/bin/sh', '-c', script]);
}

/** A terminal in which somebody attaches. */
function attach({ daemon, session }: Program, size = SIZE, ...options: string[]): Terminal {
  return daemon.home.terminal(['attach', session.id, ...options], { size });
}

/** Resolves when the program, or its terminal, has written something to it. */
async function type({ always }: Program, terminal: Terminal, keys: string): Promise<void> {
  const { length } = always.recording.bytes;
  terminal.type(keys);
  await eventually('something is written', () => always.recording.bytes.length > length);
}

async function detach(terminal: Terminal): Promise<void> {
  terminal.type(DETACH);
  expect(await terminal.ended()).toEqual({ code: 0 });
}

describe('whoever attaches sees what one sees who was always attached', () => {
  test.for([
    { name: 'vim', keys: ['3Gihello \x1b', ':set number\r', '\x06', ':split\r'] },
    { name: 'less', keys: [' ', 'd', '/line 99\r', 'G'] },
    { name: 'nano', keys: ['typed', '\x16', '\x0c'] },
    { name: 'htop', keys: ['\x1b[B', 't'] },
  ])('in $name', async ({ name, keys }, context) => {
    needs(context, name);
    await using daemon = await startDaemon();
    const file = path.join(daemon.home.scratch('files'), 'page.txt');
    writeFileSync(file, PAGE);
    const command = {
      vim: ['vim', '-u', 'NONE', '-i', 'NONE', '-n', '+set nocompatible ruler mouse=a', file],
      less: ['less', file],
      nano: ['nano', file],
      htop: ['htop', '-d', '100'],
    }[name];
    const program = await open(daemon, ['/usr/bin/env', ...(command ?? [])]);
    await program.always.recording.waitFor(/\?1049h[^]{200}/);
    for (const key of keys) {
      const terminal = attach(program);
      await untilSame(terminal, SIZE, program.always);
      await type(program, terminal, key);
      await untilSame(terminal, SIZE, program.always);
      await detach(terminal);
    }
  });

  test("in a shell: its lines are above, behind the user's own, and nothing of them is lost", async () => {
    await using daemon = await startDaemon();
    const program = await shell(daemon, 'seq -f "session %g" 1 300; printf "\\033[1mprompt$ "; exec cat');
    await program.always.recording.waitFor('prompt');
    const { bin } = daemon.home.installation;
    const script = `seq -f "mine %g" 1 40; printf "partial\\n\\n"; exec "${bin}" attach ${program.session.id}`;
    const terminal = daemon.home.terminalWith(['/bin/sh', '-c', script], { size: SIZE });
    await untilSame(terminal, SIZE, program.always);
    const sequences = terminal.screen.text;
    for (const clearing of ['\x1bc', '\x1b[3J', '\x1b[2J']) expect(sequences).not.toContain(clearing);
    await type(program, terminal, 'typed\r');
    await program.always.recording.waitFor('typed\r\ntyped\r\n');
    await untilSame(terminal, SIZE, program.always);
    using shown = shownBy(terminal, SIZE);
    const lines = drawText(shown, { historyLines: 1_000 }).split('\n');
    const expected = [
      ...Array.from({ length: 40 }, (_, index) => `mine ${index + 1}`),
      'partial',
      '',
      ...Array.from({ length: 300 }, (_, index) => `session ${index + 1}`),
      'prompt$ typed',
      'typed',
    ];
    expect(lines.slice(0, expected.length)).toEqual(expected);
  });

  test('in a terminal of another size that leads, the program has it first', async () => {
    await using daemon = await startDaemon();
    const program = await shell(
      daemon,
      'printf "%s" "$(seq -s " " 1 200)"; printf "\\033[5;5Hmiddle"; exec cat',
    );
    await program.always.recording.waitFor('middle');
    for (const size of [
      { cols: 100, rows: 30 },
      { cols: 57, rows: 12 },
    ]) {
      const terminal = attach(program, size);
      await untilSame(terminal, size, program.always);
      await type(program, terminal, `at ${size.cols}\r`);
      await untilSame(terminal, size, program.always);
      await detach(terminal);
    }
  });

  test('in the middle of a flood, at its end', async () => {
    await using daemon = await startDaemon();
    const gate = daemon.home.gate();
    const program = await shell(daemon, `cat "${gate.path}"; seq -f %015.0f 1 200000; exec cat`);
    await gate.open();
    await program.always.recording.output.untilLength(500_000);
    const terminal = attach(program);
    await program.always.recording.waitFor('000000000200000\r\n', 30_000);
    await untilSame(terminal, SIZE, program.always);
  }, 60_000);

  test('whoever was stopped in a flood, when it goes on', async () => {
    await using daemon = await startDaemon();
    const gate = daemon.home.gate();
    const program = await shell(daemon, `cat "${gate.path}"; seq -f %015.0f 1 150000; exec cat`);
    const terminal = attach(program);
    await eventually('it is attached', async () => (await daemon.get(program.session)).clients === 2);
    await stopProcess(terminal.pid);
    await gate.open();
    await program.always.recording.waitFor('000000000150000\r\n', 30_000);
    process.kill(terminal.pid, 'SIGCONT');
    await untilSame(terminal, SIZE, program.always);
    await type(program, terminal, 'typed\r');
    await untilSame(terminal, SIZE, program.always);
    await detach(terminal);
  }, 60_000);

  test('whoever has a terminal that took nothing for a while, when it does', async () => {
    await using daemon = await startDaemon();
    const gate = daemon.home.gate();
    const program = await shell(daemon, `cat "${gate.path}"; seq -f %015.0f 1 150000; exec cat`);
    const terminal = daemon.home.terminal(['attach', program.session.id], { size: SIZE, isRead: false });
    await eventually('it is attached', async () => (await daemon.get(program.session)).clients === 2);
    await gate.open();
    await program.always.recording.waitFor('000000000150000\r\n', 30_000);
    terminal.read();
    await untilSame(terminal, SIZE, program.always);
    expect(terminal.screen.text).not.toContain('fell behind');
  }, 60_000);

  test('after an upgrade and a crash, with nothing painted over', async () => {
    await using daemon = await startDaemon({ keeper: true });
    const program = await shell(daemon, 'printf "\\033[?2004h\\033[33mbefore "; exec cat');
    await program.always.recording.waitFor('before');
    const terminal = attach(program);
    await untilSame(terminal, SIZE, program.always);
    const { length } = terminal.screen;
    await upgrade(daemon);
    await type(program, terminal, 'upgraded\r');
    await program.always.recording.waitFor('upgraded\r\nupgraded\r\n');
    await untilSame(terminal, SIZE, program.always);
    await daemon.killServing();
    terminal.type('crashed\r');
    await program.always.recording.waitFor('crashed\r\ncrashed\r\n');
    await untilSame(terminal, SIZE, program.always);
    expect(terminal.screen.bytes.toString('latin1', length)).toBe(
      'upgraded\r\nupgraded\r\ncrashed\r\ncrashed\r\n',
    );
  });
});

test('a viewer of another size that does not lead is shown what the screen would be at its size', async () => {
  await using daemon = await startDaemon();
  const program = await shell(daemon, 'seq -f "line %g" 1 100; printf "%0100d\\n" 7; exec cat');
  await program.always.recording.waitFor('7');
  const size = { cols: 30, rows: 10 };
  const terminal = attach(program, size, '--read-only');
  const lines = await eventually('it is shown', () => {
    using shown = shownBy(terminal, size);
    const lines = drawText(shown, { historyLines: 0 }).split('\n');
    return lines[8]?.endsWith('7') ? lines : undefined;
  });
  const wrapped = ['0'.repeat(30), '0'.repeat(30), '0'.repeat(30), '0000000007', '', ''];
  expect(lines.slice(3)).toEqual(['line 99', 'line 100', ...wrapped]);
});

test('no question that a program has asked is asked again: the answer would be typed into it', async () => {
  await using daemon = await startDaemon();
  const questions = '\\033[c\\033[>c\\033[6n\\033[5n\\033]11;?\\007\\033[?u\\033[>q\\033P+q544e\\033\\\\';
  const program = await shell(daemon, `stty -echo; printf 'asked ${questions}'; exec cat`);
  await program.always.recording.waitFor('asked');
  const terminal = attach(program);
  await untilSame(terminal, SIZE, program.always);
  // oxlint-disable-next-line no-control-regex -- sequences begin with ESC
  expect(terminal.screen.text).not.toMatch(/\x1b\[[?>=]*\d*[cn]|\x1b\[\?u|\?\x07|\?\x1b|\x1b\[>q|\x1bP/);
});

test('what is asked while the screen is made is asked of the terminal that leads by then, once', async () => {
  await using daemon = await startDaemon();
  const asks = `trap 'printf "resized\\033[5n"' WINCH; printf begun; while :; do sleep 0.03; done`;
  const program = await shell(daemon, asks);
  await program.always.recording.waitFor('begun');
  const terminal = attach(program, { cols: 100, rows: 30 });
  await terminal.waitFor('resized');
  await terminal.waitFor('\x1b[5n');
  await detach(terminal);
  expect(terminal.screen.text.split('\x1b[5n')).toHaveLength(2);
});

describe('whoever leaves has the terminal as it was', () => {
  const MESS = [
    ...[1, 5, 6, 12, 45, 66, 69, 1000, 1002, 1003, 1004, 1006, 2004, 2027, 2031].map(
      (mode) => `\x1b[?${mode}h`,
    ),
    '\x1b[?7l\x1b[?25l\x1b[4h\x1b[20h\x1b[3;7r\x1b[3g\x1b[5G\x1bH',
    '\x1b[5 q\x1b[>4;2m\x1b[>1u\x1b[>3u\x1b[31;44m\x1b(0\x1b)0\x0e',
    '\x1b]4;1;rgb:11/22/33\x07\x1b]10;#111\x07\x1b]11;#222\x07\x1b]12;#333\x07\x1b]2;title\x07',
    '\x1b]8;;https://example.org\x07link',
  ].join('');

  test.each([
    { where: 'the normal screen', text: MESS, leaves: 'detach' },
    { where: 'the alternate screen', text: `shell\x1b[?1049h\x1b[>1u${MESS}`, leaves: 'detach' },
    { where: 'the normal screen', text: MESS, leaves: 'exit' },
    { where: 'the alternate screen', text: `\x1b[?1049h${MESS}`, leaves: 'exit' },
  ])('on $where, by $leaves, whether it was painted or drawn', async ({ text, leaves }) => {
    await using home = new CliHome();
    const file = path.join(home.scratch('files'), 'mess');
    writeFileSync(file, text);
    const script = `stty -echo; cat '${file}'; echo made; read line`;
    const drawn = home.terminal(['new', '--name', 'mess', '--', 'sh', '-c', script], { size: SIZE });
    await drawn.waitFor('made');
    const painted = home.terminal(['attach', 'mess'], { size: SIZE });
    // Line-drawing characters are drawn as they are written.
    await painted.waitFor(/made|└/);
    await eventually('all of it is there', () => shownMess(painted));
    const terminals = [drawn, painted];
    for (const terminal of terminals) if (leaves === 'detach') terminal.type(DETACH);
    if (leaves === 'exit') drawn.type('\r');
    for (const terminal of terminals) {
      await terminal.ended();
      using shown = shownBy(terminal, SIZE);
      using before = new Emulators().open(SIZE);
      for (const [mode, isSet] of shown.tracked.modes) if (!isSet) shown.tracked.modes.delete(mode);
      // The title is brought back by terminals that can: this one can't.
      expect(terminal.screen.text).toContain('\x1b[23;0t');
      shown.tracked.title = undefined;
      const found = modeDifferences(before, shown).filter(
        (difference) => !difference.startsWith('saved cursor'),
      );
      expect(found).toEqual([]);
      expect(shown.internals.normal.tabs).toEqual(before.internals.normal.tabs);
    }
  });
});

/** Whether the program's last mode is on. */
function shownMess(terminal: Terminal): boolean {
  using shown = shownBy(terminal, SIZE);
  return shown.tracked.specialColours.has('cursor') && shown.tracked.title === 'title';
}
