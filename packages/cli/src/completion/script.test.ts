import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Command } from '../command.ts';
import { loadAllCommands } from '../commands.ts';
import { LIST_HOSTS, listNames } from './list-names.ts';
import { completionScript } from './script.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hf-'));
let commands: Command[];

beforeAll(async () => {
  commands = await loadAllCommands();
  const sessions = [
    { id: '1', name: 'build', command: ['sh', '-c', '{"name":"no"}'], cwd: '/' },
    { id: '2', name: 'shell-2', command: [], cwd: '/' },
  ];
  const elsewhere = [{ id: '3', name: 'remote', command: [], cwd: '/' }];
  const hosts = [{ name: 'build1', machine: 'one', sessions: { running: 1, exited: 0 } }];
  const program = `#!/bin/sh
case "$*" in
  hosts*) echo '${JSON.stringify(hosts)}' ;;
  *--host\\ build1*) echo '${JSON.stringify(elsewhere)}' ;;
  *) echo '${JSON.stringify(sessions)}' ;;
esac\n`;
  writeFileSync(path.join(folder, 'holdfast'), program, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['bash', 'zsh', 'fish'] as const)('the script for %s', (shell) => {
  const isThere = spawnSync(shell, ['-c', ':']).status === 0;

  test.skipIf(!isThere)('is understood by it', () => {
    const file = path.join(folder, shell);
    writeFileSync(file, completionScript(shell, commands));
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('knows every command and option', () => {
    const script = completionScript(shell, commands);
    for (const { name, options } of commands) {
      expect(script).toContain(name);
      for (const option of Object.keys(options)) expect(script).toContain(option);
    }
  });
});

describe('bash', () => {
  test.each([
    ['holdfast att', ['attach']],
    ['holdfast attach ', ['build', 'shell-2']],
    ['holdfast attach sh', ['shell-2']],
    ['holdfast forget build sh', ['shell-2']],
    ['holdfast --namespace x attach b', ['build']],
    ['holdfast --host ', ['build1']],
    ['holdfast attach --host b', ['build1']],
    ['holdfast --host build1 att', ['attach']],
    ['holdfast --host build1 attach ', ['remote']],
    ['holdfast attach --host build1 ', ['remote']],
    ['holdfast tail build --fr', ['--from']],
    ['holdfast tail build --from ', ['start', 'now']],
    ['holdfast completion z', ['zsh']],
    ['holdfast kill --signal US', ['USR1', 'USR2']],
    ['holdfast send build ', []],
  ])('"%s" is completed', (line, expected) => {
    const words = line.split(' ');
    const program = `${completionScript('bash', commands)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = run('bash', program);
    expect(stderr).toBe('');
    expect(stdout.split('\n').filter(Boolean)).toEqual(expected);
  });
});

test("a session's name that holds a command is offered as a word, and not run", () => {
  const made = path.join(folder, 'made');
  const script = completionScript('bash', commands).replace(
    listNames('"${where[@]}"'),
    `echo '$(touch ${made})'; echo 'two words'`,
  );
  const program = `${script}\nCOMP_WORDS=(holdfast attach ''); COMP_CWORD=2\n_holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
  expect(run('bash', program)).toMatchObject({ stderr: '', stdout: expect.stringContaining('two\\ words') });
  expect(existsSync(made)).toBe(false);
});

test.skipIf(spawnSync('fish', ['-c', ':']).status !== 0).each([
  ['holdfast att', ['attach']],
  ['holdfast attach ', ['build', 'shell-2']],
  ['holdfast tail build --fr', ['--from']],
  ['holdfast --host ', ['build1']],
  ['holdfast --host build1 att', ['attach']],
  ['holdfast --host build1 attach ', ['remote']],
  ['holdfast attach --host build1 ', ['remote']],
  ['holdfast capture --format ', ['ansi', 'html', 'text']],
])('fish completes "%s"', (line, expected) => {
  const { stdout } = run('fish', `${completionScript('fish', commands)}\ncomplete -C '${line}'`);
  const offered = stdout.split('\n').map((row) => row.split('\t')[0]);
  expect(offered.filter((word) => word && !word.includes('/'))).toEqual(expected);
});

test.skipIf(spawnSync('zsh', ['-c', ':']).status !== 0).each([
  ['holdfast att', ['attach']],
  ['holdfast attach ', ['build', 'shell-2']],
  ['holdfast forget build sh', ['shell-2']],
  ['holdfast tail build --fr', ['--from']],
  ['holdfast --host ', ['build1']],
  ['holdfast attach --host b', ['build1']],
  ['holdfast --host build1 att', ['attach']],
  ['holdfast --host build1 attach ', ['remote']],
  ['holdfast attach --host build1 ', ['remote']],
  ['holdfast kill --signal US', ['USR1', 'USR2']],
  ['holdfast send build ', []],
])('zsh completes "%s"', (line, expected) => {
  expect(offeredByZsh(line)).toEqual(expected);
});

test('bash offers nothing where there is no session', () => {
  const script = completionScript('bash', commands).replace(listNames('"${where[@]}"'), ':');
  const program = `${script}\nCOMP_WORDS=(holdfast attach ''); COMP_CWORD=2\n_holdfast; echo "\${#COMPREPLY[@]}"`;
  expect(run('bash', program).stdout).toBe('0\n');
});

test('session names are read from JSON without a JSON parser', () => {
  expect(run('sh', listNames()).stdout).toBe('build\nshell-2\n');
  expect(run('sh', LIST_HOSTS).stdout).toBe('build1\n');
});

/** What zsh's own line editor is given to choose from, in a terminal. */
function offeredByZsh(line: string): string[] {
  const answer = path.join(folder, 'answer');
  writeFileSync(answer, '');
  writeFileSync(path.join(folder, 'zsh-script'), completionScript('zsh', commands));
  writeFileSync(path.join(folder, '.zshrc'), TELL_COMPLETIONS);
  const env = {
    ...process.env,
    PATH: `${folder}:${process.env['PATH']}`,
    ZDOTDIR: folder,
    TYPED: line,
    ANSWER: answer,
  };
  const inTerminal = 'zmodload zsh/zpty; zpty inner zsh -d -i; while zpty -r inner line; do :; done';
  spawnSync('zsh', ['-f', '-c', inTerminal], { env });
  return readFileSync(answer, 'utf8').split('\n').filter(Boolean);
}

/** As soon as a line can be typed, writes what completes it, and ends. `compadd -O`, `-A` and `-D` only ask, and add nothing. */
const TELL_COMPLETIONS = `autoload -Uz compinit; compinit -u -d $ZDOTDIR/dump
source $ZDOTDIR/zsh-script
compadd() {
  local -a hits
  if [[ " $* " != *' -'[OAD]' '* ]]; then
    builtin compadd -A hits "$@"
    print -rl -- $hits >>$ANSWER
  fi
  builtin compadd "$@"
}
zle-line-init() { BUFFER=$TYPED; CURSOR=$#BUFFER; zle list-choices; exit }
zle -N zle-line-init
`;

function run(shell: string, program: string): { stdout: string; stderr: string } {
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
  return spawnSync(shell, ['-c', program], { env, encoding: 'utf8' });
}
