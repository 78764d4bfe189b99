import { eventually } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';

/** As docs/cli.md says. */
const INTEGRATION = String.raw`PS0='\e]133;C\a'; PROMPT_COMMAND='printf "\e]133;D;%s\a" "$?"'; PS1='\[\e]133;A\a\]\$ \[\e]133;B\a\]'`;

interface Waited {
  readonly met: boolean;
  readonly timedOut: boolean;
  readonly lastExit: number | null;
  readonly session: { readonly name: string; readonly state: string };
}

async function bash(home: CliHome): Promise<void> {
  await home.do('new', '-d', '--name', 'shell', '--', 'bash', '--norc', '--noprofile');
  await home.do('send', 'shell', INTEGRATION, '--enter');
}

async function waited(home: CliHome, ...args: string[]): Promise<Waited & { code: number | null }> {
  const { code, stdout } = await home.run('wait', 'shell', '--prompt', '--json', ...args);
  const told: Waited = JSON.parse(stdout);
  return { ...told, code };
}

describe('holdfast wait --prompt', () => {
  test('waits for the end of each command, and tells how it has ended', async () => {
    await using home = new CliHome();
    await bash(home);
    for (const [command, lastExit] of [
      ['echo begun-1; sleep 1; (exit 7)', 7],
      ['echo begun-2; sleep 0.5', 0],
      ['echo begun-3; false', 1],
    ] as const) {
      await home.do('send', 'shell', command, '--enter');
      const begun = `^begun-${/\d/.exec(command)?.[0]}`;
      expect(await waited(home, '--output', begun)).toMatchObject({
        code: 0,
        met: true,
        timedOut: false,
        lastExit,
      });
    }
    expect((await home.run('wait', 'shell', '--prompt')).stdout).toBe('');
  });

  test('is late while a command runs, and not met if the shell ends', async () => {
    await using home = new CliHome();
    await bash(home);
    await home.do('send', 'shell', 'echo begun; sleep 1000', '--enter');
    await home.do('wait', 'shell', '--output', '^begun');
    expect(await waited(home, '--timeout', '600')).toMatchObject({
      code: 124,
      met: false,
      timedOut: true,
      lastExit: null,
    });
    const ended = waited(home);
    await eventually('it waits', async () => JSON.parse(await home.do('ls', '--json'))[0].clients > 0);
    await home.do('kill', 'shell');
    expect(await ended).toMatchObject({ code: 1, met: false, timedOut: false, session: { state: 'exited' } });
  });

  test('says so if the shell marks nothing', async () => {
    await using home = new CliHome();
    await home.open('shell', 'echo plain; exec cat');
    const { code, stderr } = await home.run('wait', 'shell', '--prompt', '--timeout', '500');
    expect(code).toBe(124);
    expect(stderr).toMatch(/^holdfast: this shell has marked no prompt: .*OSC 133/);
  });

  test('says so while it waits if the shell marks nothing and there is no time limit', async () => {
    await using home = new CliHome();
    await home.open('shell', 'echo plain; exec cat');
    const waiting = home.start('wait', 'shell', '--prompt');
    await waiting.stderr.waitFor('OSC 133');
    await home.do('kill', 'shell');
    const { code, stderr } = await waiting.result();
    expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 1, lines: 1 });
  });

  test('comes behind the output that is waited for, and before the silence', async () => {
    await using home = new CliHome();
    await bash(home);
    await home.do('send', 'shell', 'sleep 0.3; echo ready; sleep 0.3; (exit 3)', '--enter');
    expect(await waited(home, '--output', '^ready', '--idle', '100')).toMatchObject({ code: 0, lastExit: 3 });
  });

  test('a prompt whose end is not marked counts when it has stood for a moment', async () => {
    await using home = new CliHome();
    // As kitty's integration marks a prompt, whose end it does not mark.
    await home.open(
      'shell',
      String.raw`printf '\033]133;A;k=i\007> '; read x; printf '\033]133;C\007begun'; sleep 0.5; printf '\033]133;D\007\033]133;A\007> '; read y`,
    );
    expect(await waited(home)).toMatchObject({ code: 0, lastExit: null });
    await home.do('send', 'shell', '--enter');
    expect(await waited(home, '--output', 'begun')).toMatchObject({ code: 0, lastExit: null });
    expect(await home.do('tail', 'shell')).toContain('\x1b]133;D\x07\x1b]133;A\x07> ');
  });
});

test('wait --json tells of an exit and of output, too', async () => {
  await using home = new CliHome();
  await home.open('shell', 'echo text; exit 5');
  const output = await home.run('wait', 'shell', '--output', 'text', '--json');
  expect(JSON.parse(output.stdout)).toMatchObject({ met: true, timedOut: false, lastExit: null });
  const exit = await home.run('wait', 'shell', '--json');
  expect(exit.code).toBe(5);
  expect(JSON.parse(exit.stdout)).toMatchObject({ met: true, session: { exit: { code: 5 } } });
  const none = await home.run('wait', 'none', '--json');
  expect(none.code).toBe(3);
  expect(JSON.parse(none.stdout)).toMatchObject({ error: { code: 'E_NO_SESSION' } });
});
