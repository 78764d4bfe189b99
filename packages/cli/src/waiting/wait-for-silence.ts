import type { Client } from '@holdfast/client';

/** Waits until a session has printed nothing for so long; false if it ends before. */
export function waitForSilence(client: Client, session: string, idleMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const begin = () => {
      clearTimeout(timer);
      timer = setTimeout(() => resolve(true), idleMs);
    };
    const stop = () => clearTimeout(timer);
    client
      .subscribe(session, {
        from: 'now',
        mode: 'viewer',
        readOnly: true,
        onData: begin,
        onResync: begin,
        onExited: () => {
          stop();
          resolve(false);
        },
        onLost: (error) => {
          stop();
          reject(error);
        },
      })
      .then(({ session: found }) => {
        if (found.state === 'running') begin();
      })
      .catch(reject);
  });
}
