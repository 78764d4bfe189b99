import type { Options } from '../command-table.ts';

/** Option of the commands that show a session in this terminal. */
export const DETACH_KEY_OPTION = {
  'detach-key': {
    kind: 'value',
    value: 'KEY',
    summary: 'key before d to detach: ctrl-], ctrl-a, …, none (HOLDFAST_DETACH_KEY)',
  },
} as const satisfies Options;

/** Options of the commands that open a session. */
export const OPEN_OPTIONS = {
  detached: { kind: 'flag', short: 'd', summary: 'do not show the session; print its id' },
  name: { kind: 'value', value: 'N', summary: 'name of the session (default: the name of the program)' },
  cwd: { kind: 'value', value: 'DIR', summary: 'folder to start in (default: this one)', complete: 'folder' },
  env: {
    kind: 'values',
    value: 'K=V',
    summary: 'set a variable on top of the present environment; repeatable',
  },
  size: { kind: 'value', value: 'CxR', summary: 'columns x rows (default: of this terminal, or 80x24)' },
  history: { kind: 'value', value: 'BYTES', summary: 'output to keep: 65536, 64K, 1M (default 1M)' },
  'history-in': {
    kind: 'value',
    value: 'disk|memory',
    summary: 'where to keep it (default: disk)',
    complete: ['disk', 'memory'],
  },
  ...DETACH_KEY_OPTION,
  json: { kind: 'flag', summary: 'do not show the session; print it as JSON' },
} as const satisfies Options;
