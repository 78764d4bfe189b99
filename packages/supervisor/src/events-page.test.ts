import fs from 'node:fs';
import { expect, test } from 'vitest';
import { SUPERVISOR_EVENTS } from './events.ts';

test('docs/events.md has the events of the code, with the same fields and meanings', () => {
  const page = fs.readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8');
  const rows = page
    .split('\n')
    .filter((line) => /^\| `\w+` \|/.test(line))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
  const wanted = Object.entries(SUPERVISOR_EVENTS).map(([type, { means, fields }]) => [
    `\`${type}\``,
    Object.entries(fields)
      .map(([name, kind]) => `${name}${kind.endsWith('?') ? '?' : ''}`)
      .join(', '),
    means,
  ]);
  expect(rows).toEqual(wanted);
});
