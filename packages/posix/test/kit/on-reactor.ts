import { Reactor } from '@holdfast/posix';

/**
 * Runs `body` while a reactor owns the loop. The runner's own time-outs do not fire meanwhile (they are Node timers), so a
 * wait for something that never comes ends here, with the name of the test in the stack.
 */
export async function onReactor<T>(body: (reactor: Reactor) => Promise<T>, limitMs = 25_000): Promise<T> {
  const reactor = new Reactor();
  reactor.start();
  try {
    const late = new Promise<never>((_resolve, reject) => {
      reactor.after(limitMs, () => reject(new Error(`still waiting after ${limitMs} ms`)));
    });
    return await Promise.race([body(reactor), late]);
  } finally {
    reactor.dispose();
  }
}

/** Resolves after that time on the reactor's clock. For bounding a measurement, never for waiting for something. */
export function elapsed(reactor: Reactor, ms: number): Promise<void> {
  return new Promise((resolve) => {
    reactor.after(ms, resolve);
  });
}
