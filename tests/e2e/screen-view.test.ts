import { readdirSync, readFileSync } from 'node:fs';
import type { Session } from '@holdfast/protocol';
import { drawText } from '@holdfast/screen';
import { eventually, installation, startDaemon, type TestDaemon, TestHome } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { DaemonFile, RELEASES, released } from './support/releases.ts';
import { upgrade } from './support/upgrades.ts';
import { AlwaysAttached } from './support/always-attached.ts';
import { untilSame, ViewedScreen } from './support/viewed-screen.ts';

const SIZE = { cols: 80, rows: 24 };
/** Draws what is typed as it is, so that a test writes the screen. */
const DRAW = [
  '/bin/sh',
  '-c',
  "printf '\\033[?2004h\\033]2;drawn\\007'; stty raw -echo; printf ready; exec cat",
];

/** A session that draws what the test writes, and a terminal that was always attached to it. */
async function drawing(
  daemon: TestDaemon,
): Promise<{ session: Session; always: AlwaysAttached; draw: (text: string) => Promise<void> }> {
  const session = await daemon.openCommand(DRAW, SIZE);
  const always = await AlwaysAttached.begin(daemon, session.id, SIZE);
  await always.recording.waitFor('ready');
  const input = await (await daemon.client()).openInput(session.id);
  return { session, always, draw: (text) => input.write(Buffer.from(text)) };
}

function someText(round: number): string {
  const long = 'x'.repeat((round * 37) % 300);
  return `\x1b[3${round % 8}m${round}世\t${long}\r\n\x1b[${(round % 24) + 1};${round + 1}H\x1b[${round % 2}J\x1b]2;title ${round}\x07`;
}

describe('a view', () => {
  test('that is opened at any moment is what a terminal is that was always there, then and later', async () => {
    await using daemon = await startDaemon();
    const { session, always, draw } = await drawing(daemon);
    const screens: ViewedScreen[] = [];
    for (let round = 0; round < 8; round += 1) {
      await draw(someText(round));
      screens.push(await ViewedScreen.open(await daemon.connect(), session.id));
      await draw(`between\x1b[?${[6, 1000, 1049, 25][round % 4]}h`);
      for (const screen of screens) await untilSame(always, screen);
    }
    for (const { starts } of screens) {
      expect(starts).toHaveLength(1);
      expect(starts[0]).toMatchObject({ incomplete: [], isReset: false });
    }
  });

  test('that joins and leads gives the session its size first; sizes come in their places', async () => {
    await using daemon = await startDaemon();
    const { session, always, draw } = await drawing(daemon);
    await draw(`${'wrapped '.repeat(30)}\r\n`);
    const viewport = { cols: 60, rows: 20 };
    const leader = await ViewedScreen.open(await daemon.connect(), session.id, { viewport });
    const other = await ViewedScreen.open(await daemon.connect(), session.id, {
      viewport: { cols: 100, rows: 40 },
    });
    await untilSame(always, leader);
    expect(leader.starts[0]).toMatchObject(viewport);
    expect([leader.view.leading, other.view.leading]).toEqual([true, false]);
    for (const cols of [61, 90, 33]) {
      leader.view.setViewport({ cols, rows: 18 });
      await draw(`at ${cols} or before it\r\n${'y'.repeat(100)}`);
      await untilSame(always, leader);
      await untilSame(always, other);
    }
    await eventually('the size is the last one', async () => (await daemon.get(session)).cols === 33);
  });

  test('goes on with exactly the missing bytes after an upgrade and a crash, and nothing is painted over', async () => {
    await using daemon = await startDaemon({ keeper: true });
    const { session, always, draw } = await drawing(daemon);
    await draw(someText(3));
    const screen = await ViewedScreen.open(await daemon.connect({ reconnect: true }), session.id);
    await untilSame(always, screen);
    await draw('before the upgrade');
    await upgrade(daemon);
    await draw('\x1b[44mafter the upgrade');
    await untilSame(always, screen);
    await daemon.killServing();
    await draw('\r\nafter the crash');
    await untilSame(always, screen);
    expect(screen.starts).toHaveLength(1);
    expect(always.recording.gaps).toMatchObject([{ reason: 'crash' }]);
  });

  test('of a session that has written nothing costs no screen, nor does that of one that was just opened', async () => {
    await using daemon = await startDaemon();
    await daemon.client();
    const before = threadsOf(daemon);
    const silent = await daemon.openCommand(['/bin/cat']);
    const first = await ViewedScreen.open(await daemon.connect(), silent.id);
    const opened = await daemon.openCommand(['/bin/sh', '-c', 'printf opened; exec cat']);
    const second = await ViewedScreen.open(await daemon.connect(), opened.id, { begin: 'output' });
    await eventually('it has begun', () => second.offset === 'opened'.length);
    for (const { starts } of [first, second])
      expect(starts).toMatchObject([{ offset: 0, snapshot: undefined, incomplete: [] }]);
    expect(threadsOf(daemon)).toBe(before);
  });

  test('of a session that has exited is its last screen, and its end', async () => {
    await using daemon = await startDaemon();
    const session = await daemon.openCommand(['/bin/sh', '-c', 'printf "\\033[31mlast words"; exit 3']);
    await eventually('it has exited', async () => (await daemon.get(session)).state === 'exited');
    const screen = await ViewedScreen.open(await daemon.connect(), session.id);
    expect(await screen.exited()).toEqual({ code: 3 });
    expect(drawText(screen.emulator, { historyLines: 0 })).toBe(`last words\n${'\n'.repeat(23)}`);
    expect(screen.starts).toHaveLength(1);
  });
});

const FLOOD_LINES = 500_000;

/** Numbered lines, as fast as they are taken. */
async function flooding(
  daemon: TestDaemon,
): Promise<{ flood: Session; begin: () => Promise<void>; end: number }> {
  const gate = daemon.home.gate();
  const script = 'cat "$1" >/dev/null; exec seq -f %015.0f 1 "$2"';
  const command = ['/bin/sh', '-c', script, 'sh', gate.path, String(FLOOD_LINES)];
  return { flood: await daemon.openCommand(command, SIZE), begin: () => gate.open(), end: FLOOD_LINES * 17 };
}

/** What a terminal shows behind the flood, with all the lines that it keeps. */
function behindFlood(): string {
  const first = FLOOD_LINES - 1_000 - SIZE.rows + 2;
  const lines = Array.from({ length: FLOOD_LINES - first + 1 }, (_, index) => first + index);
  return `${lines.map((line) => String(line).padStart(15, '0')).join('\n')}\n\n`;
}

describe('in a flood', () => {
  test('one that joins in the middle ends with the same screen as one that was there, whoever leads', async () => {
    await using daemon = await startDaemon();
    const { flood, begin, end } = await flooding(daemon);
    const there = await ViewedScreen.open(await daemon.connect(), flood.id, { readOnly: true });
    await begin();
    const joined: ViewedScreen[] = [];
    for (const readOnly of [true, false, true]) {
      const { offset } = await daemon.get(flood);
      await eventually('the flood goes on', async () => (await daemon.get(flood)).offset > offset);
      joined.push(await ViewedScreen.open(await daemon.connect(), flood.id, { readOnly }));
    }
    const screens = [there, ...joined];
    await Promise.all(screens.map((screen) => screen.exited(60_000)));
    for (const { emulator } of screens)
      expect(drawText(emulator, { historyLines: 1_000 })).toBe(behindFlood());
    expect((await daemon.get(flood)).offset).toBe(end);
  }, 90_000);

  test('one that takes nothing for a while is told to reset, and ends with the same screen', async () => {
    await using daemon = await startDaemon();
    const { flood, begin, end } = await flooding(daemon);
    const screen = await ViewedScreen.open(await daemon.connect(), flood.id);
    screen.isStuck = true;
    await begin();
    await eventually(
      'the flood has left it behind',
      async () => (await daemon.get(flood)).offset === end,
      60_000,
    );
    screen.goOn();
    await screen.exited(30_000);
    expect(screen.starts.slice(1)).toMatchObject([{ isReset: true }]);
    expect(screen.starts[1]?.snapshot).toBeDefined();
    expect(drawText(screen.emulator, { historyLines: 1_000 })).toBe(behindFlood());
  }, 90_000);
});

describe('without a snapshot', () => {
  test('as from a daemon that knows none, what is kept is shown, and said to be incomplete', async () => {
    using file = new DaemonFile(released(RELEASES.at(0) ?? '').code);
    await showsWhatIsKept(file, 'E_UNKNOWN_REQUEST');
  });

  test('as from a daemon whose worker is missing, the same', async () => {
    using file = new DaemonFile(readFileSync(installation().daemonEntry));
    await showsWhatIsKept(file, 'E_INTERNAL');
  });
});

async function showsWhatIsKept(file: DaemonFile, code: string): Promise<void> {
  await using home = new TestHome({ installation: file.installation });
  await using daemon = await startDaemon({ home });
  const session = await daemon.openCommand(['/bin/sh', '-c', 'printf "\\033[31mkept"; exec cat']);
  await eventually('it has printed', async () => (await daemon.get(session)).offset > 0);
  const screen = await ViewedScreen.open(await daemon.connect(), session.id);
  await eventually('it is shown', () => drawText(screen.emulator, { historyLines: 0 }).startsWith('kept\n'));
  expect(screen.starts).toMatchObject([{ snapshot: undefined, failure: { code }, isReset: false }]);
}

function threadsOf({ pid }: TestDaemon): number {
  return readdirSync(`/proc/${pid}/task`).length;
}
