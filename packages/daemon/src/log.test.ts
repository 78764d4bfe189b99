import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Scratch } from '../test/kit/scratch.ts';
import { formatLine, LogFile } from './log.ts';

const MANY = 'x'.repeat(64 * 1024);

/** Beyond the size at which the log is renamed. */
async function fill(file: LogFile): Promise<void> {
  for (let count = 0; count < 90; count += 1) {
    file.log('filling', { MANY });
    await file.close();
  }
}

test('one event is one line: time, event, fields', async () => {
  using scratch = new Scratch();
  const file = new LogFile(scratch.path('log'));
  const { log } = file;
  log('session.opened', { session: 'abc', pid: 12, name: 'my build', exit: null, ok: true, none: undefined });
  log('daemon.stopped');
  await file.close();
  const [first, second, last] = fs.readFileSync(scratch.path('log'), 'utf8').split('\n');
  expect(first).toMatch(
    /^\d{4}-[\d-]+T[\d:.]+Z session\.opened session=abc pid=12 name="my build" exit=null ok=true$/,
  );
  expect(second).toMatch(/Z daemon\.stopped$/);
  expect(last).toBe('');
  expect(fs.statSync(scratch.path('log')).mode & 0o777).toBe(0o600);
});

const dangerous = fc.constantFrom(
  '\n',
  '\u001b',
  '\u007f',
  '\u009b',
  '\u2028',
  '\u202e',
  '\ud800',
  '"',
  '\\',
  ' ',
  '=',
);
const text = fc.string({
  unit: fc.oneof(dangerous, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
});

test('no value breaks its line, hides the next field, or sends anything to a terminal', () => {
  fc.assert(
    fc.property(text, (value) => {
      const line = formatLine('event', { value, next: 1 });
      // oxlint-disable-next-line no-control-regex -- what must not be there
      expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
      const [, quoted = ''] = /^\S+ event value=(.*) next=1\n$/.exec(line) ?? [];
      expect(quoted.startsWith('"') ? JSON.parse(quoted) : quoted).toBe(value);
    }),
    { numRuns: 500 },
  );
});

test('a log that has grown is renamed, and only one old one is kept', async () => {
  using scratch = new Scratch();
  const file = new LogFile(scratch.path('log'));
  for (let count = 0; count < 3; count += 1) await fill(file);
  file.log('last');
  await file.close();
  expect(fs.readdirSync(scratch.folder).toSorted()).toEqual(['log', 'log.1']);
  for (const name of ['log', 'log.1'])
    expect(fs.statSync(scratch.path(name)).size).toBeLessThan(5.2 * 1024 * 1024);
  expect(fs.readFileSync(scratch.path('log'), 'utf8')).toMatch(/last\n$/);
});

test('a log goes on where one was, and is renamed if that had grown already', async () => {
  using scratch = new Scratch();
  fs.writeFileSync(scratch.path('log'), 'old\n'.repeat(2 * 1024 * 1024));
  const file = new LogFile(scratch.path('log'));
  for (let count = 0; count < 3; count += 1) {
    file.log('new');
    await file.close();
  }
  expect(fs.readdirSync(scratch.folder).toSorted()).toEqual(['log', 'log.1']);
  expect(fs.statSync(scratch.path('log')).size).toBeLessThan(1_000);
});

test('a log that somebody removed is begun again when it would be renamed', async () => {
  using scratch = new Scratch();
  const file = new LogFile(scratch.path('log'));
  await fill(file);
  fs.rmSync(scratch.path('log'), { force: true });
  await fill(file);
  file.log('last');
  await file.close();
  expect(fs.readFileSync(scratch.path('log'), 'utf8')).toMatch(/last\n$/);
});

test('a full disk ends nothing', async () => {
  using scratch = new Scratch();
  fs.symlinkSync('/dev/full', scratch.path('log'));
  const file = new LogFile(scratch.path('log'));
  file.log('event');
  await expect(file.close()).resolves.toBeUndefined();
});

test('a log that can’t be opened ends nothing, and is there as soon as it can', async () => {
  using scratch = new Scratch();
  const file = new LogFile(scratch.path('folder', 'log'));
  file.log('lost');
  await file.close();
  fs.mkdirSync(scratch.path('folder'));
  file.log('kept');
  await file.close();
  expect(fs.readFileSync(scratch.path('folder', 'log'), 'utf8')).toMatch(/^\S+ kept\n$/);
});

test('while the disk stands still nobody waits, and what does not fit in memory is counted', async () => {
  using scratch = new Scratch();
  const fifo = scratch.path('log');
  execFileSync('mkfifo', [fifo]);
  const file = new LogFile(fifo);
  // Opening it to write waits for a reader, as a disk may that stands still.
  file.log('first');
  await new Promise((resolve) => setImmediate(resolve));
  for (let count = 0; count < 12_000; count += 1) file.log('next', { count });
  const read = fs.promises.readFile(fifo, 'utf8');
  await file.close();
  const lines = (await read).trimEnd().split('\n');
  expect(lines[0]).toMatch(/ first$/);
  expect(lines[1]).toMatch(/ next count=0$/);
  expect(lines.at(-2)).toMatch(/ next count=9999$/);
  expect(lines.at(-1)).toMatch(/ log\.dropped lines=2000$/);
});
