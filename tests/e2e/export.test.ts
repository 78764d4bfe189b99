import fs from 'node:fs';
import path from 'node:path';
import { eventually, SmallDisk, startDaemon } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';
import { needs } from './support/needs.ts';
import { upgrade } from './support/upgrades.ts';

/** What Node takes, and then some MiB; the output has 57. */
const PEAK_KIB_MAX = 120 * 1024;

type CastEvent = [seconds: number, code: string, data: string];

function parsed(cast: string): { header: Record<string, unknown>; events: CastEvent[] } {
  const [header = '', ...events] = cast.trimEnd().split('\n');
  return { header: JSON.parse(header), events: events.map((line) => JSON.parse(line)) };
}

function outputOf(events: readonly CastEvent[]): string {
  return events.map(([, code, data]) => (code === 'o' ? data : '')).join('');
}

/** When this was shown, in seconds since the beginning. */
function shownAt(events: readonly CastEvent[], text: string): number {
  const [at] = events.find(([, , data]) => data.includes(text)) ?? [Number.NaN];
  return at;
}

/** Prints a word at once, and the next one a second after each Enter. */
const TURNS = `say() { printf '%s\\n' "$1"; read x; sleep 1; }; stty -echo; say first; say second; say third`;
/** What is seen before Enter is typed was written a second before what follows, but for how finely times are noted. */
const TURN_S = 0.9;

describe('holdfast export', () => {
  test('writes a recording of what was written and when, which nobody has asked for before', async () => {
    await using home = new CliHome();
    await home.open('said', TURNS, '--size', '60x10');
    for (const word of ['first', 'second', 'third']) {
      await home.do('wait', 'said', '--output', word);
      await home.do('send', 'said', '--enter');
    }
    await home.do('wait', 'said');
    const { header, events } = parsed(await home.do('export', 'said'));
    expect(header).toMatchObject({ version: 2, width: 60, height: 10, title: 'said' });
    expect(header['command']).toMatch(/^sh -c 'say\(\)/);
    expect(Math.abs(Number(header['timestamp']) - Date.now() / 1000)).toBeLessThan(120);
    expect(outputOf(events)).toBe('first\r\nsecond\r\nthird\r\n');
    expect(shownAt(events, 'second') - shownAt(events, 'first')).toBeGreaterThan(TURN_S);
    expect(shownAt(events, 'third') - shownAt(events, 'second')).toBeGreaterThan(TURN_S);

    const third3 = parsed(await home.do('export', 'said', '--cast-version', '3'));
    expect(third3.header).toMatchObject({ version: 3, term: { cols: 60, rows: 10 } });
    const [, code, status] = third3.events.at(-1) ?? [];
    expect([code, status]).toEqual(['x', '0']);
    const total = third3.events.reduce((sum, [after]) => sum + after, 0);
    expect(total - shownAt(events, 'third')).toBeGreaterThan(TURN_S);
  });

  test('has sizes in their places, characters whole, and how a killed program ended', async () => {
    await using home = new CliHome();
    const script = `printf 'before\\342\\234'; read x; printf '\\223after\\n'; kill -TERM $$`;
    await home.open('sized', `stty -echo; ${script}`, '--size', '60x10');
    await home.do('wait', 'sized', '--output', 'before');
    await home.do('resize', 'sized', '90x20');
    await home.do('send', 'sized', '--enter');
    await home.run('wait', 'sized');
    const { events } = parsed(await home.do('export', 'sized', '--cast-version', '3'));
    expect(events.map(([, code, data]) => [code, data])).toEqual([
      ['o', 'before'],
      ['r', '90x20'],
      ['o', '✓after\r\n'],
      ['x', '143'],
    ]);
  });

  test('writes texts with all lines that are kept, in colours or as a page if wanted', async () => {
    await using home = new CliHome();
    await home.open(
      'long',
      `printf '\\033[32mgreen\\033[m\\n'; seq 1 20000; printf '%s' ${'x'.repeat(50)}`,
      '--size',
      '40x5',
    );
    await home.do('wait', 'long');
    const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(await home.do('export', 'long', '--format', 'txt')).toBe(`green\n${numbers}${'x'.repeat(50)}\n`);
    expect(await home.do('export', 'long', '--format', 'ansi')).toBe(
      `\x1b[0;32mgreen\x1b[m\n${numbers}${'x'.repeat(50)}\n`,
    );
    const page = await home.do('export', 'long', '--format', 'html');
    expect(page).toContain(`<span style="color:#4e9a06">green</span>\n${numbers}`);
  });

  test('says how much is no longer kept, and begins where it can be shown', async () => {
    await using home = new CliHome();
    await home.open('wrapped', 'seq 100000 130000', '--history', '64K');
    await home.do('wait', 'wrapped');
    for (const format of ['txt', 'cast']) {
      const { code, stdout, stderr } = await home.run('export', 'wrapped', '--format', format);
      expect(code).toBe(0);
      expect(stderr).toMatch(
        /^holdfast: the first \d+ bytes are no longer kept: what is exported begins behind them\n$/,
      );
      const text = format === 'txt' ? stdout : outputOf(parsed(stdout).events).replaceAll('\r', '');
      const [first] = text.split('\n', 1);
      expect(text).toBe(
        Array.from({ length: 130_001 - Number(first) }, (_, index) => `${Number(first) + index}\n`).join(''),
      );
      expect(text.length).toBeGreaterThan(50_000);
    }
  });

  test('replaces a file only if that is wanted, and only by a whole one', async () => {
    await using home = new CliHome();
    await home.open('said', 'echo text');
    await home.do('wait', 'said');
    await home.do('export', 'said', '-o', 'said.cast');
    const { header } = parsed(fs.readFileSync(path.join(home.work, 'said.cast'), 'utf8'));
    expect(header['title']).toBe('said');
    const again = await home.run('export', 'said', '-o', 'said.cast', '--format', 'txt');
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('said.cast is there already; --overwrite replaces it');
    await home.do('export', 'said', '-o', 'said.cast', '--format', 'txt', '--overwrite');
    expect(fs.readFileSync(path.join(home.work, 'said.cast'), 'utf8')).toBe('text\n');
    expect((await home.run('export', 'missing', '-o', 'missing.cast')).code).toBe(3);
    expect((await home.run('export', 'said', '-o', 'no-folder/said.cast')).code).toBe(1);
    expect(fs.readdirSync(home.work)).toEqual(['said.cast']);
  });

  test('leaves nothing half done on a full disk', async (context) => {
    if (!SmallDisk.isPossible()) context.skip('needs to mount');
    await using home = new CliHome();
    const folder = path.join(home.work, 'small');
    using _disk = new SmallDisk(folder, 64 * 1024);
    await home.open('long', 'seq 1 50000');
    await home.do('wait', 'long');
    const { code, stderr } = await home.run('export', 'long', '-o', 'small/long.cast');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^holdfast: can't export: small\/long\.cast can't be written: ENOSPC/);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test('holds a part of a large history in memory, and never all of it', async () => {
    await using home = new CliHome();
    await home.open('huge', `yes ${'y'.repeat(78)} | head -c 60000000`, '--history', '64M');
    await home.do('wait', 'huge');
    const exporting = home.startCli(['export', 'huge', '-o', '/dev/null'], { cwd: home.work });
    let peakKiB = 0;
    await eventually('its end', () => {
      peakKiB = Math.max(peakKiB, peakMemoryKiB(exporting.pid));
      return !exporting.isRunning;
    });
    expect((await exporting.result()).code).toBe(0);
    expect(peakKiB).toBeGreaterThan(0);
    expect(peakKiB).toBeLessThan(PEAK_KIB_MAX);
  });
});

/** 0 if the process has ended. */
function peakMemoryKiB(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    // ENOENT, ESRCH
    return 0;
  }
}

describe('the times of output', () => {
  test('are kept across an upgrade and a crash, where a mark says that bytes may be missing', async () => {
    await using daemon = await startDaemon({ keeper: true });
    // Finer than once a second, which is known without the times as well.
    const script = `say() { for i in 1 2 3 4 5 6 7 8; do echo "$1-$i;"; sleep 0.1; done; read x; }`;
    const session = await daemon.openCommand([
      '/bin/sh',
      '-c',
      `stty -echo; ${script}; say first; say second; say third`,
    ]);
    const exported = async (): Promise<CastEvent[]> =>
      parsed((await daemon.cli(['export', session.id])).stdout.toString()).events;
    const said = (word: string): string[] => Array.from({ length: 8 }, (_, index) => `${word}-${index + 1};`);
    /** When each of its words was shown, once all have been. */
    const timesOf = async (word: string): Promise<number[]> => {
      await eventually(`it shows ${word}`, async () => outputOf(await exported()).includes(`${word}-8;`));
      const events = await exported();
      return said(word).map((text) => shownAt(events, text));
    };
    const go = async (): Promise<void> => {
      expect((await daemon.cli(['send', session.id, '--enter'])).code).toBe(0);
    };
    const first = await timesOf('first');
    await upgrade(daemon);
    expect(await timesOf('first')).toEqual(first);
    await go();
    const second = await timesOf('second');
    await daemon.killServing();
    await go();
    await timesOf('third');
    expect([await timesOf('first'), await timesOf('second')]).toEqual([first, second]);
    const events = await exported();
    const words = [...said('first'), ...said('second'), ...said('third')];
    expect(outputOf(events)).toBe(words.map((word) => `${word}\r\n`).join(''));
    const times = words.map((word) => shownAt(events, word));
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(events.filter(([, code]) => code === 'm').map(([, , label]) => label)).toEqual([
      expect.stringContaining('bytes may be missing'),
    ]);
  });
});

describe('asciinema', () => {
  test('shows what is exported, to the byte, and what it has recorded is played', async (context) => {
    needs(context, 'asciinema');
    await using home = new CliHome();
    await home.open(
      'vim',
      `vim -u NONE -i NONE -n -c 'call setline(1, range(1, 200))' -c 'normal G' -c 'set nu' -c 'redraw' -c 'qa!'; echo done`,
    );
    await home.do('wait', 'vim');
    const output = await home.do('tail', 'vim');
    await home.do('export', 'vim', '-o', 'vim.cast');
    using cat = home.inTerminal(
      'asciinema cat vim.cast >cat.out; asciinema play -s 100 vim.cast >play.out; echo over',
    );
    await cat.waitFor('over');
    expect(fs.readFileSync(path.join(home.work, 'cat.out'), 'utf8')).toBe(output);

    using recorded = home.inTerminal(
      `asciinema rec -q -c 'echo from asciinema; tput setaf 1; echo ✓' made.cast; echo over`,
    );
    await recorded.waitFor('over');
    const played = await home.do('play', 'made.cast', '--speed', '100');
    expect(played).toContain('from asciinema\r\n');
    expect(played).toContain('✓\r\n');
  });
});
