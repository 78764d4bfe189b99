import { rmSync } from 'node:fs';

const DEADLY = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/** Removes a folder when this process ends, by itself or by a signal that ends it; what SIGKILL leaves, the next bridge removes. */
export function removeAtEnd(folder: string): void {
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  for (const signal of DEADLY) {
    const onSignal = () => {
      // What else listens decides what the signal does, and the process may go on.
      if (process.listenerCount(signal) > 1) return;
      remove();
      process.off(signal, onSignal);
      process.kill(process.pid, signal);
    };
    process.on(signal, onSignal);
  }
}
