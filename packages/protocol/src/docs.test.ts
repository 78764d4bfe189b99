import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PROTOCOLS } from './build.ts';
import { ERRORS } from './errors.ts';
import { FRAME } from './frames.ts';
import { LIMITS } from './limits.ts';
import { EVENTS, REQUESTS } from './messages.ts';

const page = fs.readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

/** The text under a heading, up to the next one of that level. */
function section(title: string): string {
  const start = page.search(new RegExp(`^## \\d+\\. ${title}$`, 'm'));
  expect(start).toBeGreaterThan(-1);
  return page.slice(start).split(/^## /m)[1] ?? '';
}

/** The cells of a table's rows whose first cell is a name in code. */
function rows(text: string): string[][] {
  const lines = text.split('\n').filter((line) => /^\| `[\w]+` \|/.test(line));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

/** Top-level fields of a shape, as they are called on the wire. */
function fieldsOf(shape: { shape: object }): string[] {
  return Object.keys(shape.shape);
}

describe('docs/protocol.md says what the code says', () => {
  test('about the version', () => {
    expect(page).toContain(`Protocol version: **${PROTOCOLS.join(', ')}**.`);
  });

  test('about frame types', () => {
    const told = rows(section('Frames')).map(([name, number]) => [name, Number(number)]);
    expect(Object.fromEntries(told)).toEqual(FRAME);
  });

  test('about error codes', () => {
    const told = rows(section('Error codes')).map(([code = '', retry, means]) => [
      code,
      { retry: retry === 'yes', means },
    ]);
    expect(Object.fromEntries(told)).toEqual(ERRORS);
  });

  test('about limits, each with a reason', () => {
    const told = rows(section('Limits'));
    expect(
      Object.fromEntries(told.map(([name = '', value]) => [name, Number(value?.replaceAll(',', ''))])),
    ).toEqual(LIMITS);
    for (const [name, , reason] of told) expect(`${name}: ${reason}`).toMatch(/: .{10}/);
  });

  test('about requests, and every one of their parameters and results', () => {
    const parts = section('Requests').split(/^### /m).slice(1);
    const told = new Map(parts.map((part) => [/^`(\w+)`/.exec(part)?.[1], part]));
    expect([...told.keys()]).toEqual(Object.keys(REQUESTS));
    for (const [type, { parameters, result }] of Object.entries(REQUESTS)) {
      const part = told.get(type) ?? '';
      for (const field of [...fieldsOf(parameters()), ...fieldsOf(result())]) {
        expect(part, `${type} has a field ${field}`).toContain(`\`${field}\``);
      }
    }
  });

  test('about events, and every one of their fields', () => {
    const told = rows(section('Events')).map(([name = '', fields = '']) => [name, fields.split(', ')]);
    const expected = Object.entries(EVENTS).map(([name, shape]) => [
      name,
      fieldsOf(shape()).filter((field) => field !== 'event'),
    ]);
    expect(told).toEqual(expected);
  });
});
