import { expect, test } from 'vitest';
import { Warnings } from './warnings.ts';

test('each warning is there once, and a change is told only when there is one', () => {
  let changes = 0;
  const warnings = new Warnings(['of old'], () => (changes += 1));
  warnings.add('new');
  warnings.add('new');
  warnings.add('of old');
  expect(warnings.all).toEqual(['of old', 'new']);
  expect(changes).toBe(1);
});

test('one is known, and dropped, by how it begins', () => {
  let changes = 0;
  const warnings = new Warnings(['not saved: ENOSPC', 'other'], () => (changes += 1));
  expect(warnings.has('not saved')).toBe(true);
  warnings.drop('not saved');
  warnings.drop('not saved');
  expect(warnings.all).toEqual(['other']);
  expect(changes).toBe(1);
});
