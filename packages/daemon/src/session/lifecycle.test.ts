import type { Exit } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { DRAIN_BYTES, type Lifecycle, type LifecycleEvent, nextLifecycle } from './lifecycle.ts';

const code: Exit = { code: 3 };
const signal: Exit = { signal: 'SIGKILL' };
const running: Lifecycle = { state: 'running' };
const ended: Lifecycle = { state: 'ended', exit: code, drainLimit: 1_000 + DRAIN_BYTES };
const exited: Lifecycle = { state: 'exited', exit: code };
const lost: Lifecycle = { state: 'exited', exit: { lost: true } };

const hasEnded: LifecycleEvent = { type: 'ended', exit: code, offset: 1_000 };
const endsAgain: LifecycleEvent = { type: 'ended', exit: signal, offset: 5_000 };
const isLost: LifecycleEvent = { type: 'lost' };
const drained: LifecycleEvent = { type: 'drained' };

test.each<{ from: Lifecycle; event: LifecycleEvent; to: Lifecycle }>([
  { from: running, event: hasEnded, to: ended },
  { from: running, event: isLost, to: lost },
  { from: running, event: drained, to: running },
  { from: ended, event: endsAgain, to: ended },
  { from: ended, event: isLost, to: ended },
  { from: ended, event: drained, to: exited },
  { from: exited, event: endsAgain, to: exited },
  { from: exited, event: isLost, to: exited },
  { from: exited, event: drained, to: exited },
  { from: lost, event: hasEnded, to: lost },
])('$from.state, then $event.type: $to.state', ({ from, event, to }) => {
  const next = nextLifecycle(from, event);
  expect(next).toEqual(to);
  // What changes nothing is the same object: that is how a session tells.
  expect(next === from).toBe(from === to);
});
