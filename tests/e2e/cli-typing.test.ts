import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { eventually, numberedLines, sha256 } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';

const DETACH = '\x1dd';

describe('what is typed ahead', () => {
  test('reaches a new session in order, from before the command has started on', async () => {
    await using home = new CliHome();
    const program =
      'echo ready; while read line && [ "$line" != end ]; do echo "$line"; done >got; echo over';
    const terminal = home.inTerminal(`$HF new -- sh -c '${program}'`);
    const lines: string[] = [];
    const { screen } = terminal;
    await eventually('the session', () => {
      lines.push(`line ${lines.length}`);
      terminal.type(`${lines.at(-1)}\r`);
      return screen.text.includes('ready');
    });
    terminal.type('end\r');
    await terminal.until('over');
    expect(await readFile(path.join(home.work, 'got'), 'utf8')).toBe(`${lines.join('\n')}\n`);
  });

  test('waits for a daemon that does not answer yet, and is typed before what comes after', async () => {
    await using home = new CliHome();
    await using slow = await SlowDaemon.before(home);
    await home.open('s', 'head -n 2 >got; echo over; exec cat');
    const terminal = home.inTerminal(`HOLDFAST_HOME=${slow.folder} $HF attach s`);
    await slow.isAsked;
    terminal.type('first\r');
    slow.answer();
    terminal.type('second\r');
    await terminal.until('over');
    expect(await readFile(path.join(home.work, 'got'), 'utf8')).toBe('first\nsecond\n');
    terminal.type(DETACH);
    await terminal.until('[detached from s');
  });
});

test('the detach keys work while the daemon does not answer', async () => {
  await using home = new CliHome();
  await using slow = await SlowDaemon.before(home);
  await home.do('new', '-d', '--name', 's', '--', 'cat');
  const terminal = home.inTerminal(
    `stty -g >before; HOLDFAST_HOME=${slow.folder} $HF attach s; echo code $?; stty -g | cmp - before && echo same`,
  );
  await slow.isAsked;
  terminal.type(DETACH);
  await terminal.until('[detached from s');
  await terminal.until('code 0');
  await terminal.until('same');
});

test('what comes in one piece with the detach keys, behind them, is said to be lost', async () => {
  await using home = new CliHome();
  const terminal = home.inTerminal('$HF new --name s -- sh -c "echo ready; head -n 1 >got; exec cat"');
  await terminal.until('ready');
  terminal.type(`typed\r${DETACH}ls\r`);
  await terminal.until('holdfast: 3 bytes that came right behind the detach keys are lost');
  await terminal.until('[detached from s');
  await eventually('what came before', async () => {
    const got = await readFile(path.join(home.work, 'got')).catch(() => ''); // ENOENT: the program is not there yet
    return String(got) === 'typed\n';
  });
});

describe('a paste that is larger than what the daemon takes at once', () => {
  const PASTE = numberedLines(0, 40_000);
  const reader = (gate: string) =>
    `stty raw -echo; echo ready; read go <${gate}; head -c ${PASTE.length} | sha256sum; sleep 1000`;

  test('is handed over after detaching, while the program reads it', async () => {
    await using home = new CliHome();
    const gate = home.gate();
    const terminal = home.inTerminal(`$HF new --name s -- sh -c '${reader(gate.path)}'; echo code $?`);
    await terminal.until('ready');
    await terminal.paste(Buffer.concat([PASTE, Buffer.from(DETACH)]));
    await terminal.until('[handing over what was typed; ctrl-c drops the rest]');
    await gate.open();
    expect(await terminal.until('[detached from s')).not.toContain('lost');
    await terminal.until('code 0');
    await home.do('wait', 's', '--output', sha256(PASTE), '--timeout', '10000');
  });

  test('is said to be lost, to the byte, if the program does not read it', async () => {
    await using home = new CliHome();
    const gate = home.gate();
    const program = `stty raw -echo; echo ready; read go <${gate.path}; exec cat >got`;
    const terminal = home.inTerminal(`$HF new --name s -- sh -c '${program}'`);
    await terminal.until('ready');
    await terminal.paste(Buffer.concat([PASTE, Buffer.from(DETACH)]));
    const said = await terminal.until('[detached from s');
    const lost = Number(/the last (\d+) bytes that were typed are lost/.exec(said)?.[1]);
    expect(lost).toBeGreaterThan(0);
    await gate.open();
    const kept = PASTE.subarray(0, PASTE.length - lost);
    await eventually('what is not lost', async () => {
      const got = await readFile(path.join(home.work, 'got')).catch(() => Buffer.alloc(0));
      return got.length === kept.length && got.equals(kept);
    });
  });

  test('is said to be lost, too, if a signal ends the viewer amid it', async () => {
    await using home = new CliHome();
    const gate = home.gate();
    const program = `stty raw -echo; echo ready; read go <${gate.path}`;
    const stop = path.join(home.work, 'stop');
    await home.do('new', '-d', '--name', 's', '--', 'sh', '-c', program);
    const terminal = home.inTerminal(`mkfifo ${stop}; (read x; kill -TERM $$) <${stop} & exec $HF attach s`);
    await terminal.until('ready');
    await terminal.paste(PASTE);
    await writeFile(stop, 'now\n');
    expect(await terminal.until('nobody has taken them')).toMatch(
      /the last [1-9]\d* bytes that were typed are lost/,
    );
    await gate.open();
  });
});

/** Stands before a daemon, in a home of its own, and lets no subscription through until it is told to. */
class SlowDaemon implements AsyncDisposable {
  readonly folder: string;
  readonly isAsked: Promise<void>;
  readonly #server: net.Server;
  readonly #socketPath: string;
  #answer: () => void = () => undefined;

  static async before(home: CliHome): Promise<SlowDaemon> {
    const slow = new SlowDaemon(home);
    await new Promise<void>((resolve) => slow.#server.listen(slow.#socketPath, resolve));
    return slow;
  }

  private constructor(home: CliHome) {
    this.folder = home.scratch('slow');
    const folder = path.join(this.folder, 'default');
    mkdirSync(folder, { mode: 0o700 });
    this.#socketPath = path.join(folder, path.basename(home.paths.socketPath));
    let asked: () => void = () => undefined;
    this.isAsked = new Promise((resolve) => {
      asked = resolve;
    });
    const answered = new Promise<void>((resolve) => {
      this.#answer = resolve;
    });
    this.#server = net.createServer((client) => {
      const daemon = net.connect(home.paths.socketPath);
      for (const socket of [client, daemon]) socket.on('error', () => undefined); // EPIPE: one of them has gone
      daemon.pipe(client);
      client.on('close', () => daemon.destroy());
      let held: Promise<void> = Promise.resolve();
      client.on('data', (bytes) => {
        if (bytes.includes('"subscribe"')) {
          asked();
          held = answered;
        }
        void held.then(() => daemon.write(bytes));
      });
    });
  }

  answer(): void {
    this.#answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#answer();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
