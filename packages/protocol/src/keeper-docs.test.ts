import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FROM_KEEPER, KEEPER_LIMITS, KEEPER_REQUESTS, keeperReportShape, TO_KEEPER } from './keeper.ts';

const page = fs.readFileSync(new URL('../../../docs/keeper.md', import.meta.url), 'utf8');

/** The cells of the rows under a heading whose first cell is a name in code. */
function rows(heading: string): string[][] {
  const [, section = ''] = page.split(`# ${heading}\n`);
  const [text = ''] = section.split(/^#/m);
  const lines = text.split('\n').filter((line) => /^ *\| `/.test(line));
  return lines.map((line) => line.split('|').slice(1, -1));
}

function names(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

const fieldsOf = (shape: { shape: object }) => Object.keys(shape.shape);
const descriptor = (fd: boolean) => (fd ? ' yes ' : ' no ');

describe('docs/keeper.md says what the code says', () => {
  test('about messages to the keeper, and who may say them', () => {
    const told = rows('daemon → keeper').map(([name, fields, fd, from]) => [
      ...names(name),
      names(fields),
      fd,
      names(from),
    ]);
    const expected = Object.entries(TO_KEEPER).map(([type, row]) => [
      type,
      fieldsOf(row.fields),
      descriptor(row.fd),
      [...row.from],
    ]);
    expect(told).toEqual(expected);
  });

  test('about messages from the keeper', () => {
    const told = rows('keeper → daemon').map(([name, fields, fd]) => [...names(name), names(fields), fd]);
    const expected = Object.entries(FROM_KEEPER).map(([type, row]) => [
      type,
      fieldsOf(row.fields),
      descriptor(row.fd),
    ]);
    expect(told).toEqual(expected);
  });

  test('about the requests of its socket', () => {
    const told = rows("The keeper's socket").map(([name, fields, result]) => [
      ...names(name),
      names(fields),
      names(result),
    ]);
    const expected = Object.entries(KEEPER_REQUESTS).map(([type, row]) => [
      type,
      fieldsOf(row.parameters),
      fieldsOf(row.result),
    ]);
    expect(told).toEqual(expected);
  });

  test('about keeper.json', () => {
    expect(rows('For users').flatMap(([name]) => names(name))).toEqual(fieldsOf(keeperReportShape));
  });

  test('about limits, each with a reason', () => {
    const told = rows('Limits').map(([name, value = '', why = '']) => {
      expect(why.length).toBeGreaterThan(9);
      return [...names(name), Number(value.replaceAll(',', ''))];
    });
    expect(told).toEqual(Object.entries(KEEPER_LIMITS));
  });
});
