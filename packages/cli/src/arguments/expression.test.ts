import { expect, test } from 'vitest';
import { parseExpression } from './expression.ts';

test('what is no expression is refused', () => {
  expect(() => parseExpression('--output', '(')).toThrow('--output is not a regular expression');
});

test('^ and $ are the ends of lines', () => {
  expect(parseExpression('--output', '^b$').test('a\nb\nc')).toBe(true);
});
