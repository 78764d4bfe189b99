import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Bytes of a path in a sockaddr_un, without its closing NUL. */
const SOCKET_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;

/**
 * Runs `use` with a path to the socket that fits into a socket address: a longer one goes through a symlink to its
 * folder, which is removed when `use` has settled. Synchronous, since Node takes longer to load fs/promises than to do this.
 */
export async function withShortPath<T>(path: string, use: (short: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES) return use(path);
  const folder = mkdtempSync(join(tmpdir(), 'hf-'));
  try {
    symlinkSync(dirname(path), join(folder, 'd'));
    return await use(join(folder, 'd', basename(path)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
