import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PREDECESSOR, SUCCESSOR } from './table.ts';
import { TEST_POINTS } from '../test-points.ts';

const page = fs.readFileSync(new URL('../../../../docs/upgrade.md', import.meta.url), 'utf8');

/** The cells of the rows of the table whose first column has that title, as names without their quotes. */
function rows(title: string): string[][] {
  const [, table = ''] = page.split(`\n| ${title} |`);
  const [body = ''] = table.split('\n\n');
  return body
    .split('\n')
    .slice(2)
    .map((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

function transitions(table: Record<string, Partial<Record<string, string>>>): string[][] {
  return Object.entries(table).flatMap(([state, events]) =>
    Object.entries(events).map(([event, next]) => [state, event, next ?? '']),
  );
}

describe('docs/upgrade.md says what the code says', () => {
  test('about the states of both sides', () => {
    expect(rows('predecessor is')).toEqual(transitions(PREDECESSOR));
    expect(rows('successor is')).toEqual(transitions(SUCCESSOR));
  });

  test('about test points', () => {
    expect(rows('point').map(([name]) => name)).toEqual(TEST_POINTS);
  });
});
