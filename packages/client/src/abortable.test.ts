import { expect, test } from 'vitest';
import { abortable } from './abortable.ts';

test('a promise is given up at the signal, and leaves no listener behind', async () => {
  const stop = new AbortController();
  let listeners = 0;
  const { signal } = stop;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  expect(await abortable(Promise.resolve(1), signal)).toBe(1);
  await expect(abortable(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed');
  const pending = abortable(new Promise(() => {}), signal);
  stop.abort(new Error('enough'));
  await expect(pending).rejects.toThrow('enough');
  await expect(abortable(Promise.resolve(1), signal)).rejects.toThrow('enough');
  expect(listeners).toBe(0);
});

test('what is given up is let go of before abort returns; what was told of is kept', async () => {
  const letGo: string[] = [];
  const stop = new AbortController();
  const { signal } = stop;
  expect(await abortable(Promise.resolve(1), signal, () => letGo.push('told of'))).toBe(1);
  const givenUp = [
    abortable(new Promise(() => {}), signal, () => letGo.push('pending')),
    // Nobody can have heard of it yet.
    abortable(Promise.resolve(1), signal, () => letGo.push('just settled')),
  ];
  stop.abort(new Error('enough'));
  expect(letGo).toEqual(['pending', 'just settled']);
  for (const promise of givenUp) await expect(promise).rejects.toThrow('enough');
});
