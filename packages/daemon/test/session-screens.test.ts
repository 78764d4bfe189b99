import fs from 'node:fs';
import { differences, Emulators } from '@holdfast/screen';
import { ScreenRecording } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { History } from '../src/history/history.ts';
import type { Followed, HistorySource } from '../src/screen/messages.ts';
import { HistoryFile } from '../src/screen/worker/history-file.ts';
import type { SessionScreen } from '../src/screen/worker/session-screen.ts';
import { SessionScreens } from '../src/screen/worker/session-screens.ts';
import { numbered, record } from './kit/histories.ts';
import { Scratch } from './kit/scratch.ts';

const MIB = 1024 * 1024;
const size = { cols: 80, rows: 24 };
const emulators = new Emulators();

/** A history with its screen, as daemon and worker have them. */
class Scene implements Disposable {
  readonly #scratch = new Scratch();
  readonly history: History;
  screens = new SessionScreens(emulators);

  constructor(capacity: number, { isInMemory = false, begin = 0 } = {}) {
    this.history = isInMemory
      ? History.withoutFiles(capacity, begin)
      : History.create(this.#scratch.folder, capacity, begin);
    this.history.marks.size(begin, size.cols, size.rows);
  }

  write(text: string | Uint8Array): void {
    record(this.history, Buffer.from(text as string));
  }

  look(sizeNow = size, id = 'session'): SessionScreen {
    return this.screens.look({ id, history: this.#source, capacity: this.history.capacity, ...sizeNow });
  }

  /** Nobody looks. */
  follow(isFlood = false): Followed {
    const session = { id: 'session', history: this.#source, capacity: this.history.capacity, ...size };
    return this.screens.follow(session, { isFlood, upTo: this.history.end, goesOn: false });
  }

  file(): HistoryFile {
    return new HistoryFile(this.#source, this.history.capacity);
  }

  get checkpoint(): string {
    return this.#scratch.path('screen');
  }

  get #source(): HistorySource {
    return this.history.descriptors ?? { folder: this.#scratch.folder };
  }

  [Symbol.dispose](): void {
    this.history.close();
    this.#scratch[Symbol.dispose]();
  }
}

function rowsOf({ emulator }: SessionScreen): string[] {
  const { active } = emulator.terminal.buffer;
  return Array.from({ length: emulator.rows }, (_, row) =>
    active.getLine(active.viewportY + row)?.translateToString(true),
  ).map((text) => text ?? '');
}

function lines(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}\r\n`).join('');
}

describe('a screen that is looked at now and then', () => {
  test.each(ScreenRecording.all().map((recording) => [recording.name, recording] as const))(
    'is that of a terminal that was always there: %s',
    (_name, recording) => {
      const begin = recording.sizeAt(0);
      using scene = new Scene(4 * MIB);
      scene.history.marks.size(0, begin.cols, begin.rows);
      using always = emulators.open(begin);
      let shown = 0;
      let at = 0;
      for (let look = 1; look <= 12; look += 1) {
        const to = Math.floor((recording.bytes.length * look ** 2) / 144);
        for (; at < to; at += 1_000) {
          const next = Math.min(at + 1_000, to);
          for (const resize of recording.resizesBetween(at, next)) {
            scene.write(recording.bytes.subarray(scene.history.end, resize.offset));
            scene.history.marks.size(resize.offset, resize.cols, resize.rows);
          }
          scene.write(recording.bytes.subarray(scene.history.end, next));
        }
        at = to;
        // Now and then it is not kept, and made anew: from the beginning, or where it was.
        if (look % 4 === 2) scene.screens.saveAll();
        if (look % 4 === 0) fs.rmSync(scene.checkpoint, { force: true });
        if (look % 2 === 0) scene.screens = new SessionScreens(emulators);
        const screen = scene.look(recording.sizeAt(to));
        expect(screen.offset).toBeLessThanOrEqual(to);
        recording.play(always, shown, screen.offset);
        shown = screen.offset;
        expect(differences(always, screen.emulator)).toEqual([]);
        expect(screen.doubts).toEqual([]);
      }
    },
  );

  test('is exact behind 10 MiB in a history of 64 KiB, whoever makes it being killed at any time', {
    timeout: 120_000,
  }, () => {
    const recording = ScreenRecording.endless(ScreenRecording.all(), 10 * MIB);
    using scene = new Scene(64 * 1024);
    using always = emulators.open(size);
    let shown = 0;
    let looks = 0;
    for (let at = 0; at < recording.bytes.length; looks += 1) {
      // Not a divisor of anything: it stops within sequences. Before the last checkpoint's output has left the history.
      const to = Math.min(at + 9_973, recording.bytes.length);
      for (const resize of recording.resizesBetween(at - 1, to - 1)) {
        scene.write(recording.bytes.subarray(scene.history.end, resize.offset));
        scene.history.marks.size(resize.offset, resize.cols, resize.rows);
      }
      scene.write(recording.bytes.subarray(scene.history.end, to));
      at = to;
      if (looks % 5 === 4) scene.screens = new SessionScreens(emulators);
      const screen = scene.look(recording.sizeAt(to - 1));
      recording.play(always, shown, screen.offset);
      shown = screen.offset;
      if (looks % 5 !== 4 && looks % 50 !== 0) continue;
      expect(differences(always, screen.emulator)).toEqual([]);
      expect(screen.doubts).toEqual([]);
    }
    expect(looks).toBeGreaterThan(1_000);
  });

  test('is made from a history without files, too', () => {
    using scene = new Scene(64 * 1024, { isInMemory: true });
    scene.write('\x1b[1mfrom memory');
    expect(rowsOf(scene.look())[0]).toBe('from memory');
  });

  test('stands before a sequence and a character that are half there', () => {
    using scene = new Scene(64 * 1024);
    scene.write(`text\x1b[3`);
    expect(scene.look().offset).toBe(4);
    scene.write(Buffer.from('1mred世').subarray(0, -1));
    expect(scene.look().offset).toBe('text\x1b[31mred'.length);
    scene.write(Buffer.from('世').subarray(-1));
    const screen = scene.look();
    expect(screen.offset).toBe(scene.history.end);
    expect(rowsOf(screen)[0]).toBe('textred世');
  });
});

test('a resize within a sequence comes when that is complete', () => {
  using scene = new Scene(64 * 1024);
  scene.write('text\x1b[3');
  scene.history.marks.size(7, 80, 24);
  scene.history.marks.size(7, 100, 30);
  const sizeNow = { cols: 100, rows: 30 };
  expect(scene.look(sizeNow)).toMatchObject({ offset: 4, size });
  scene.write('1mred');
  const screen = scene.look(sizeNow);
  expect(screen).toMatchObject({ offset: 12, size: sizeNow });
  expect(rowsOf(screen)[0]).toBe('textred');
});

describe('a history that has wrapped', () => {
  test('gives what there is, from the beginning of a line, and says so', () => {
    using scene = new Scene(64 * 1024);
    scene.write(`\x1b[?2004h${lines(0, 20_000)}`);
    const screen = scene.look();
    expect(screen.doubts).toEqual(['history']);
    const { end } = scene.history;
    expect(screen.gap?.from).toBe(0);
    // What is kept begins in the middle of a line.
    expect(screen.gap?.to).toBeGreaterThanOrEqual(end - 64 * 1024);
    expect(screen.gap?.to).toBeLessThan(end - 64 * 1024 + 12);
    expect(rowsOf(screen).slice(-3)).toEqual(['line 19998', 'line 19999', '']);
    expect(screen.emulator.terminal.modes.bracketedPasteMode).toBe(false);
  });

  test.each([
    ['line', '\r\n', ''],
    ['sequence', '', '\x1b[m'],
  ])('is shown from the first whole %s on', (_what, end, begin) => {
    using scene = new Scene(64 * 1024);
    const piece = `${begin}begin${'x'.repeat(70)}end${end}`;
    scene.write(piece.repeat(2_000).slice(0, -1));
    const first = scene.look().emulator.terminal.buffer.active.getLine(0)?.translateToString(true);
    expect(first).toMatch(/^beginx+end/);
  });

  test('is no loss to a screen that was looked at in time', () => {
    using scene = new Scene(64 * 1024);
    scene.write('\x1b[?2004h');
    for (let at = 0; at < 20_000; at += 2_000) {
      scene.write(lines(at, at + 2_000));
      scene.look();
    }
    const screen = scene.look();
    expect(screen.doubts).toEqual([]);
    expect(screen.emulator.terminal.modes.bracketedPasteMode).toBe(true);
  });

  test('goes on behind what a screen has missed', () => {
    using scene = new Scene(64 * 1024);
    scene.write('\x1b[?2004h');
    const { offset } = scene.look();
    scene.write(lines(0, 20_000));
    const screen = scene.look();
    expect(screen.doubts).toEqual(['history']);
    expect(screen.gap?.from).toBe(offset);
    expect(screen.emulator.terminal.modes.bracketedPasteMode).toBe(true);
    expect(rowsOf(screen).at(-2)).toBe('line 19999');
    scene.write('\x1bc');
    expect(scene.look()).toMatchObject({ doubts: [], gap: undefined });
  });

  test('is read as far as it is still what it was', () => {
    using scene = new Scene(64 * 1024);
    scene.write(numbered(0, 100_000));
    using file = scene.file();
    const { start, end } = file.range();
    expect([start, end]).toEqual([100_000 - 64 * 1024, 100_000]);
    scene.write(numbered(100_000, 20_000));
    const { from, bytes } = file.read(start, end);
    expect(from).toBe(start + 20_000);
    expect(bytes.equals(numbered(from, end - from))).toBe(true);
    scene.write(numbered(120_000, 200_000));
    expect(file.read(start, end).bytes).toHaveLength(0);
    expect(file.newest(start, 1_000)).toEqual({ from: 319_000, bytes: numbered(319_000, 1_000) });
  });
});

test('of a large history that nobody has looked at, the modes are known, and the newest part is shown', () => {
  using scene = new Scene(16 * MIB);
  scene.write(`\x1b[?2004h\x1b]2;title\x07${lines(0, 900_000)}`);
  expect(scene.history.end).toBeGreaterThan(8 * MIB);
  const screen = scene.look();
  expect(screen.doubts).toEqual(['skimmed']);
  expect(screen.gap).toMatchObject({ from: 0 });
  expect(screen.gap?.to).toBeGreaterThanOrEqual(scene.history.end - 4 * MIB);
  expect(screen.emulator.terminal.modes.bracketedPasteMode).toBe(true);
  expect(screen.emulator.tracked.title).toBe('title');
  expect(rowsOf(screen).at(-2)).toBe('line 899999');
});

describe('marks', () => {
  test('of a crash put what is shown in doubt', () => {
    using scene = new Scene(64 * 1024);
    scene.write('before');
    expect(scene.look().doubts).toEqual([]);
    scene.history.markCrash();
    scene.write(' after');
    expect(scene.look().doubts).toEqual(['crash']);
  });

  test('of a crash count at the offset of a checkpoint that was made before it', () => {
    using scene = new Scene(64 * 1024);
    scene.write('text');
    expect(scene.look().doubts).toEqual([]);
    scene.screens.saveAll();
    scene.screens = new SessionScreens(emulators);
    scene.history.markCrash();
    expect(scene.look().doubts).toEqual(['crash']);
  });

  test('of sizes with nothing between them are gone through one by one', () => {
    using scene = new Scene(64 * 1024);
    using always = emulators.open(size);
    scene.write(lines(0, 500));
    always.feed(Buffer.from(lines(0, 500)));
    for (let cols = 79; cols > 3; cols -= 1) {
      scene.history.marks.size(scene.history.end, cols, 24);
      always.resize({ cols, rows: 24 });
    }
    const screen = scene.look({ cols: 4, rows: 24 });
    expect(differences(always, screen.emulator)).toEqual([]);
    expect(screen.doubts).toEqual([]);
  });

  test('of sizes without end and with nothing between them take no longer than a moment, and the last one holds', () => {
    using scene = new Scene(1 * MIB);
    scene.write(`${'x'.repeat(500)}\r\n`.repeat(1_000));
    for (let time = 0; time < 1_300; time += 1)
      scene.history.marks.size(scene.history.end, 1_000 - (time % 2) * 900, 200);
    scene.history.marks.size(scene.history.end, 90, 30);
    const begin = performance.now();
    const screen = scene.look({ cols: 90, rows: 30 });
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(screen).toMatchObject({ size: { cols: 90, rows: 30 }, doubts: ['size'] });
    // The same size again and again is none.
    using still = new Scene(64 * 1024);
    for (let time = 0; time < 1_300; time += 1) still.history.marks.size(0, 1_000, 500);
    expect(still.look({ cols: 1_000, rows: 500 }).doubts).toEqual([]);
  });

  test('of sizes that are gone leave the size before the first that is kept', () => {
    using scene = new Scene(64 * 1024);
    for (let row = 0; row < 3_000; row += 1) scene.history.marks.size(0, 90, 30);
    scene.write('x'.repeat(85));
    scene.history.marks.size(85, 90, 30);
    scene.history.marks.size(85, 100, 30);
    const screen = scene.look({ cols: 100, rows: 30 });
    expect(screen.size).toEqual({ cols: 100, rows: 30 });
    expect(rowsOf(screen)[0]).toBe('x'.repeat(85));
    expect(screen.doubts).toEqual(['size']);
  });

  test('that say nothing of a size leave the one that it has now', () => {
    using scene = new Scene(64 * 1024);
    for (let row = 0; row < 3_000; row += 1) scene.history.marks.crash(0);
    scene.write('x'.repeat(85));
    const screen = scene.look({ cols: 90, rows: 10 });
    expect(rowsOf(screen)).toEqual(['x'.repeat(85), ...Array.from({ length: 9 }, () => '')]);
    expect(screen.doubts).toContain('size');
  });
});

test('an output that does not begin at 0, since an earlier history was lost, is shown and in doubt', () => {
  using scene = new Scene(64 * 1024, { begin: 2 ** 44 });
  scene.write('new');
  const screen = scene.look();
  expect(screen.offset).toBe(2 ** 44 + 3);
  expect(rowsOf(screen)[0]).toBe('new');
  expect(screen.doubts).toEqual(['history']);
});

describe('a checkpoint', () => {
  test('carries what the history has no longer, across the end of whoever has made it', () => {
    using scene = new Scene(64 * 1024);
    scene.write('\x1b[?2004h\x1b]2;title\x07');
    using always = emulators.open(size);
    let shown = 0;
    const written = [Buffer.from('\x1b[?2004h\x1b]2;title\x07')];
    for (let at = 0; at < 20_000; at += 2_000) {
      written.push(Buffer.from(lines(at, at + 2_000)));
      scene.write(lines(at, at + 2_000));
      scene.look();
      // Killed: nobody saves anything at the end.
      if (at % 4_000 === 0) scene.screens = new SessionScreens(emulators);
    }
    const screen = scene.look();
    always.feed(Buffer.concat(written).subarray(shown, screen.offset));
    shown = screen.offset;
    expect(differences(always, screen.emulator)).toEqual([]);
    expect(screen.doubts).toEqual([]);
  });

  test('is made of a screen that makes room for others', () => {
    using scene = new Scene(64 * 1024);
    scene.write('text');
    for (let session = 0; session < 65; session += 1) scene.look(size, String(session));
    expect(fs.statSync(scene.checkpoint).mode & 0o777).toBe(0o600);
  });

  test('does not forget what is in doubt', () => {
    using scene = new Scene(64 * 1024);
    scene.write(lines(0, 20_000));
    const { doubts, gap } = scene.look();
    expect(doubts).toEqual(['history']);
    scene.screens.saveAll();
    scene.screens = new SessionScreens(emulators);
    expect(scene.look()).toMatchObject({ doubts, gap });
  });

  test('of a state that it can not carry puts it in doubt', () => {
    using scene = new Scene(64 * 1024);
    // The second half of a wide character, alone.
    scene.write('世\x1b[2G\x1b[@');
    expect(scene.look().doubts).toEqual([]);
    scene.screens.saveAll();
    scene.screens = new SessionScreens(emulators);
    expect(scene.look().doubts).toEqual(['unrepresented']);
  });

  test('has the size that was set there last', () => {
    using scene = new Scene(64 * 1024);
    scene.write('text');
    scene.look();
    scene.screens.saveAll();
    scene.history.marks.size(4, 80, 24);
    scene.history.marks.size(4, 100, 30);
    scene.screens = new SessionScreens(emulators);
    expect(scene.look({ cols: 100, rows: 30 })).toMatchObject({ size: { cols: 100, rows: 30 }, doubts: [] });
  });

  test('that has seen more marks than there are is not used', () => {
    using scene = new Scene(64 * 1024);
    using other = new Scene(64 * 1024);
    other.history.marks.size(0, 80, 25);
    other.write('other');
    other.look();
    other.screens.saveAll();
    fs.renameSync(other.checkpoint, scene.checkpoint);
    scene.write('mine.');
    expect(rowsOf(scene.look())[0]).toBe('mine.');
  });

  test.each([
    ['is damaged', (file: string) => fs.truncateSync(file, 50)],
    ['is of another version', (file: string) => fs.writeFileSync(file, fs.readFileSync(file).fill(9, 4, 5))],
    ['is a folder', (file: string) => fs.rmSync(file) ?? fs.mkdirSync(file)],
  ])('that %s is as good as none', (_what, spoil) => {
    using scene = new Scene(64 * 1024);
    scene.write('text');
    scene.look();
    scene.screens.saveAll();
    spoil(scene.checkpoint);
    scene.screens = new SessionScreens(emulators);
    scene.write(' and more');
    const screen = scene.look();
    expect(rowsOf(screen)[0]).toBe('text and more');
    expect(screen.doubts).toEqual([]);
    scene.screens.saveAll();
  });

  test('of an output that is none of this history is not used', () => {
    using scene = new Scene(64 * 1024, { begin: 2 ** 44 });
    using other = new Scene(64 * 1024);
    other.write('other');
    other.look();
    other.screens.saveAll();
    fs.renameSync(other.checkpoint, scene.checkpoint);
    scene.write('mine');
    expect(rowsOf(scene.look())[0]).toBe('mine');
  });
});

describe('a screen that nobody looks at', () => {
  test('is exact behind 10 MiB in a history of 64 KiB, whoever makes it being killed at any time', {
    timeout: 120_000,
  }, () => {
    const { bytes } = ScreenRecording.endless(ScreenRecording.all(), 10 * MIB);
    using scene = new Scene(64 * 1024);
    using always = emulators.open(size);
    let shown = 0;
    for (let at = 0; at < bytes.length; ) {
      // Half a history, and what comes while it is shown.
      const to = Math.min(at + 32 * 1024 + (at % 20_011), bytes.length);
      scene.write(bytes.subarray(at, to));
      at = to;
      scene.screens = new SessionScreens(emulators);
      expect(scene.follow()).toMatchObject({ isBehind: false });
      if (to < bytes.length && to % 7 > 0) continue;
      const { emulator, offset, doubts } = scene.look();
      always.feed(bytes.subarray(shown, offset));
      shown = offset;
      expect(differences(always, emulator)).toEqual([]);
      expect(doubts).toEqual([]);
    }
  });

  test.each([
    { what: 'that is known to be one', isFlood: true, more: 100 },
    { what: 'that has nearly left the history already', isFlood: false, more: 5_500 },
  ])('takes of a flood $what what it sets, and shows its end to who looks', ({ isFlood, more }) => {
    using scene = new Scene(64 * 1024);
    scene.write(`\x1b[?2004h\x1b]2;title\x07first line\r\n${lines(0, 2_000)}`);
    expect(scene.follow()).toMatchObject({ isBehind: false });
    let line = 2_000;
    for (let round = 0; round < 20; round += 1) {
      scene.write(`\x1b[?100${round % 5}h${lines(line, line + (round === 0 ? more : 1_500))}`);
      line += round === 0 ? more : 1_500;
      const { isBehind, offset } = scene.follow(isFlood || round > 0);
      expect(isBehind).toBe(true);
      expect(scene.history.end - offset).toBeLessThanOrEqual(20 * 1024);
    }
    const screen = scene.look();
    expect(screen.doubts).toEqual(['skimmed']);
    expect(screen.emulator.terminal.modes.bracketedPasteMode).toBe(true);
    expect(screen.emulator.tracked.title).toBe('title');
    expect(rowsOf(screen).at(-2)).toBe(`line ${line - 1}`);
  });

  test('is followed where it is no flood any more', () => {
    using scene = new Scene(64 * 1024);
    scene.write(lines(0, 4_000));
    expect(scene.follow(true)).toMatchObject({ isBehind: true });
    scene.write(lines(4_000, 5_000));
    expect(scene.follow()).toMatchObject({ isBehind: false, offset: scene.history.end });
  });

  test('is shown long output in pieces, and saved before the history has its beginning no longer', () => {
    using scene = new Scene(8 * MIB);
    using always = emulators.open(size);
    const { bytes } = ScreenRecording.endless(ScreenRecording.all(), 10 * 256 * 1024);
    scene.write(bytes);
    let followed = scene.follow();
    let piece = 1;
    for (; followed.hasMore; piece += 1) {
      expect(followed.isBehind).toBe(false);
      expect(followed.offset).toBeGreaterThan((piece - 1) * 256 * 1024);
      expect(followed.offset).toBeLessThanOrEqual(piece * 256 * 1024);
      // After 2 MiB.
      expect(fs.existsSync(scene.checkpoint)).toBe(followed.offset >= 2 * MIB || piece > 8);
      followed = scene.follow();
    }
    expect(piece).toBeGreaterThanOrEqual(10);
    expect(scene.history.end - followed.offset).toBeLessThan(256 * 1024);
    const { emulator, offset } = scene.look();
    always.feed(bytes.subarray(0, offset));
    expect(differences(always, emulator)).toEqual([]);
  });

  test('is shown no more than a sequence that is longer than a piece, and then goes on in pieces', () => {
    using scene = new Scene(8 * MIB);
    scene.write(`\x1b]1337;${'x'.repeat(300 * 1024)}\x07${lines(0, 200_000)}`);
    const { hasMore, offset } = scene.follow();
    expect(hasMore).toBe(true);
    expect(offset).toBeGreaterThan(300 * 1024);
    expect(offset).toBeLessThanOrEqual(600 * 1024);
    while (scene.follow().hasMore);
    expect(rowsOf(scene.look()).at(-2)).toBe('line 199999');
  });

  test('does not stop at a sequence that is longer than what is shown at once', () => {
    using scene = new Scene(64 * 1024);
    scene.write(`text\x1b]2;${'x'.repeat(30_000)}\x07more`);
    expect(scene.follow()).toMatchObject({ isBehind: false, offset: scene.history.end });
  });
});

test('what was in doubt is not any more when the program has reset its terminal, and is again by what comes then', () => {
  using scene = new Scene(64 * 1024);
  scene.write(`\x1b[?2004h${lines(0, 20_000)}`);
  scene.history.markCrash();
  expect(scene.look().doubts).toEqual(['history', 'crash']);
  scene.write('\x1b[31mred\x1bcreset');
  using always = emulators.open(size);
  always.feed(Buffer.from('\x1b[?2004htext\x1bcreset'));
  const { doubts, emulator } = scene.look();
  expect(doubts).toEqual([]);
  expect(differences(always, emulator)).toEqual([]);
  scene.history.markCrash();
  scene.write('more');
  expect(scene.look().doubts).toEqual(['crash']);
});

test('screens that were not looked at for long are not kept', () => {
  using scene = new Scene(64 * 1024);
  scene.write('text');
  for (let session = 0; session < 100; session += 1) scene.look(size, String(session));
  expect(scene.screens.count).toBe(64);
  // 20 terminals as large as a wall are more cells than are kept.
  scene.history.marks.size(scene.history.end, 1_000, 500);
  for (let session = 0; session < 20; session += 1) scene.look({ cols: 1_000, rows: 500 }, `wall ${session}`);
  expect(scene.screens.count).toBeLessThan(20);
});
