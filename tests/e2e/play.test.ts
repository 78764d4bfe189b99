import fs from 'node:fs';
import path from 'node:path';
import type { Terminal } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';

const HEADER = '{"version":2,"width":80,"height":24}';

function write(home: CliHome, name: string, ...lines: string[]): void {
  fs.writeFileSync(path.join(home.work, name), lines.join('\n'));
}

/** `holdfast play` in a terminal; its exit code follows on a line of its own. */
function play(home: CliHome, args: string): Terminal {
  return home.inTerminal(`"$HF" play ${args}; echo "code $?"; read rest; echo "rest $rest"`);
}

describe('holdfast play', () => {
  test('shows a recording in its time, or faster, and no pause longer than it may be', async () => {
    await using home = new CliHome();
    write(
      home,
      'two',
      HEADER,
      '[0.2, "o", "one "]',
      '[1.2, "r", "90x30"]',
      '[1.4, "o", "two "]',
      '[100, "o", "three"]',
      '',
    );
    write(
      home,
      'three',
      '{"version":3,"term":{"cols":80,"rows":24},"idle_time_limit":0.3}',
      '[0.2, "o", "one "]',
      '# …',
      '[90, "o", "two"]',
      '[0.5, "x", "0"]',
    );
    const tookMs = async (...args: string[]): Promise<[number, string]> => {
      const begunMs = performance.now();
      const shown = await home.do('play', ...args);
      return [performance.now() - begunMs, shown];
    };
    const [, fast] = await tookMs('two', '--speed', '1000');
    expect(fast).toBe('one two three');
    // Only the least that it takes is certain; what is waited for too long is not over when the test must be.
    const [cutMs, cut] = await tookMs('two', '-i', '1');
    expect(cut).toBe('one two three');
    expect(cutMs).toBeGreaterThan(2_350);
    const [ownMs, own] = await tookMs('three');
    expect(own).toBe('one two');
    expect(ownMs).toBeGreaterThan(450);
    const { stdout } = await home.runWith(
      { stdin: Buffer.from(`${HEADER}\n[0, "o", "from stdin"]`) },
      'play',
      '-',
    );
    expect(stdout).toBe('from stdin');
  });

  test('pauses, shows one output after the other, goes on, and ends at Ctrl-C with the terminal as it was', async () => {
    await using home = new CliHome();
    write(
      home,
      'cast',
      HEADER,
      '[0, "o", "\\u001b[?1049h\\u001b[?25l\\u001b[?1000h\\u001b[31mzero "]',
      ...Array.from({ length: 50 }, (_, index) => `[${3 + index}, "o", "output-${index};"]`),
    );
    using terminal = home.inTerminal(
      'stty -g >before; "$HF" play cast; echo "code $?"; stty -g >after; echo over',
    );
    await terminal.waitFor('zero');
    terminal.type(' ');
    terminal.type('.');
    await terminal.waitFor('output-0;');
    terminal.type('.');
    await terminal.waitFor('output-1;');
    terminal.type(' ');
    await terminal.waitFor('output-2;');
    terminal.type('\x03');
    await terminal.waitFor('code 130');
    await terminal.waitFor('over');
    const shown = terminal.screen.text;
    const left = shown.slice(shown.lastIndexOf('output-'));
    for (const sequence of ['\x1b[?1049l', '\x1b[?25h', '\x1b[0m', '\x1b[?1000l'])
      expect(left).toContain(sequence);
    const read = (name: string): string => fs.readFileSync(path.join(home.work, name), 'utf8');
    expect(read('after')).toBe(read('before'));
  });

  test('asks the terminal nothing, so that no answer is left for whoever reads the keyboard next', async () => {
    await using home = new CliHome();
    write(
      home,
      'cast',
      HEADER,
      '[0, "o", "begun\\u001b[c\\u001b[6"]',
      '[0.1, "o", "n\\u001b]11;?\\u0007\\u0005asked\\u001b[1mbold"]',
      '',
    );
    using terminal = play(home, 'cast');
    await terminal.waitFor('code 0');
    const { text } = terminal.screen;
    expect(text).toContain('begunasked\x1b[1mbold');
    terminal.type('typed\r');
    await terminal.waitFor('rest typed');
    expect(await home.do('play', 'cast')).toBe('begun\x1b[c\x1b[6n\x1b]11;?\x07\x05asked\x1b[1mbold');
  });

  test('says when it is larger than the terminal', async () => {
    await using home = new CliHome();
    write(home, 'cast', '{"version":2,"width":120,"height":40}', '[0, "o", "shown"]');
    using terminal = play(home, 'cast');
    await terminal.waitFor('holdfast: the recording is 120x40, and this terminal is 100x30');
    await terminal.waitFor('code 0');
  });

  test('shows what it can of a file that is cut short, and says where that ends', async () => {
    await using home = new CliHome();
    write(home, 'cast', HEADER, '[0, "o", "\\u001b[?1049hshown"]', '[1, "o", "no');
    using terminal = play(home, 'cast');
    await terminal.waitFor("holdfast: can't play: cast: it ends in the middle of line 3");
    await terminal.waitFor('code 1');
    const { text } = terminal.screen;
    expect(text.indexOf('\x1b[?1049l')).toBeGreaterThan(text.indexOf('shown'));
    expect(text.indexOf("can't play")).toBeGreaterThan(text.indexOf('\x1b[?1049l'));
  });

  test.each([
    ['missing', undefined, 'missing: ENOENT: no such file or directory'],
    ['.', undefined, '.: EISDIR'],
    ['binary', '\x1b]0;title\x07\x00\xff', 'binary: line 1 is not the header of an asciicast'],
    ['not\x1b[31mshown', '{}', 'line 1 does not say that this is an asciicast of version 2 or 3'],
  ])('%# refuses what is no recording, and shows nothing of it as it is', async (name, content, why) => {
    await using home = new CliHome();
    if (content !== undefined) write(home, name, content);
    const { code, stdout, stderr } = await home.run('play', name);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(why);
    expect(stderr).not.toContain('\x1b');
  });

  test('takes only speeds and limits above 0', async () => {
    await using home = new CliHome();
    for (const args of [
      ['--speed', '0'],
      ['--speed', '-1'],
      ['--speed', '1e3'],
      ['-i', 'x'],
    ])
      expect((await home.run('play', 'cast', ...args)).code).toBe(2);
  });
});
