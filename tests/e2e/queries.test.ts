import fs from 'node:fs';
import path from 'node:path';
import type { Session } from '@holdfast/protocol';
import {
  eventually,
  pythonPath,
  queriesIn,
  Recording,
  startDaemon,
  type TestDaemon,
} from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { AnsweringTerminal } from './support/answering-terminal.ts';
import { needs } from './support/needs.ts';
import { upgrade } from './support/upgrades.ts';

/** More than a machine takes that is busy with other tests, and less than a time-out that a test could mistake for an answer. */
const SECONDS = 20;
const DA1 = '\\x1b[c';
const VERSION = '\\x1b[>q';
const CURSOR = '\\x1b[6n';

interface Told {
  readonly answer: string;
  readonly ms: number;
}

/** What the program has told of its terminal's answers so far. */
function toldIn(text: string): Told[] {
  return [...text.matchAll(/<(\{"answer".*?\})>\r\n/g)].map(([, json = '']) => JSON.parse(json) as Told);
}

/** Answers as the program got them, each to its query. */
async function answers(daemon: TestDaemon, queries: readonly string[]): Promise<string[]> {
  const session = await daemon.open('ask-terminal.py', [SECONDS, ...queries]);
  const recording = await daemon.record(session);
  await recording.waitFor('asked\r\n', 60_000);
  return toldIn(recording.text).map(({ answer }) => answer);
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

describe('without a viewer, a program is answered', () => {
  test('whatever it asks its terminal', async () => {
    await using daemon = await startDaemon();
    const asked: Readonly<Record<string, string>> = {
      [DA1]: '\x1b[?62;22c',
      '\\x1b[>c': '\x1b[>0;276;0c',
      '\\x1b[=c': '\x1bP!|00000000\x1b\\',
      [`\\x1b[3;7H${CURSOR}`]: '\x1b[3;7R',
      '\\x1b[2;9r\\x1b[?6h\\x1b[2;2H\\x1b[?6n\\x1b[?6l\\x1b[r': '\x1b[?2;2;1R',
      '\\x1b[999;999Hx\\x1b[6n': '\x1b[24;80R',
      '\\x1b[?2004h\\x1b[?2004$p': '\x1b[?2004;1$y',
      '\\x1b[?2026$p': '\x1b[?2026;2$y',
      '\\x1b[?9999$p': '\x1b[?9999;0$y',
      '\\x1b[4$p': '\x1b[4;2$y',
      '\\x1b[0;1;48:2::1:2:3m\\x1bP$qm\\x1b\\\\\\x1b[m': '\x1bP1$r0;1;48:2::1:2:3m\x1b\\',
      '\\x1b[2;9r\\x1bP$qr\\x1b\\\\\\x1b[r': '\x1bP1$r2;9r\x1b\\',
      [VERSION]: '\x1bP>|holdfast\x1b\\',
      '\\x1b]4;1;?;255;?\\x07': '\x1b]4;1;rgb:cdcd/0000/0000\x07\x1b]4;255;rgb:eeee/eeee/eeee\x07',
      '\\x1b]10;?;?\\x1b\\\\': '\x1b]10;rgb:e5e5/e5e5/e5e5\x1b\\\x1b]11;rgb:0000/0000/0000\x1b\\',
      '\\x1b]12;#123\\x07\\x1b]12;?\\x07': '\x1b]12;rgb:1111/2222/3333\x07',
      '\\x1b[?u': '\x1b[?0u',
      '\\x1b[>5u\\x1b[?u\\x1b[<u': '\x1b[?5u',
      '\\x1bP+q436f;7878\\x1b\\\\': '\x1bP1+r436f=323536\x1b\\\x1bP0+r7878\x1b\\',
      '\\x1b[14t': '\x1b[4;480;800t',
      '\\x1b[16t': '\x1b[6;20;10t',
      '\\x1b[18t': '\x1b[8;24;80t',
    };
    const got = await answers(daemon, Object.keys(asked));
    expect(Object.fromEntries(Object.keys(asked).map((query, index) => [query, got[index]]))).toEqual(asked);
  });

  test('in the order of its questions, also where some take longer', async () => {
    await using daemon = await startDaemon();
    const [all] = await answers(daemon, [`\\x1b[2;2H${DA1}${CURSOR}\\x1b[3;3H${CURSOR}${VERSION}`]);
    expect(all).toBe('\x1b[?62;22c\x1b[2;2R\x1b[3;3R\x1bP>|holdfast\x1b\\');
  });

  test('behind a flood, and where the flood has a question in its midst', async () => {
    await using daemon = await startDaemon();
    const got = await answers(daemon, [`FLOOD${DA1}`, `${DA1}FLOOD`]);
    expect(got).toEqual(['\x1b[?62;22c', '\x1b[?62;22c']);
  });

  test('and two that ask without end keep no screen from anybody', async () => {
    await using daemon = await startDaemon();
    const client = await daemon.client();
    const ask = 'import os\nwhile True: os.write(1, b"\\x1b[6n")';
    for (let count = 0; count < 2; count += 1) await daemon.openCommand([pythonPath(), '-c', ask]);
    const other = await daemon.openCommand(['/bin/sh', '-c', 'echo shown; read none']);
    await (await daemon.record(other)).waitFor('shown');
    const capture = await client.request(
      'capture',
      { session: other.id, format: 'text' },
      { timeoutMs: 30_000 },
    );
    expect(capture.text).toContain('shown');
  }, 60_000);

  test('as often as it asks, and a program that never reads keeps nobody', async () => {
    await using daemon = await startDaemon();
    const script = `i=0; while [ $i -lt 20000 ]; do printf '\\033[c'; i=$((i+1)); done; echo done; sleep 100`;
    const session = await daemon.openCommand(['/bin/sh', '-c', `stty raw -echo; ${script}`]);
    await (await daemon.record(session)).waitFor('done', 60_000);
  });
});

/** A program that asks when it is told to, and whoever shows it. */
class Scene {
  readonly session: Session;
  readonly program: Recording;
  readonly #daemon: TestDaemon;
  readonly #gates: string;
  #asked = 0;

  static async open(daemon: TestDaemon, ...queries: string[]): Promise<Scene> {
    const gates = daemon.home.scratch('gates');
    const session = await daemon.open('ask-terminal.py', ['--gates', gates, SECONDS, ...queries]);
    const program = await daemon.record(session);
    await program.waitFor('ready\r\n');
    return new Scene({ daemon, session, program, gates });
  }

  private constructor(parts: { daemon: TestDaemon; session: Session; program: Recording; gates: string }) {
    this.#daemon = parts.daemon;
    this.session = parts.session;
    this.program = parts.program;
    this.#gates = parts.gates;
  }

  /** Lets the program ask its next question. */
  ask(): void {
    fs.writeFileSync(path.join(this.#gates, String(this.#asked)), '');
    this.#asked += 1;
  }

  /** Resolves with the answers so far when there are so many. */
  told(count: number): Promise<string[]> {
    return eventually(
      `the program tells of ${count} answers`,
      () => {
        const told = toldIn(this.program.text);
        return told.length >= count ? told.map(({ answer }) => answer) : undefined;
      },
      60_000,
    );
  }

  /** `holdfast attach` in a terminal of that brand; resolves when it shows the session. */
  async attach(brand: string, ...options: string[]): Promise<AnsweringTerminal> {
    const terminal = this.#daemon.home.terminal(['attach', this.session.id, ...options], {
      size: { cols: 100 + brand.length, rows: 30 },
    });
    const answering = new AnsweringTerminal(terminal, brand);
    await terminal.waitFor('ready');
    return answering;
  }
}

describe('with viewers, a program is answered', () => {
  test('by the leader alone, and the other terminal is not even asked; whoever types is the next to be', async () => {
    await using daemon = await startDaemon();
    const scene = await Scene.open(daemon, `${DA1}${VERSION}`, `${DA1}${VERSION}`, `${DA1}${VERSION}`);
    using one = await scene.attach('One');
    using other = await scene.attach('Other');
    scene.ask();
    expect(await scene.told(1)).toEqual(['\x1b[?63;22c\x1bP>|One\x1b\\']);
    await other.terminal.waitFor('One');
    expect(other.queries).toEqual([]);
    other.terminal.type('k');
    await eventually('it leads', async () => (await daemon.get(scene.session)).cols === 105);
    scene.ask();
    expect((await scene.told(2))[1]).toBe('k\x1b[?65;22c\x1bP>|Other\x1b\\');
    await one.terminal.waitFor('Other');
    expect(one.queries).toEqual(['\x1b[c', '\x1b[>q', '\x1b[5n']);
    // Whoever leaves takes nothing along: nobody leads but the daemon, as the last leader did.
    other[Symbol.dispose]();
    one[Symbol.dispose]();
    await eventually('both have left', async () => (await daemon.get(scene.session)).clients === 1);
    scene.ask();
    expect((await scene.told(3))[2]).toBe('\x1b[?65;22c\x1bP>|Other\x1b\\');
  });

  test('by no client that knows no better than to answer what another is asked, and that does not lead by it', async () => {
    await using daemon = await startDaemon();
    const scene = await Scene.open(daemon, DA1);
    using leader = await scene.attach('One');
    const client = await daemon.connect();
    const viewer = await Recording.begin(client, scene.session.id, {
      mode: 'viewer',
      viewport: { cols: 60, rows: 20 },
    });
    const input = await client.openInput(scene.session.id);
    scene.ask();
    await viewer.waitFor('\x1b[c');
    await input.write(Buffer.from('\x1b[?1;2c'));
    expect(await scene.told(1)).toEqual(['\x1b[?63;22c']);
    expect(viewer.subscription.leading).toBe(false);
    await input.write(Buffer.from('z'));
    // What it types comes, and nothing of what it has answered.
    expect((await scene.told(2)).join('')).toBe('\x1b[?63;22cz');
    expect(leader.queries).toEqual(['\x1b[c', '\x1b[5n']);
  });

  test('once, if one comes while it is being answered, and not again by whoever is shown its question', async () => {
    await using daemon = await startDaemon();
    const scene = await Scene.open(daemon, `${CURSOR}${DA1}`, DA1);
    scene.ask();
    await scene.program.waitFor('\x1b[c');
    // The first screen takes long to be made.
    using viewer = await scene.attach('One');
    expect(await scene.told(1)).toEqual(['\x1b[2;1R\x1b[?62;22c']);
    scene.ask();
    expect((await scene.told(2))[1]).toBe('\x1b[?63;22c');
    expect(viewer.queries).toEqual(['\x1b[c', '\x1b[5n']);
  });
});

describe('over', () => {
  test('an upgrade in the midst of an answer a program is answered once', async () => {
    await using daemon = await startDaemon();
    const scene = await Scene.open(daemon, `${CURSOR}${DA1}`, CURSOR);
    scene.ask();
    await scene.program.waitFor('\x1b[c');
    await upgrade(daemon);
    expect(await scene.told(1)).toEqual(['\x1b[2;1R\x1b[?62;22c']);
    await upgrade(daemon);
    scene.ask();
    expect((await scene.told(2))[1]).toBe('\x1b[3;1R');
  });

  test('upgrades a session with a leader is answered by that', async () => {
    await using daemon = await startDaemon();
    const scene = await Scene.open(daemon, DA1, DA1, DA1);
    using viewer = await scene.attach('One');
    scene.ask();
    await scene.told(1);
    await upgrade(daemon);
    scene.ask();
    await scene.told(2);
    viewer[Symbol.dispose]();
    await eventually('it has left', async () => (await daemon.get(scene.session)).clients === 1);
    await upgrade(daemon);
    scene.ask();
    expect(await scene.told(3)).toEqual(['\x1b[?63;22c', '\x1b[?63;22c', '\x1b[?63;22c']);
  });

  test('a crash nothing is answered twice, and what is asked then is answered', async () => {
    await using daemon = await startDaemon({ keeper: true });
    const scene = await Scene.open(daemon, `${DA1}${CURSOR}`, CURSOR, DA1);
    scene.ask();
    expect(await scene.told(1)).toEqual(['\x1b[?62;22c\x1b[2;1R']);
    await crash(daemon);
    scene.ask();
    expect((await scene.told(2))[1]).toBe('\x1b[3;1R');
    using viewer = await scene.attach('One');
    await crash(daemon);
    await eventually('the viewer is back', async () => (await daemon.get(scene.session)).clients === 2);
    scene.ask();
    expect((await scene.told(3))[2]).toBe('\x1b[?63;22c');
    expect(viewer.queries).toEqual(['\x1b[c', '\x1b[5n']);
  });
});

describe('detached', () => {
  /** What of it is shown. */
  async function shown(daemon: TestDaemon, session: Session, what: RegExp): Promise<string> {
    const client = await daemon.client();
    return eventually(`the screen shows ${what}`, async () => {
      const { text } = await client.request('capture', { session: session.id, format: 'text' });
      return what.test(text) ? text : undefined;
    });
  }

  test('vim has its answers', async (context) => {
    needs(context, 'vim');
    await using daemon = await startDaemon();
    const told = 'au TermResponse * call setline(1, "got " .. v:termresponse[1:])';
    const command = ['/usr/bin/env', 'vim', '-N', '-u', 'NONE', '-i', 'NONE', '-n', '--cmd', told];
    const session = await daemon.openCommand(command);
    expect(await shown(daemon, session, /^got/m)).toMatch(/^got \[>0;276;0c/m);
  });

  test('nvim starts', async (context) => {
    needs(context, 'nvim');
    await using daemon = await startDaemon();
    const session = await daemon.openCommand(['/usr/bin/env', 'nvim', '-u', 'NONE', '-i', 'NONE', '-n']);
    const program = await daemon.record(session);
    await shown(daemon, session, /^~/m);
    const input = await (await daemon.client()).openInput(session.id);
    await input.write(Buffer.from(':echo "got" &background\r'));
    expect(await shown(daemon, session, /^got/m)).toMatch(/^got dark/m);
    expect(queriesIn(program.bytes)).not.toEqual([]);
  });

  test('fish starts, and reads what is typed', async (context) => {
    needs(context, 'fish');
    await using daemon = await startDaemon();
    const session = await daemon.openCommand(['/usr/bin/env', 'fish', '--no-config']);
    const input = await (await daemon.client()).openInput(session.id);
    await shown(daemon, session, /[>#] *$/m);
    // It takes the answer for typed, as any program would: so it is to be seen.
    await input.write(Buffer.from("printf '\\e[6n'; read -P '' place\r"));
    await shown(daemon, session, /^\[\d+;1R/m);
  });

  test.for([
    { name: 'fish', command: 'fish --no-config', ready: /[>#] / },
    { name: 'vim', command: 'vim -N -u NONE -i NONE -n', ready: /~ / },
    { name: 'nvim', command: 'nvim -u NONE -i NONE -n', ready: /~/ },
  ])(
    '$name has an answer to all that it asks when it starts, and never says that it waited',
    async (program, context) => {
      needs(context, program.name);
      await using daemon = await startDaemon();
      const typed = path.join(daemon.home.scratch('typed'), 'typed');
      const recording = await daemon.record(
        await daemon.open('note-answers.py', [typed, ...program.command.split(' ')]),
      );
      await recording.waitFor(program.ready);
      await eventually('all is answered', () => {
        const [asked, answered] = [recording.bytes.toString('latin1'), fs.readFileSync(typed, 'latin1')];
        return ASKED.every(([query, answer]) => timesIn(answered, answer) >= timesIn(asked, query));
      });
      expect(recording.text).not.toMatch(WAITED);
    },
  );
});

/** What fish and nvim say of a terminal that does not answer, each when it has waited for a while. */
const WAITED = /could not read response|Did not detect/;
/** What programs ask when they start, and what is an answer to it. */
const ASKED = [
  ['\x1b\\[6n', '\x1b\\[\\d+;\\d+R'],
  ['\x1b\\[>?0?c', '\x1b\\[[?>][\\d;]*c'],
  ['\x1b\\]1[0-2];\\?', '\x1b\\]1[0-2];rgb'],
  ['\x1b\\[\\?u', '\x1b\\[\\?\\d+u'],
  ['\x1b\\[>0?q', '\x1bP>\\|'],
  ['\x1bP\\$q', '\x1bP[01]\\$r'],
  ['\x1bP\\+q', '\x1bP[01]\\+r'],
] as const;

function timesIn(text: string, pattern: string): number {
  return text.match(new RegExp(pattern, 'g'))?.length ?? 0;
}
