import { Worker } from 'node:worker_threads';
import { HoldfastError, isErrorCode, ownError } from '@holdfast/protocol';
import { fleetAddress } from './address.ts';
import { fleetFile, loadFleet } from './load.ts';
import { removeAtEnd } from './remove-at-end.ts';

type Reply =
  | { readonly ok: { readonly socketPath: string; readonly folder: string } }
  | { readonly error: { readonly code: string; readonly message: string } };

/**
 * Makes a socket that leads to the daemon of a host, for as long as this process lives. In a thread of its own, since this one's
 * loop belongs to the reactor. Throws what connecting to a fleet can come to.
 */
export async function bridgeTo(host: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { checkHostName } = await loadFleet();
  try {
    checkHostName(host);
  } catch (error) {
    throw ownError(error);
  }
  const workerData = { address: fleetAddress(env), host };
  const worker = new Worker(fleetFile('bridge-worker.js'), { workerData, stdout: true, stderr: true });
  const reply = await new Promise<Reply>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the way to ${host} ended with ${code}, and no word`)));
  });
  if ('error' in reply) {
    const { code, message } = reply.error;
    throw new HoldfastError(isErrorCode(code) ? code : 'E_INTERNAL', message);
  }
  worker.unref(); // Only now: somebody has to wait for it.
  const { folder, socketPath } = reply.ok;
  removeAtEnd(folder);
  return socketPath;
}
