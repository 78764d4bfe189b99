import { readFileSync } from 'node:fs';
import { HoldfastError } from '@holdfast/protocol';

/** Where a fleet is, and as whom. */
export interface FleetAddress {
  /** `nats://HOST:PORT` or `tls://…`, several with commas between. */
  readonly servers: string;
  /** A file with what proves who we are. */
  readonly creds?: string;
  /** A file with the certificates that the servers' are checked by, PEM; by default those of Node. */
  readonly ca?: string;
}

const SCHEMES: ReadonlySet<string> = new Set(['nats:', 'tls:']);

/** Throws E_USAGE. */
export function parseServers(servers: string): { servers: string[]; isTls: boolean } {
  const urls = servers.split(',').map((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !SCHEMES.has(url.protocol) || url.hostname === '')
      throw new HoldfastError(
        'E_USAGE',
        `"${text}" is no address of a fleet: nats://HOST:PORT or tls://HOST:PORT`,
      );
    // A command line is shown to everybody on the machine.
    if (url.username !== '' || url.password !== '')
      throw new HoldfastError(
        'E_USAGE',
        'a password does not belong into the address of a fleet: --creds FILE has it',
      );
    return url;
  });
  return { servers: urls.map(({ host }) => host), isTls: urls.some(({ protocol }) => protocol === 'tls:') };
}

/** Throws E_USAGE for a file that can't be read. */
export function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new HoldfastError('E_USAGE', `can't read ${file}: ${whyUnread(cause)}`, { cause });
  }
}

/** What the system says, without the path, which is said already. */
function whyUnread(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.replace(/, \w+( '.*')?$/, '');
}
