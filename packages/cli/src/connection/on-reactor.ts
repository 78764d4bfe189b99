import { compileEarly, optimizeEarly, Reactor } from '@holdfast/posix';
import { disownTerminals } from '../terminal/disown-terminals.ts';

/** Runs a command's data path on a reactor of its own. Node's timers stand still meanwhile. */
export async function onReactor<T>(use: (reactor: Reactor) => Promise<T>): Promise<T> {
  compileEarly();
  optimizeEarly();
  process.off('exit', disownTerminals);
  process.on('exit', disownTerminals);
  const reactor = new Reactor();
  reactor.start();
  try {
    return await use(reactor);
  } finally {
    reactor.dispose();
  }
}
