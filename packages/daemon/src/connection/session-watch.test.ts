import { type HoldfastError, LIMITS } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import type { RegistryListener } from '../session/registry.ts';
import { SessionWatch } from './session-watch.ts';

test('a client that never reads keeps no more forgotten sessions than the limit, and is told that it was passed', () => {
  const registry = new NoSessions();
  const errors: string[] = [];
  let due = 0;
  const watch = new SessionWatch(registry, {
    due: () => {
      due += 1;
    },
    overrun: ({ code }) => errors.push(code),
  });
  for (let index = 0; index < LIMITS.forgottenPerWatcher; index += 1) registry.forget(`${index}`);
  expect(watch.forgotten).toHaveLength(LIMITS.forgottenPerWatcher);
  expect({ due, errors }).toEqual({ due: LIMITS.forgottenPerWatcher, errors: [] });

  registry.forget('one more');
  registry.forget('and another');
  expect(errors).toEqual(['E_LIMIT']);
  expect(watch.forgotten).toEqual([]);
  expect(watch.next()).toBeUndefined();
});

test('a client that reads is told of every session that is forgotten, however many there were', () => {
  const registry = new NoSessions();
  const told: unknown[] = [];
  const watch = new SessionWatch(registry, {
    due: () => told.push(watch.next()),
    overrun: (error) => told.push(error),
  });
  for (let index = 0; index < LIMITS.forgottenPerWatcher + 2; index += 1) registry.forget(`${index}`);
  expect(told).toHaveLength(LIMITS.forgottenPerWatcher + 2);
  expect(told.at(-1)).toEqual({ event: 'forgotten', id: `${LIMITS.forgottenPerWatcher + 1}` });
});

test('what daemons before this one have left to be told counts with the rest, until it has gone out', () => {
  const registry = new NoSessions();
  const errors: string[] = [];
  const events = { due: () => undefined, overrun: ({ code }: HoldfastError) => errors.push(code) };
  let untold = 0;
  const DAEMONS = 4;
  for (let daemon = 0; daemon < DAEMONS; daemon += 1) {
    const watch = new SessionWatch(registry, events, untold);
    for (let index = 0; index < LIMITS.forgottenPerWatcher / DAEMONS; index += 1) registry.forget(`${index}`);
    expect(watch.forgotten).toHaveLength(LIMITS.forgottenPerWatcher / DAEMONS);
    ({ untold } = watch);
    watch.close();
  }
  expect({ untold, errors }).toEqual({ untold: LIMITS.forgottenPerWatcher, errors: [] });

  const reader = new SessionWatch(registry, events, untold);
  expect(reader.next()).toBeUndefined();
  registry.forget('one more');
  expect(errors).toEqual([]);
  reader.close();

  const watch = new SessionWatch(registry, events, untold);
  registry.forget('one too many');
  expect({ untold: watch.untold, errors }).toEqual({ untold: 0, errors: ['E_LIMIT'] });
});

/** Of the registry only that which forgets: this many sessions, each with a program, would take a minute. */
class NoSessions {
  readonly all = [];
  readonly #listeners = new Set<RegistryListener>();

  listen(listener: RegistryListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  forget(id: string): void {
    for (const listener of this.#listeners) listener.sessionForgotten(id);
  }
}
