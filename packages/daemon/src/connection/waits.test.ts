import { LIMITS } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { Waits } from './waits.ts';

/** A session that ends when it is told to. */
class Ending {
  hasExited = false;
  readonly listeners = new Set<() => void>();

  onExit(callback: () => void): () => void {
    this.listeners.add(callback);
    return () => this.listeners.delete(callback);
  }

  end(): void {
    this.hasExited = true;
    for (const listener of this.listeners) listener();
  }
}

test('a cancelled wait rejects, and leaves room for another', async () => {
  const session = new Ending();
  const waits = new Waits();
  const ended = Array.from({ length: LIMITS.waitingRequestsPerClient }, (_, id) =>
    waits.untilExited(session, id),
  );
  expect(() => waits.untilExited(session, ended.length)).toThrow(
    expect.objectContaining({ code: 'E_LIMIT' }),
  );
  for (let id = 0; id < ended.length; id += 1) waits.cancel(id);
  for (const wait of ended) await expect(wait).rejects.toMatchObject({ code: 'E_CANCELLED' });
  expect(session.listeners.size).toBe(0);
  const again = waits.untilExited(session, ended.length);
  session.end();
  await again;
});

test('what nobody waits for can not be cancelled: an id that is over, unknown, or another request’s', async () => {
  const session = new Ending();
  const waits = new Waits();
  const over = waits.untilExited(session, 1);
  const killing = waits.untilExited(session);
  waits.cancel(2);
  session.end();
  waits.cancel(1);
  await Promise.all([over, killing]);
});

test('of one id that is used twice at a time the newest is cancelled, also when the other one is over', async () => {
  const [first, second] = [new Ending(), new Ending()];
  const waits = new Waits();
  const earlier = waits.untilExited(first, 1);
  const later = waits.untilExited(second, 1);
  first.end();
  await earlier;
  waits.cancel(1);
  await expect(later).rejects.toMatchObject({ code: 'E_CANCELLED' });
});

test('nothing is left when the client has gone', () => {
  const session = new Ending();
  const waits = new Waits();
  void waits.untilExited(session, 1);
  waits.close();
  waits.cancel(1);
  expect(session.listeners.size).toBe(0);
});
