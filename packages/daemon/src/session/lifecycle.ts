import type { Exit } from '@holdfast/protocol';

/**
 * A session's life. `ended` = the status is known, what the kernel still holds is being read; `exited` = the master is
 * closed and nothing more can come.
 *
 *   state      event     next
 *   running    ended     ended       keep the status, read on
 *   running    lost      exited      nobody can know the status: the daemon that held it was killed
 *   ended      drained   exited
 */
export type Lifecycle =
  | { readonly state: 'running' }
  | { readonly state: 'ended'; readonly exit: Exit; readonly drainLimit: number }
  | { readonly state: 'exited'; readonly exit: Exit };

/**
 * After the status is known at most this much is read: more than the kernel buffers for a terminal, and less than a
 * process that was left behind on it could write for ever.
 */
export const DRAIN_BYTES = 128 * 1024;

export type LifecycleEvent =
  | { readonly type: 'ended'; readonly exit: Exit; readonly offset: number }
  | { readonly type: 'lost' }
  | { readonly type: 'drained' };

/** The next state; the same one if the event means nothing in it. */
export function nextLifecycle(lifecycle: Lifecycle, event: LifecycleEvent): Lifecycle {
  if (lifecycle.state === 'running' && event.type === 'ended') {
    return { state: 'ended', exit: event.exit, drainLimit: event.offset + DRAIN_BYTES };
  }
  if (lifecycle.state === 'running' && event.type === 'lost')
    return { state: 'exited', exit: { lost: true } };
  if (lifecycle.state === 'ended' && event.type === 'drained')
    return { state: 'exited', exit: lifecycle.exit };
  return lifecycle;
}
