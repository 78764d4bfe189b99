import { getEventListeners } from 'node:events';
import { HoldfastError } from '@holdfast/protocol';
import { eventually } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import type { Namespace } from '../daemons/namespace.ts';
import { sessionChanges } from './session-changes.ts';

test('however often a daemon that is not there is tried, nothing piles up at who listens', async () => {
  let tries = 0;
  const namespace: Pick<Namespace, 'client'> = {
    client: () => {
      tries += 1;
      return Promise.reject(new HoldfastError('E_NO_DAEMON', 'none runs'));
    },
  };
  const leaving = new AbortController();
  const changes = sessionChanges(namespace, leaving.signal);
  expect(await changes.next()).toMatchObject({ value: { type: 'unreachable' } });
  const next = changes.next();
  await eventually('it is tried again', () => tries === 4);
  expect(getEventListeners(leaving.signal, 'abort').length).toBeLessThanOrEqual(1);
  leaving.abort();
  expect(await next).toEqual({ value: undefined, done: true });
  expect(getEventListeners(leaving.signal, 'abort')).toEqual([]);
});
