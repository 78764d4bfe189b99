import fs from 'node:fs';
import { expect, test } from 'vitest';
import { readUnit, unitName, unitText } from './unit.ts';

test('contrib/holdfast.service is the unit of an installation in /usr/local', () => {
  const file = new URL('../../../../contrib/holdfast.service', import.meta.url);
  const command = ['/usr/local/bin/holdfast', 'service', 'start'];
  expect(fs.readFileSync(file, 'utf8')).toBe(unitText({ namespace: 'default', command, environment: {} }));
});

test('what a unit runs, and where, is read as it was written', () => {
  const command = ['/a b/node', '/say "hi"\\$HOME/%h\n.js', 'service', 'start'];
  const environment = { HOLDFAST_HOME: '/50% of = it', XDG_STATE_HOME: '/s' };
  const text = unitText({ namespace: 'default', command, environment });
  expect(readUnit(text)).toEqual({ command, environment });
  expect(readUnit('[Service]\nExecStart=/bin/sh -c\n')?.command).toEqual(['/bin/sh', '-c']);
  expect(readUnit('[Unit]\n')).toBeUndefined();
});

test('each namespace has a unit of its own', () => {
  expect(['default', 'work', 'a.b_c-1'].map(unitName)).toEqual([
    'holdfast.service',
    'holdfast-work.service',
    'holdfast-a.b_c-1.service',
  ]);
});

test('spaces, quotes, backslashes, line ends and percent signs stay what they are', () => {
  const text = unitText({
    namespace: 'default',
    command: ['/a b/node', '/say "hi"\\$HOME/%h\n.js'],
    environment: { HOLDFAST_HOME: '/50% of it' },
  });
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'ExecStart=:"/a b/node" "/say \\"hi\\"\\\\$HOME/%%h\\n.js"',
      'Environment="HOLDFAST_HOME=/50%% of it"',
    ]),
  );
});
