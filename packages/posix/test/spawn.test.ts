import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import koffi from 'koffi';
import { describe, expect, test } from 'vitest';
import {
  close,
  foregroundProcessGroup,
  isCloseOnExec,
  listProcesses,
  openAnonymous,
  openFilesSoftLimit,
  openPty,
  pipe,
  processEntry,
  setCloseOnExec,
  setWindowSize,
  socketPair,
  spawnOnTerminal,
  terminalDevice,
  windowSize,
} from '@holdfast/posix';
import { openDescriptors } from './kit/descriptors.ts';
import { onReactor } from './kit/on-reactor.ts';
import { defaults, Program, shell } from './kit/program.ts';
import { Scratch } from './kit/scratch.ts';

/** What a program on a terminal prints, without the carriage returns that the terminal adds. */
async function printed(
  argv: string[],
  options: ConstructorParameters<typeof Program>[2] = {},
): Promise<string> {
  return onReactor(async (reactor) => {
    await using program = new Program(reactor, argv, options);
    const { output } = await program.ended;
    return output.toString().replaceAll('\r\n', '\n');
  });
}

describe('a program on a terminal', () => {
  test('leads a session of its own, whose controlling terminal is the slave', async () => {
    await onReactor(async (reactor) => {
      await using program = shell(reactor, 'echo ready; read line');
      await program.until(/ready/);
      const entry = await processEntry(program.pid);
      expect(entry).toMatchObject({
        parent: process.pid,
        session: program.pid,
        group: program.pid,
        terminal: await terminalDevice(program.pty.slavePath),
        command: 'sh',
        isZombie: false,
      });
      expect(foregroundProcessGroup(program.pty.master)).toBe(program.pid);
      const { slavePath } = program.pty;
      const three = new Map([0, 1, 2].map((fd) => [fd, slavePath]));
      expect(openDescriptors(program.pid)).toEqual(three);
    });
  });

  test('sees the name, the size and the erasing of a UTF-8 terminal', async () => {
    await onReactor(async (reactor) => {
      const size = { cols: 133, rows: 41 };
      await using program = shell(reactor, 'tty; stty size; stty -a', { size });
      expect(windowSize(program.pty.master)).toEqual(size);
      const output = String((await program.ended).output);
      expect(output).toContain(`${program.pty.slavePath}\r\n41 133\r\n`);
      expect(output).toMatch(/ iutf8/);
    });
  });

  test('has the working folder, the arguments and the environment that were given, and no others', async () => {
    using scratch = new Scratch();
    const env = { PLAIN: '1', EMPTY: '', UNICODE: 'ü → 🚀', SPACES: ' a  b ', EQUALS: 'a=b' };
    expect(await printed(['/usr/bin/env'], { env })).toBe(
      'PLAIN=1\nEMPTY=\nUNICODE=ü → 🚀\nSPACES= a  b \nEQUALS=a=b\n',
    );
    expect(await printed(['/bin/sh', '-c', 'pwd -P'], { cwd: scratch.folder })).toBe(`${scratch.folder}\n`);
    const argv = ['-another name', '/proc/self/cmdline'];
    expect(await printed(argv, { file: '/bin/cat' })).toBe('-another name\0/proc/self/cmdline\0');
    expect(await printed(['/bin/sh', '-c', 'printf "<%s>" "$@"', 'sh', '', 'a b', 'ü\n'])).toBe(
      '<><a b><ü\n>',
    );
  });

  test('takes an environment of 1.5 MB, and of many variables', async () => {
    const large = Object.fromEntries(
      Array.from({ length: 15 }, (_, index) => [`V${index}`, 'x'.repeat(100_000)]),
    );
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`V${index}`, `${index}`]));
    const count = ['/usr/bin/wc', '-c', '/proc/self/environ'];
    const bytesOf = (env: object) =>
      Object.entries(env).reduce((sum, [name, value]) => sum + name.length + value.length + 2, 0);
    expect(await printed(count, { env: large })).toBe(`${bytesOf(large)} /proc/self/environ\n`);
    expect(await printed(count, { env: many })).toBe(`${bytesOf(many)} /proc/self/environ\n`);
  });

  test('has the given umask and soft limit of open files, and ours stay', async () => {
    const ours = { umask: process.umask(), limit: openFilesSoftLimit(process.pid) };
    const hard = ours.limit;
    const script = 'umask; ulimit -S -n; ulimit -H -n';
    const output = await printed(['/bin/sh', '-c', script], { umask: 0o027, openFilesLimit: 321 });
    expect(output).toBe(`0027\n321\n${hard}\n`);
    expect({ umask: process.umask(), limit: openFilesSoftLimit(process.pid) }).toEqual(ours);

    const more = await printed(['/bin/sh', '-c', 'ulimit -S -n'], { openFilesLimit: 2 ** 40 });
    expect(more).toBe(`${hard}\n`);
  });

  test('starts although we have more descriptors open than it may have', async () => {
    const opened = Array.from({ length: 100 }, () => fs.openSync('/dev/null', 'r'));
    try {
      // It inherits what our other threads need, and is cut down to its own an instant later.
      const script = 'until [ "$(ulimit -S -n)" = 64 ]; do :; done; ulimit -S -n';
      expect(await printed(['/bin/sh', '-c', script], { openFilesLimit: 64 })).toBe('64\n');
    } finally {
      opened.forEach((fd) => close(fd));
    }
  });

  test('has every signal at its default and none blocked, whatever we do with ours', async () => {
    const library = koffi.load('libc.so.6');
    const sigaddset = library.func('int sigaddset(void *, int)');
    const maskSignals = library.func('int pthread_sigmask(int, void *, void *)');
    const set = Buffer.alloc(128);
    const before = Buffer.alloc(128);
    sigaddset(set, os.constants.signals.SIGUSR2);
    sigaddset(set, os.constants.signals.SIGWINCH);
    maskSignals(0, set, before);
    const listener = () => undefined;
    process.on('SIGHUP', listener);
    try {
      const ours = signalFields(fs.readFileSync('/proc/thread-self/status', 'utf8'));
      expect(ours.SigIgn).toMatch(/1...$/); // Node ignores SIGPIPE
      expect(ours.SigBlk).not.toBe('0000000000000000');
      const theirs = signalFields(await printed(['/bin/cat', '/proc/self/status']));
      const none = '0000000000000000';
      expect(theirs).toEqual({ SigBlk: none, SigIgn: none, SigCgt: none });
    } finally {
      process.off('SIGHUP', listener);
      maskSignals(2, before, null);
    }
  });

  test('inherits no descriptor of ours, of whichever kind', async () => {
    using scratch = new Scratch();
    const server = net.createServer().listen(scratch.path('socket'));
    const ptys = Array.from({ length: 8 }, () => openPty({ cols: 80, rows: 24 }));
    const pipes = Array.from({ length: 8 }, () => pipe());
    const pairs = Array.from({ length: 8 }, () => socketPair('stream'));
    const files = Array.from({ length: 64 }, (_, index) => fs.openSync(scratch.path(`${index}`), 'w'));
    const memory = openAnonymous('test', 4096);
    const masters = ptys.map(({ master }) => master);
    const ours = [...masters, ...pipes.flatMap(Object.values), ...pairs.flat(), memory];
    // Not ours, but what we were started with: nothing marks it.
    const inherited = fs.openSync('/dev/null', 'r');
    setCloseOnExec(inherited, false);
    try {
      expect(ours.filter((fd) => !isCloseOnExec(fd))).toEqual([]);
      await onReactor(async (reactor) => {
        for (let count = 0; count < 2; count += 1) {
          // Not before it has begun: until then the loader has its libraries open.
          await using program = shell(reactor, 'echo ready; read line');
          await program.until(/ready/);
          expect([...openDescriptors(program.pid).keys()]).toEqual([0, 1, 2]);
        }
      });
    } finally {
      [...ours, ...files, inherited].forEach((fd) => close(fd));
      server.close();
    }
  });

  test('is told of a resize by SIGWINCH', async () => {
    await onReactor(async (reactor) => {
      await using program = shell(reactor, 'trap "stty size; exit 7" WINCH; echo ready; sleep 60 & wait');
      await program.until(/ready/);
      setWindowSize(program.pty.master, { cols: 99, rows: 55 });
      const { status, output } = await program.ended;
      expect(String(output)).toContain('55 99');
      expect(status).toEqual({ code: 7 });
    });
  });

  test('shows the process group of the job that it has put into the foreground', async () => {
    await onReactor(async (reactor) => {
      await using program = shell(reactor, `set -m; sh -c 'echo "<$$>"; read line'; echo back; read line`);
      const job = Number((await program.until(/<(\d+)>/))[1]);
      expect(job).not.toBe(program.pid);
      expect(foregroundProcessGroup(program.pty.master)).toBe(job);
      program.type('\n');
      await program.until(/back/);
      expect(foregroundProcessGroup(program.pty.master)).toBe(program.pid);
      program.type('\n');
      await program.ended;
      expect(foregroundProcessGroup(program.pty.master)).toBeUndefined();
    });
  });

  test('without "#!" is run by sh, with its arguments', async () => {
    using scratch = new Scratch();
    const script = scratch.path('a script');
    fs.writeFileSync(script, 'printf "<%s>" "$0" "$@"\n', { mode: 0o755 });
    expect(await printed([script, 'a b', ''])).toBe(`<${script}><a b><>`);
  });
});

describe('a program that cannot be started', () => {
  test.for<[string, (scratch: Scratch) => Partial<Parameters<typeof spawnOnTerminal>[0]>, string]>([
    ['does not exist', () => ({ file: '/nonexistent/program' }), 'ENOENT'],
    ['is no folder on the way', () => ({ file: '/etc/passwd/program' }), 'ENOTDIR'],
    ['is a folder', () => ({ file: '/etc' }), 'EACCES'],
    ['is not executable', (scratch) => ({ file: fileIn(scratch, 0o644) }), 'EACCES'],
    ['names an interpreter that does not exist', (scratch) => ({ file: fileIn(scratch, 0o755) }), 'ENOENT'],
    ['has a cwd that does not exist', () => ({ cwd: '/nonexistent' }), 'ENOENT'],
    ['has a cwd that is a file', () => ({ cwd: '/etc/passwd' }), 'ENOTDIR'],
    ['has an argument of 200 kB', () => ({ argv: ['/bin/true', 'x'.repeat(200_000)] }), 'E2BIG'],
    ['has a terminal that does not exist', () => ({ slavePath: '/dev/pts/nonexistent' }), 'ENOENT'],
  ])('since it %s', async ([, options, code]) => {
    using scratch = new Scratch();
    const pty = openPty({ cols: 80, rows: 24 });
    const given = { ...defaults(['/bin/true']), slavePath: pty.slavePath, ...options(scratch) };
    const before = openDescriptors();
    expect(() => spawnOnTerminal(given)).toThrow(expect.objectContaining({ name: 'PosixError', code }));
    expect(openDescriptors()).toEqual(before);
    close(pty.master);
    const children = (await listProcesses()).filter(({ parent }) => parent === process.pid);
    expect(children).toEqual([]);
  });
});

describe('how a program ended', () => {
  test('is its code, 0 to 255', async () => {
    await onReactor(async (reactor) => {
      const codes = Array.from({ length: 256 }, (_, code) => code);
      const seen: unknown[] = [];
      while (seen.length < codes.length) {
        const batch = codes.slice(seen.length, seen.length + 16);
        const programs = batch.map((code) => shell(reactor, `exit ${code}`));
        for (const program of programs) {
          seen.push((await program.ended).status);
          await program[Symbol.asyncDispose]();
        }
      }
      expect(seen).toEqual(codes.map((code) => ({ code })));
    });
  });

  test.for(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGKILL', 'SIGSEGV', 'SIGPIPE', 'SIGTERM', 'SIG42'])(
    'is the signal that killed it: %s',
    async (signal) => {
      await onReactor(async (reactor) => {
        const number = signal === 'SIG42' ? 42 : os.constants.signals[signal as NodeJS.Signals];
        await using program = shell(reactor, `ulimit -c 0; kill -${number} $$`);
        expect((await program.ended).status).toEqual({ signal });
      });
    },
  );
});

test('every byte of a program that writes 70,000 and exits at once arrives, 200 times', async () => {
  using scratch = new Scratch();
  const text = Array.from({ length: 70_000 }, (_, index) =>
    String.fromCharCode(97 + ((index * 7919) % 26)),
  ).join('');
  fs.writeFileSync(scratch.path('text'), text);
  await onReactor(async (reactor) => {
    const short: number[] = [];
    for (let run = 0; run < 200; run += 1) {
      await using program = new Program(reactor, ['/bin/cat', scratch.path('text')]);
      const { status, output } = await program.ended;
      expect(status).toEqual({ code: 0 });
      if (output.toString() !== text) short.push(output.length);
    }
    expect(short).toEqual([]);
  });
});

test('300 programs later no descriptor and no zombie is left', async () => {
  await onReactor(async (reactor) => {
    const before = openDescriptors();
    for (let run = 0; run < 300; run += 1) {
      await using program = new Program(reactor, ['/bin/true']);
      await program.ended;
    }
    expect(openDescriptors()).toEqual(before);
    expect((await listProcesses()).filter(({ parent }) => parent === process.pid)).toEqual([]);
  });
});

function signalFields(status: string): Record<string, string> {
  return Object.fromEntries(
    [...status.matchAll(/^(Sig(?:Blk|Ign|Cgt)):\s*([0-9a-f]+)$/gm)].map((match) => [match[1], match[2]]),
  );
}

function fileIn(scratch: Scratch, mode: number): string {
  const file = scratch.path('program');
  fs.writeFileSync(file, '#!/nonexistent/interpreter\n', { mode });
  return file;
}
