import { HoldfastError, type RequestParameters } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { takeSnapshot } from './snapshot.ts';

const CAPTURED = {
  offset: 3,
  cols: 80,
  rows: 24,
  cursor: { x: 0, y: 0, hidden: false },
  alternate: false,
  incomplete: [],
  text: 'wörld',
};

test('a snapshot that is too large is asked for with fewer lines', async () => {
  const asked: RequestParameters<'capture'>[] = [];
  const snapshot = await takeSnapshot((parameters) => {
    asked.push(parameters);
    if (parameters.historyLines !== 0) return Promise.reject(new HoldfastError('E_LIMIT', 'too large'));
    return Promise.resolve(CAPTURED);
  }, 'one');
  expect(asked.map(({ historyLines }) => historyLines)).toEqual([1_000, 200, 0]);
  expect(snapshot).toMatchObject({ offset: 3, bytes: new Uint8Array(Buffer.from('wörld')) });
});

test('another failure is the end, and so is a screen that is too large by itself', async () => {
  let asked = 0;
  const failing = (code: 'E_LIMIT' | 'E_INTERNAL') => () => {
    asked += 1;
    return Promise.reject(new HoldfastError(code, 'no'));
  };
  await expect(takeSnapshot(failing('E_INTERNAL'), 'one')).rejects.toMatchObject({ code: 'E_INTERNAL' });
  expect(asked).toBe(1);
  await expect(takeSnapshot(failing('E_LIMIT'), 'one')).rejects.toMatchObject({ code: 'E_LIMIT' });
  expect(asked).toBe(4);
});

test('the terminal in use is named only where it matters', async () => {
  const asked: RequestParameters<'capture'>[] = [];
  const capture = (parameters: RequestParameters<'capture'>) => {
    asked.push(parameters);
    return Promise.resolve(CAPTURED);
  };
  const viewport = { cols: 70, rows: 20 };
  await takeSnapshot(capture, 'one', { viewport });
  await takeSnapshot(capture, 'one', { viewport, format: 'paint', historyLines: 5 });
  expect(asked).toEqual([
    { session: 'one', format: 'vt', historyLines: 1_000 },
    { session: 'one', format: 'paint', historyLines: 5, viewport },
  ]);
});
