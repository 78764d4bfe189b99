import { isIP } from 'node:net';
import { hostname } from 'node:os';

export interface AskedBy {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, which browsers send and pages can't set. */
  readonly fetchSite: string | undefined;
}

/**
 * Whether a request is addressed to this service by a name that is its own, and comes from its own page, or from no page at
 * all. A name of somebody else's that leads here (DNS rebinding) would make his page ours; a foreign page brings our cookie
 * along. Ports are free, since they may be forwarded, but must be the same in both.
 */
export class OriginRule {
  readonly #scheme: 'http' | 'https';
  readonly #names: ReadonlySet<string>;
  readonly #anyAddress: boolean;

  constructor(options: { bind: string; isTls: boolean }) {
    this.#scheme = options.isTls ? 'https' : 'http';
    const isLocal = isLoopback(options.bind);
    this.#anyAddress = !isLocal;
    const own = isLocal ? [] : [options.bind.toLowerCase(), hostname().toLowerCase()];
    this.#names = new Set(['localhost', '127.0.0.1', '::1', ...own]);
  }

  /** What is foreign about it; undefined if nothing is. */
  complaint({ host, origin, fetchSite }: AskedBy): string | undefined {
    const name = host === undefined ? undefined : nameOf(`http://${host}`);
    if (name === undefined || !this.#isOwn(name)) return `this is not ${host ?? 'named'}`;
    if (origin !== undefined && origin !== `${this.#scheme}://${host?.toLowerCase()}`)
      return 'a foreign page';
    if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none')
      return 'a foreign page';
    return undefined;
  }

  /** An address is nobody's name. */
  #isOwn(name: string): boolean {
    return this.#names.has(name) || (this.#anyAddress && isIP(name) !== 0);
  }
}

/** Whether only this machine can reach an address to listen at. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/** The host of a URL, without port and brackets; undefined if it is none. */
function nameOf(url: string): string | undefined {
  try {
    const { hostname: name, username, pathname } = new URL(url);
    if (username !== '' || pathname !== '/') return undefined;
    return name.replace(/^\[|\]$/g, '').toLowerCase();
  } catch {
    // TypeError: it is no URL.
    return undefined;
  }
}
