import { Reactor } from '@holdfast/posix';
import type { HoldfastError } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { Requesters } from './requesters.ts';

/** An upgrade that never ends by itself, and those who asked for it. */
class Scene implements Disposable {
  readonly reactor = new Reactor();
  /** Why it was given up, by its code. */
  readonly givenUp: string[] = [];
  #fail: (reason: HoldfastError) => void = () => undefined;
  readonly #upgrade = new Promise<never>((_resolve, reject) => {
    this.#fail = reject;
  });
  readonly requesters = new Requesters(this.reactor, (reason) => {
    this.givenUp.push(reason.code);
    this.#fail(reason);
  });

  constructor() {
    this.reactor.start();
  }

  /** Resolves with the code of the answer. */
  ask(requester: { hasLeft: boolean }, withinMs: number): Promise<string> {
    const deadlineNs = process.hrtime.bigint() + BigInt(withinMs) * 1_000_000n;
    return this.requesters
      .add(requester, deadlineNs, this.#upgrade)
      .catch((error: HoldfastError) => error.code);
  }

  [Symbol.dispose](): void {
    this.requesters.dispose();
    this.reactor.dispose();
  }
}

test('who joins is told at its own deadline, and the upgrade goes on for the others until theirs', async () => {
  using scene = new Scene();
  const first = scene.ask({ hasLeft: false }, 150);
  const joined = scene.ask({ hasLeft: false }, 30);
  expect(await joined).toBe('E_TIMEOUT');
  expect(scene.givenUp).toEqual([]);
  expect(await first).toBe('E_UPGRADE_TIMEOUT');
  expect(scene.givenUp).toEqual(['E_UPGRADE_TIMEOUT']);
});

test('who joins an upgrade lengthens it until its own deadline', async () => {
  using scene = new Scene();
  const first = scene.ask({ hasLeft: false }, 30);
  const joined = scene.ask({ hasLeft: false }, 150);
  expect(await first).toBe('E_TIMEOUT');
  expect(await joined).toBe('E_UPGRADE_TIMEOUT');
});

test('an upgrade is given up once all who asked for it have left, or are out of time when it is looked', () => {
  using scene = new Scene();
  const [one, other] = [{ hasLeft: false }, { hasLeft: false }];
  void scene.ask(one, 60_000);
  void scene.ask(other, 60_000);
  scene.requesters.check();
  one.hasLeft = true;
  scene.requesters.check();
  expect(scene.givenUp).toEqual([]);
  other.hasLeft = true;
  scene.requesters.check();
  expect(scene.givenUp).toEqual(['E_DISCONNECTED']);
  using late = new Scene();
  void late.ask({ hasLeft: false }, 0);
  // The reactor has had no turn, so no timer can have told.
  late.requesters.check();
  expect(late.givenUp[0]).toBe('E_UPGRADE_TIMEOUT');
});
