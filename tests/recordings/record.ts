// Records what real programs write to a real terminal, for the tests of packages/screen:
//
//   node scripts/run-ts.mjs tests/recordings/record.ts [NAME…]
//
// A recording is a gzip file: one line of JSON (size, resizes by offset), then the bytes. What a program shows depends on the
// machine and the hour, so recordings are kept, and made again only to add a program.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { passTime, Terminal } from '@holdfast/testkit';
import { type Play, plays } from './plays.ts';

/** A program that has written nothing for so long waits for a key. */
const QUIET_MS = 250;
const PATIENCE_MS = 4000;
/** Programs see no other process and no name of this machine: neither belongs in a recording. Needs root. */
const ISOLATED = ['/usr/bin/unshare', '--pid', '--fork', '--mount-proc', '--uts', '/bin/sh', '-c'];
const ISOLATE = 'hostname box && exec "$@"';
/** Device attributes, position of the cursor, colours. */
const QUERIES = new RegExp(['\x1b\\[>?0?c', '\x1b\\[6n', '\x1b\\]1[01];\\?'].join('|'), 'g');
/** The most that is kept of one program. */
const MAX_BYTES = 400 * 1024;

const folder = import.meta.dirname;
const wanted = process.argv.slice(2);
const home = mkdtempSync('/tmp/home-');
try {
  mkdirSync(path.join(home, 'work'));
  for (const play of plays) {
    if (wanted.length > 0 && !wanted.includes(play.name)) continue;
    if (!existsSync(play.command[0] ?? '')) console.log(`${play.name}: ${play.command[0]} is missing`);
    else await record(play);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function record({ name, cols, rows, command, keys, env = {} }: Play): Promise<void> {
  const argv = [...ISOLATED, ISOLATE, 'sh', ...command];
  const terminal = new Terminal(
    {
      file: argv[0] ?? '',
      argv,
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        HOME: home,
        TERM: 'xterm-256color',
        COLORTERM: 'truecolor',
        LANG: 'C.UTF-8',
        USER: 'user',
        TMUX_TMPDIR: home,
        SCREENDIR: path.join(home, 'screens'),
        ...env,
      },
    },
    { size: { cols, rows }, cwd: path.join(home, 'work') },
  );
  const resizes: { offset: number; cols: number; rows: number }[] = [];
  let answered = 0;
  try {
    for (const key of [undefined, ...keys]) {
      if (typeof key === 'string') terminal.type(key);
      else if (key) {
        resizes.push({ offset: terminal.screen.length, cols: key[0], rows: key[1] });
        terminal.resize({ cols: key[0], rows: key[1] });
      }
      await quiet();
    }
  } finally {
    terminal[Symbol.dispose]();
  }
  const bytes = terminal.screen.bytes.subarray(0, MAX_BYTES);
  const header = { cols, rows, resizes: resizes.filter(({ offset }) => offset < bytes.length) };
  const packed = gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), bytes]), { level: 9 });
  writeFileSync(path.join(folder, `${name}.gz`), packed);
  console.log(`${name}: ${bytes.length} bytes, ${packed.length} packed`);

  async function quiet(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let seen = -1; seen !== terminal.screen.length && performance.now() < deadline; ) {
      seen = terminal.screen.length;
      answer();
      await passTime(QUIET_MS);
    }
  }

  /** A terminal answers what it is asked: programs wait for it. */
  function answer(): void {
    const text = terminal.screen.bytes.toString('latin1').slice(answered);
    answered = terminal.screen.length;
    for (const [query] of text.matchAll(QUERIES)) {
      if (query.endsWith('n')) terminal.type('\x1b[1;1R');
      else if (query.includes('>')) terminal.type('\x1b[>0;276;0c');
      else if (query.endsWith('c')) terminal.type('\x1b[?62;22c');
      else terminal.type(`\x1b]${query.slice(2, 4)};rgb:2020/2020/2020\x1b\\`);
    }
  }
}
