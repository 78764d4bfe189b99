import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Option } from './command-table.ts';
import { COMMAND_NAMES, loadAllCommands, loadCommand } from './commands.ts';
import { dispatch } from './dispatch.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hf-'));
let stdout = '';
let stderr = '';

beforeAll(() => vi.stubEnv('HOLDFAST_HOME', folder));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

describe('wrong usage ends with 2 and one line', () => {
  test.each([
    [['attahc'], 'holdfast: wrong usage: there is no command "attahc"; did you mean attach?\n'],
    [
      ['photograph', 's'],
      'holdfast: wrong usage: there is no command "photograph"; holdfast help lists them all\n',
    ],
    [
      ['capture', 's', '--history', '1001'],
      'holdfast: wrong usage of capture: --history must be at most 1000, not 1001\n',
    ],
    [
      ['capture', 's', '--format', 'vt'],
      'holdfast: wrong usage of capture: --format must be text or ansi or html, not "vt"\n',
    ],
    [['ls', '--jsn'], 'holdfast: wrong usage of ls: there is no option --jsn; did you mean --json?\n'],
    [['--jsn', 'ls'], 'holdfast: wrong usage: there is no option --jsn before a command\n'],
    [
      ['send', 's'],
      'holdfast: wrong usage of send: there is nothing to send: give TEXT, --stdin or --enter\n',
    ],
    [
      ['new', '-d', '--history', '64kb'],
      'holdfast: wrong usage of new: --history must be a number of bytes like 65536, 64K or 1M, not "64kb"\n',
    ],
    [['forget'], 'holdfast: wrong usage of forget: there is nothing to forget: give S or --exited\n'],
    [['forget', 's', '--exited'], 'holdfast: wrong usage of forget: S and --exited exclude each other\n'],
    ...[
      ['--entry', 'f'],
      ['--node', 'n'],
      ['--timeout', '1'],
    ].map(([option = '', ...value]): [string[], RegExp] => [
      ['upgrade', '--auto', option, ...value],
      new RegExp(`^holdfast: wrong usage of upgrade: --auto and ${option} exclude each other\\n$`),
    ]),
    [['resize', 's', '0x1'], 'holdfast: wrong usage of resize: CxR: columns must be at least 1, not 0\n'],
    [
      ['wait', 's', '--output', '('],
      /^holdfast: wrong usage of wait: --output is not a regular expression: .*\n$/,
    ],
    [
      ['kill', 's', '--signal', 'NOPE'],
      'holdfast: wrong usage of kill: --signal: there is no signal "NOPE"\n',
    ],
    [
      ['tail', 's', '--from', '1e6'],
      'holdfast: wrong usage of tail: --from must be start or now or a whole number, not "1e6"\n',
    ],
  ])('%j', async (argv, message) => {
    expect(await dispatch(argv)).toBe(2);
    if (typeof message === 'string') expect(stderr).toBe(message);
    else expect(stderr).toMatch(message);
    expect(stdout).toBe('');
  });

  test('and one JSON document, if JSON was asked for', async () => {
    expect(await dispatch(['ls', '--json', '--what'])).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'E_USAGE', message: 'wrong usage of ls: there is no option --what' },
    });
  });
});

test('upgrade --auto prints nothing, so --json is refused beside it, in the form that upgrade has for that', async () => {
  expect(await dispatch(['upgrade', '--auto', '--json'])).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, code: 'E_USAGE' });
});

describe('without a daemon', () => {
  test('ls prints nothing, and an empty array as JSON', async () => {
    expect(await dispatch(['ls'])).toBe(0);
    expect(stdout + stderr).toBe('');
    expect(await dispatch(['ls', '--json'])).toBe(0);
    expect(stdout).toBe('[]\n');
  });

  test('status says so', async () => {
    expect(await dispatch(['status', '--json'])).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      daemon: null,
      keeper: null,
      update: { pending: false, failure: null },
      sessions: { running: 0, exited: 0 },
      clients: 0,
      home: folder,
    });
  });

  test.each([
    [['send', 'x', 'text']],
    [['wait', 'x']],
    [['kill', 'x']],
    [['forget', 'x']],
    [['rename', 'x', 'y']],
    [['resize', 'x', '80x24']],
    [['tail', 'x']],
  ])('%j ends with 3', async (argv) => {
    expect(await dispatch(argv)).toBe(3);
    expect(stderr).toMatch(/^holdfast: can't .*: no such session: x \(no daemon is running\)\n$/);
  });

  test('stop has nothing to do', async () => {
    expect(await dispatch(['stop'])).toBe(0);
  });

  test('the first word somebody types is answered with what to do next', async () => {
    expect(await dispatch([])).toBe(0);
    expect(stdout).toContain('holdfast new');
    expect(stdout.split('\n').length).toBeLessThanOrEqual(9);
  });
});

describe('help', () => {
  test('names every command', async () => {
    expect(await dispatch(['help'])).toBe(0);
    for (const name of COMMAND_NAMES) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  test.each(COMMAND_NAMES)('of %s fits its table and a terminal', async (name) => {
    expect(await dispatch([name, '--help'])).toBe(0);
    expect(stdout).toMatch(new RegExp(`^usage: holdfast ${name}`));
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const said = stdout.replaceAll(/\s+/g, ' ');
    const { options, details = [] } = await loadCommand(name);
    for (const { summary } of Object.values<Option>(options)) expect(said).toContain(summary);
    for (const detail of details) expect(said).toContain(detail.trim().replaceAll(/\s+/g, ' '));
  });

  test('commands are filed under their own names', async () => {
    expect((await loadAllCommands()).map(({ name }) => name)).toEqual(COMMAND_NAMES);
  });
});
