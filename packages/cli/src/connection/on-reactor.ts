import { compileEarly, Reactor } from '@holdfast/posix';

/** Runs a command's data path on a reactor of its own. Node's timers stand still meanwhile. */
export async function onReactor<T>(use: (reactor: Reactor) => Promise<T>): Promise<T> {
  compileEarly();
  const reactor = new Reactor();
  reactor.start();
  try {
    return await use(reactor);
  } finally {
    reactor.dispose();
  }
}
