import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  close,
  endOfFileCharacter,
  foregroundProcessGroup,
  isCloseOnExec,
  isNonBlocking,
  isTerminal,
  leaveRaw,
  makeRaw,
  openPty,
  pipe,
  READABLE,
  type Reactor,
  read,
  reopenNonBlocking,
  setNonBlocking,
  setWindowSize,
  socketPair,
  WOULD_BLOCK,
  windowSize,
  write,
} from '@holdfast/posix';
import { openDescriptors } from './kit/descriptors.ts';
import { onReactor } from './kit/on-reactor.ts';
import { shell } from './kit/program.ts';
import { Scratch } from './kit/scratch.ts';

/** Both ends of a terminal in one process. The slave blocks, as a shell's does. */
class Terminal {
  readonly master: number;
  readonly slavePath: string;
  readonly slave: number;

  constructor() {
    const { master, slavePath } = openPty({ cols: 80, rows: 24 });
    this.master = master;
    this.slavePath = slavePath;
    this.slave = fs.openSync(slavePath, fs.constants.O_RDWR | fs.constants.O_NOCTTY);
  }

  stty(...parameters: string[]): string {
    return execFileSync('stty', ['-F', this.slavePath, ...parameters], { encoding: 'utf8' });
  }

  [Symbol.dispose](): void {
    close(this.slave);
    close(this.master);
  }
}

/** Reads from `fd` until that many bytes are there. */
function readFully(reactor: Reactor, fd: number, byteCount: number): Promise<Buffer> {
  const all = Buffer.alloc(byteCount);
  let filled = 0;
  return new Promise((resolve) => {
    const watch = reactor.watch(fd, READABLE, () => {
      const count = read(fd, all, filled, byteCount - filled);
      if (count !== WOULD_BLOCK) filled += count;
      if (filled < byteCount) return;
      watch.close();
      resolve(all);
    });
  });
}

test('a master is a terminal, non-blocking and close-on-exec, and knows its size', () => {
  using terminal = new Terminal();
  expect(isTerminal(terminal.master)).toBe(true);
  expect(isNonBlocking(terminal.master)).toBe(true);
  expect(isCloseOnExec(terminal.master)).toBe(true);
  expect(windowSize(terminal.slave)).toEqual({ cols: 80, rows: 24 });
  setWindowSize(terminal.master, { cols: 65_535, rows: 1 });
  expect(windowSize(terminal.slave)).toEqual({ cols: 65_535, rows: 1 });
  expect(foregroundProcessGroup(terminal.master)).toBeUndefined();
});

test('what is no terminal says so', () => {
  const [one, other] = socketPair('stream');
  expect(isTerminal(one)).toBe(false);
  expect(() => windowSize(one)).toThrow(expect.objectContaining({ code: 'ENOTTY' }));
  expect(() => makeRaw(one)).toThrow(expect.objectContaining({ code: 'ENOTTY' }));
  expect(foregroundProcessGroup(one)).toBeUndefined();
  close(one);
  close(other);
});

describe('raw mode', () => {
  test('is what cfmakeraw makes of it, and leaves what it was', () => {
    using terminal = new Terminal();
    const cooked = terminal.stty('-g');
    const mode = makeRaw(terminal.slave);
    const raw = terminal.stty('-a');
    const off =
      'ignbrk brkint parmrk istrip inlcr igncr icrnl ixon opost echo echonl icanon isig iexten parenb';
    for (const flag of off.split(' ')) expect(raw).toMatch(new RegExp(`(^|\\s)-${flag}[\\s;]`, 'm'));
    expect(raw).toMatch(/\scs8[\s;]/);
    expect(raw).toMatch(/\siutf8[\s;]/);
    expect(raw).toMatch(/min = 1; time = 0;/);
    leaveRaw(terminal.slave, mode);
    expect(terminal.stty('-g')).toBe(cooked);
  });

  test('is not left for what it was before, where somebody else has changed it since', () => {
    using terminal = new Terminal();
    terminal.stty('-echo');
    const mode = makeRaw(terminal.slave);
    terminal.stty('sane');
    const changed = terminal.stty('-g');
    leaveRaw(terminal.slave, mode);
    expect(terminal.stty('-g')).toBe(changed);
  });

  test('passes all 256 bytes both ways', async () => {
    await onReactor(async (reactor) => {
      using terminal = new Terminal();
      makeRaw(terminal.slave);
      const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      for (const [from, to] of [
        [terminal.master, terminal.slave],
        [terminal.slave, terminal.master],
      ] as const) {
        const arrived = readFully(reactor, to, all.length);
        expect(write(from, all)).toBe(all.length);
        expect(new Uint8Array(await arrived)).toEqual(all);
      }
    });
  });
});

test('the end-of-file character is that of the terminal in canonical mode, and none in raw mode', () => {
  using terminal = new Terminal();
  expect(endOfFileCharacter(terminal.master)).toBe(4);
  terminal.stty('eof', '^X');
  expect(endOfFileCharacter(terminal.master)).toBe(0x18);
  terminal.stty('eof', 'undef');
  expect(endOfFileCharacter(terminal.master)).toBeUndefined();
  terminal.stty('eof', '^D');
  const mode = makeRaw(terminal.slave);
  expect(endOfFileCharacter(terminal.master)).toBeUndefined();
  leaveRaw(terminal.slave, mode);
  expect(endOfFileCharacter(terminal.master)).toBe(4);
});

test('the end-of-file character ends the input of a program', async () => {
  await onReactor(async (reactor) => {
    await using program = shell(reactor, 'stty eof ^X; echo ready; cat; echo ended');
    await program.until(/ready/);
    const character = endOfFileCharacter(program.pty.master);
    program.type(`line\n${String.fromCharCode(character ?? 0)}`);
    expect(String((await program.ended).output)).toMatch(/line\r\nline\r\nended\r\n$/);
  });
});

test('erasing in canonical mode takes a whole UTF-8 character', async () => {
  await onReactor(async (reactor) => {
    await using program = shell(reactor, 'stty -echo erase "^?"; echo ready; read line; echo "<$line>"');
    await program.until(/ready/);
    program.type('aü\x7fb\n');
    await program.until(/<ab>/);
  });
});

describe('a descriptor that is reopened without blocking', () => {
  test('leaves the flags of the given one alone: a terminal', async () => {
    await onReactor(async (reactor) => {
      using terminal = new Terminal();
      makeRaw(terminal.slave);
      const input = reopenNonBlocking(terminal.slave, 'read');
      const output = reopenNonBlocking(terminal.slave, 'write');
      expect([terminal.slave, input, output].map(isNonBlocking)).toEqual([false, true, true]);
      expect([input, output].map(isCloseOnExec)).toEqual([true, true]);
      expect(read(input, Buffer.alloc(1), 0, 1)).toBe(WOULD_BLOCK);
      const arrived = readFully(reactor, terminal.master, 2);
      write(output, Buffer.from('hi'));
      expect(String(await arrived)).toBe('hi');
      close(input);
      close(output);
    });
  });

  test('leaves the flags of the given one alone: a pipe', () => {
    const { read: end, write: start } = pipe();
    for (const fd of [end, start]) setNonBlocking(fd, false);
    const input = reopenNonBlocking(end, 'read');
    const output = reopenNonBlocking(start, 'write');
    expect([end, start, input, output].map(isNonBlocking)).toEqual([false, false, true, true]);
    write(output, Buffer.from('through'));
    const buffer = Buffer.alloc(16);
    expect(read(input, buffer, 0, 16)).toBe(7);
    [end, start, input, output].forEach((fd) => close(fd));
  });

  test('is a duplicate where nothing can be reopened: a socket, a regular file at its position', () => {
    using scratch = new Scratch();
    const [one, other] = socketPair('stream');
    setNonBlocking(one, false);
    const socket = reopenNonBlocking(one, 'read');
    expect([one, socket].map(isNonBlocking)).toEqual([false, false]);

    fs.writeFileSync(scratch.path('file'), 'abcdef');
    const file = fs.openSync(scratch.path('file'), 'r');
    const buffer = Buffer.alloc(6);
    read(file, buffer, 0, 3);
    const again = reopenNonBlocking(file, 'read');
    expect(read(again, buffer, 3, 3)).toBe(3);
    expect(String(buffer)).toBe('abcdef');
    [one, other, socket, file, again].forEach((fd) => close(fd));
  });
});

test('a terminal opened and closed 500 times leaves no descriptor', () => {
  const before = openDescriptors();
  for (let run = 0; run < 500; run += 1) {
    using terminal = new Terminal();
    expect(terminal.master).toBeGreaterThan(2);
  }
  expect(openDescriptors()).toEqual(before);
});
