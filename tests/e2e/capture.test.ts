import fs from 'node:fs';
import path from 'node:path';
import { LIMITS, type RequestParameters, type RequestResult, type Session } from '@holdfast/protocol';
import { differences, Emulators } from '@holdfast/screen';
import { eventually, fdCount, startDaemon, type TestDaemon } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';
import { needs } from './support/needs.ts';
import { upgrade } from './support/upgrades.ts';

type Captured = RequestResult<'capture'>;

async function capture(
  daemon: TestDaemon,
  session: Session,
  how: Partial<RequestParameters<'capture'>> = {},
): Promise<Captured> {
  const client = await daemon.client();
  return client.request('capture', { session: session.id, format: 'text', ...how });
}

/** Resolves with a capture in which that is to be seen. */
function shows(daemon: TestDaemon, session: Session, what: string | RegExp): Promise<Captured> {
  return eventually(`the screen shows ${what}`, async () => {
    const captured = await capture(daemon, session);
    return captured.text.match(what) ? captured : undefined;
  });
}

/** Resolves when another daemon answers the test's client. */
async function crash(daemon: TestDaemon): Promise<void> {
  const client = await daemon.client();
  const killed = await daemon.killServing();
  await eventually('another daemon answers', async () => {
    // E_DISCONNECTED: the connection's end had not been noticed.
    const status = await client.request('status', {}).catch(() => undefined);
    return status !== undefined && status.daemon.pid !== killed;
  });
}

async function printed(daemon: TestDaemon, text: string, more = ''): Promise<Session> {
  const script = `printf '%s' "$TEXT"; ${more} exec cat`;
  return daemon.openCommand(['/bin/sh', '-c', script], { env: { TEXT: text } });
}

describe('holdfast capture', () => {
  test('prints what the terminal shows, as text, with colours, as HTML, and as a document', async () => {
    await using home = new CliHome();
    const prompt = '\\033[1;32muser@host\\033[0m:\\033[34m~/世界\\033[0m$ ';
    await home.open(
      'shown',
      `printf 'one\\ntwo\\n\\033]2;a title\\007${prompt}'; exec cat`,
      '--size',
      '30x4',
    );
    await eventually('it has printed', async () => (await home.do('capture', 'shown')).includes('user@host'));
    expect(await home.do('capture', 'shown')).toBe('one\ntwo\nuser@host:~/世界$\n\n');
    expect(await home.do('capture', 'shown', '--format', 'ansi')).toBe(
      'one\ntwo\n\x1b[0;1;32muser@host\x1b[m:\x1b[0;34m~/世界\x1b[m$\n\n',
    );
    const html = await home.do('capture', 'shown', '--format', 'html');
    expect(html).toMatch(
      /^<pre style="[^"]*">one\ntwo\n<span style="color:#4e9a06;font-weight:bold">user@host/,
    );
    expect(JSON.parse(await home.do('capture', 'shown', '--json'))).toEqual({
      offset:
        'one\r\ntwo\r\n\x1b]2;a title\x07'.length +
        Buffer.byteLength('\x1b[1;32muser@host\x1b[0m:\x1b[34m~/世界\x1b[0m$ '),
      cols: 30,
      rows: 4,
      cursor: { x: 18, y: 2, hidden: false },
      alternate: false,
      title: 'a title',
      incomplete: [],
      text: 'one\ntwo\nuser@host:~/世界$\n\n',
    });
  });

  test('prints lines above the screen if they are asked for, and lines that are wrapped as they stand there', async () => {
    await using home = new CliHome();
    await home.open('shown', `seq 1 40; printf '%s' ${'x'.repeat(25)}; exec cat`, '--size', '20x3');
    await eventually('it has printed', async () => (await home.do('capture', 'shown')).includes('xxxxx\n'));
    expect(await home.do('capture', 'shown')).toBe(`40\n${'x'.repeat(20)}\nxxxxx\n`);
    expect((await home.do('capture', 'shown', '--history', '2')).split('\n').slice(0, 3)).toEqual([
      '38',
      '39',
      '40',
    ]);
    expect((await home.do('capture', 'shown', '--history', '1000')).split('\n')).toHaveLength(43);
  });

  test('tells why a screen may be incomplete, and fails for a session that does not exist', async () => {
    await using home = new CliHome();
    await home.open('long', 'seq 1 30000; exec cat', '--history', '64K');
    const result = await eventually('it has printed', async () => {
      const result = await home.run('capture', 'long');
      return result.stdout.includes('\n30000\n') ? result : undefined;
    });
    const why = 'the beginning of its output is no longer kept';
    expect(result.stderr).toBe(`holdfast: the screen may be incomplete: ${why}\n`);
    expect(JSON.parse(await home.do('capture', 'long', '--json'))).toMatchObject({ incomplete: ['history'] });
    expect((await home.run('capture', 'missing')).code).toBe(3);
  });
});

describe('the screen of', () => {
  test('vim is what it shows', async (context) => {
    needs(context, 'vim');
    await using daemon = await startDaemon();
    const file = path.join(daemon.home.scratch('files'), 'text.txt');
    fs.writeFileSync(file, 'first line\nsecond line\n');
    const command = ['/usr/bin/env', 'vim', '-u', 'NONE', '-i', 'NONE', '-n', file];
    const session = await daemon.openCommand(command, { cols: 60, rows: 10 });
    await shows(daemon, session, 'second line');
    const input = await (await daemon.client()).openInput(session.id);
    await input.write(Buffer.from('Oabove\x1b:set number\r'));
    const { text, alternate, cursor } = await shows(daemon, session, /^ +1 above$/m);
    const shown = text.split('\n').map((line) => line.trimStart());
    expect(shown.slice(0, 4)).toEqual(['1 above', '2 first line', '3 second line', '~']);
    expect({ alternate, y: cursor.y }).toEqual({ alternate: true, y: 0 });
    await input.write(Buffer.from(':q!\r'));
    expect(await shows(daemon, session, /^(?!.*above)/s)).toMatchObject({ alternate: false });
  });

  test('less is what it shows, page by page, and at another size', async (context) => {
    needs(context, 'less');
    await using daemon = await startDaemon();
    const file = path.join(daemon.home.scratch('files'), 'text.txt');
    fs.writeFileSync(file, Array.from({ length: 200 }, (_, line) => `line ${line}\n`).join(''));
    const session = await daemon.openCommand(['/usr/bin/env', 'less', file], { cols: 40, rows: 6 });
    await shows(daemon, session, 'line 4\n');
    const client = await daemon.client();
    const input = await client.openInput(session.id);
    await input.write(Buffer.from(' '));
    const { text } = await shows(daemon, session, 'line 9\n');
    expect(text).toBe('line 5\nline 6\nline 7\nline 8\nline 9\n:\n');
    await client.request('resize', { session: session.id, cols: 40, rows: 4 });
    expect(await shows(daemon, session, /^line \d+\nline \d+\nline \d+\n:\n$/)).toMatchObject({ rows: 4 });
  });

  test('a session that has exited is the last one', async () => {
    await using daemon = await startDaemon();
    const session = await daemon.openCommand(['/bin/sh', '-c', 'printf "\\033[31mlast words"']);
    await eventually('it has exited', async () => (await daemon.get(session)).state === 'exited');
    expect(await capture(daemon, session, { format: 'ansi' })).toMatchObject({
      text: `\x1b[0;31mlast words\x1b[m\n${'\n'.repeat(23)}`,
      incomplete: [],
    });
  });

  test('a session is the same after an upgrade, and tells of modes that were set before', async () => {
    await using daemon = await startDaemon();
    const session = await printed(daemon, '\x1b[?1049h\x1b[2J\x1b[5;5Hfull screen\x1b]2;title\x07');
    const before = await shows(daemon, session, 'full screen');
    await upgrade(daemon);
    expect(await capture(daemon, session)).toEqual(before);
  });

  test('a session that is looked at now and then is whole when its history is not, also after an upgrade and a crash', async () => {
    await using daemon = await startDaemon({ keeper: true });
    const script =
      'printf "\\033]2;kept\\007"; while read round; do seq 100000 102000; echo round $round; done';
    const session = await daemon.openCommand(['/bin/sh', '-c', script], { historyBytes: 64 * 1024 });
    const client = await daemon.client();
    const input = await client.openInput(session.id);
    const rounds = async (from: number, to: number) => {
      for (let round = from; round < to; round += 1) {
        await input.write(Buffer.from(`${round}\n`));
        await shows(daemon, session, `\nround ${round}\n`);
      }
    };
    await rounds(0, 8);
    expect((await daemon.get(session)).historyStart).toBeGreaterThan(0);
    await upgrade(daemon);
    expect(await capture(daemon, session)).toMatchObject({ title: 'kept', incomplete: [] });
    await rounds(8, 16);
    expect(await capture(daemon, session)).toMatchObject({ title: 'kept', incomplete: [] });
    await crash(daemon);
    expect(await capture(daemon, session)).toMatchObject({ title: 'kept', incomplete: ['crash'] });
  });

  test('a session whose files are gone is made from what the daemon has in memory', async () => {
    await using daemon = await startDaemon();
    const session = await printed(daemon, 'kept in memory');
    await shows(daemon, session, 'kept in memory');
    fs.rmSync(path.join(daemon.home.paths.stateDir, 'sessions', session.id, 'ring'));
    await upgrade(daemon);
    expect((await daemon.get(session)).historyIn).toBe('memory');
    await shows(daemon, session, 'kept in memory');
    const before = fdCount(daemon.home.daemonPid ?? 0);
    for (let count = 0; count < 5; count += 1) await capture(daemon, session);
    expect(fdCount(daemon.home.daemonPid ?? 0)).toBeLessThanOrEqual(before);
  });

  test('a session is in doubt when the daemon has crashed, also where its screen was saved, and goes on', async () => {
    await using daemon = await startDaemon({ keeper: true });
    const text = `${'x'.repeat(40_000)}before `;
    const session = await daemon.openCommand(['/bin/sh', '-c', 'printf %s "$TEXT"; exec cat'], {
      env: { TEXT: text },
      historyBytes: 64 * 1024,
    });
    await eventually('it has printed', async () => (await daemon.get(session)).offset === text.length);
    // More than half a history since it was saved last: it is saved when it is looked at, at the end of the output.
    expect((await shows(daemon, session, 'before')).incomplete).toEqual([]);
    const saved = path.join(daemon.home.paths.stateDir, 'sessions', session.id, 'screen');
    expect(fs.existsSync(saved)).toBe(true);
    await crash(daemon);
    const after = await shows(daemon, session, 'before');
    expect(after.incomplete).toEqual(['crash']);
    const input = await (await daemon.client()).openInput(session.id);
    await input.write(Buffer.from('after\r'));
    await shows(daemon, session, 'before after');
  });
});

describe('a snapshot', () => {
  test('and the output from its offset on give what a terminal shows that was always there', async () => {
    await using daemon = await startDaemon();
    const session = await daemon.openCommand([
      '/bin/sh',
      '-c',
      'printf "\\033[?2004h"; stty -echo; exec cat',
    ]);
    const recording = await daemon.record(session);
    const input = await (await daemon.client()).openInput(session.id);
    const emulators = new Emulators();
    using always = emulators.open({ cols: 80, rows: 24 });
    let shown = 0;
    for (let round = 0; round < 30; round += 1) {
      const snapshot = await capture(daemon, session, { format: 'vt', historyLines: 1_000 });
      using attached = emulators.open(snapshot);
      attached.feed(Buffer.from(snapshot.text));
      const text = `\x1b[3${round % 8}m${round}世\t\x1b[${round};${round}H\x1b[${round % 3}J${'x'.repeat(round * 7)}`;
      await input.write(Buffer.from(`${text}end ${round}\n`));
      await recording.waitFor(`end ${round}\r\n`);
      const offset = recording.bytes.length;
      attached.feed(recording.bytes.subarray(snapshot.offset, offset));
      always.feed(recording.bytes.subarray(shown, offset));
      shown = offset;
      expect(differences(always, attached)).toEqual([]);
    }
  });
});

describe('a flood', () => {
  test('is captured without a hole in it, and by 50 at once keeps nobody from typing', async () => {
    await using daemon = await startDaemon();
    const flood = await daemon.openCommand(['/usr/bin/env', 'seq', '-f', '%015.0f', '1', '9000000000']);
    const echo = await daemon.openCommand(['/bin/cat']);
    const echoed = await daemon.record(echo);
    const input = await (await daemon.client()).openInput(echo.id);
    const other = await daemon.connect();
    const captures = Array.from({ length: 50 }, () =>
      other.request('capture', { session: flood.id, format: 'text' }, { timeoutMs: 30_000 }),
    );
    const delays: number[] = [];
    for (let key = 0; key < 20; key += 1) {
      const begun = performance.now();
      await input.write(Buffer.from(`${key}:`));
      await echoed.waitFor(`${key}:`);
      delays.push(performance.now() - begun);
    }
    for (const { text } of await Promise.all(captures)) {
      const numbers = (text.match(/\d{15}/g) ?? []).map(Number);
      expect(numbers.length).toBeGreaterThan(20);
      for (const [index, number] of numbers.entries()) expect(number).toBe((numbers[0] ?? 0) + index);
    }
    expect(delays.toSorted((a, b) => a - b)[10]).toBeLessThan(250);
  });

  test('that takes long to be looked at does not keep an upgrade waiting, and the successor answers', async () => {
    await using daemon = await startDaemon();
    const session = await daemon.open('flood.py', [3_000_000], { historyBytes: 64 * 1024 * 1024 });
    await eventually('it has exited', async () => (await daemon.get(session)).state === 'exited');
    const client = await daemon.client();
    const captures = Array.from({ length: 10 }, () =>
      client.request(
        'capture',
        { session: session.id, format: 'text', historyLines: 1_000 },
        { timeoutMs: 60_000 },
      ),
    );
    const upgraded = await upgrade(daemon);
    expect(upgraded.clients.dropped).toBe(0);
    for (const { text, incomplete } of await Promise.all(captures)) {
      expect(text.replaceAll(/\s/g, '')).toMatch(/000000002999999$/);
      expect(incomplete).toEqual(['skimmed']);
    }
  });
});

test('whoever asks for many screens goes on typing meanwhile', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  const cat = await daemon.openCommand(['/bin/cat']);
  const input = await client.openInput(cat.id);
  await capture(daemon, cat);
  let made = 0;
  const captures = Array.from({ length: 40 }, async () => {
    await client.request('capture', { session: cat.id, format: 'html', historyLines: 1_000 });
    made += 1;
  });
  await input.write(Buffer.from('x'));
  // Sixteen requests are carried out at once, and what comes behind more of them waits.
  expect(made).toBeLessThan(40 - LIMITS.requestsInProgressPerClient);
  await Promise.all(captures);
});
