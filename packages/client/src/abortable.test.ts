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
