import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

export interface AskedBy {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, which browsers send and pages can't set. */
  readonly fetchSite: string | undefined;
  /** Whether a link was followed to what everybody may see. */
  readonly isVisit: boolean;
}

export interface OriginOptions {
  readonly bind: string;
  readonly isTls: boolean;
  /** Further names that lead here; whatever is in between may speak TLS where this host does not. */
  readonly names: readonly string[];
  readonly certificate: X509Certificate | undefined;
}

/**
 * Whether a request is addressed to this service by a name that is its own, and comes from its own page, or from no page at
 * all. A name of somebody else's that leads here (DNS rebinding) would make his page ours; a foreign page brings our cookie
 * along. Ports are free, since they may be forwarded, but must be the same in both.
 */
export class OriginRule {
  readonly #scheme: 'http' | 'https';
  readonly #names: ReadonlySet<string>;
  readonly #givenNames: ReadonlySet<string>;
  readonly #certificate: X509Certificate | undefined;
  readonly #anyAddress: boolean;

  constructor(options: OriginOptions) {
    this.#scheme = options.isTls ? 'https' : 'http';
    this.#givenNames = new Set(options.names.map((name) => name.toLowerCase()));
    this.#certificate = options.certificate;
    const isLocal = isLoopback(options.bind);
    this.#anyAddress = !isLocal;
    const own = isLocal ? [] : [options.bind.toLowerCase(), hostname().toLowerCase()];
    this.#names = new Set(['localhost', '127.0.0.1', '::1', ...own]);
  }

  /** What is foreign about it; undefined if nothing is. */
  complaint({ host, origin, fetchSite, isVisit }: AskedBy): string | undefined {
    const name = host === undefined ? undefined : nameOf(`http://${host}`);
    if (name === undefined || !this.#isOwn(name)) return `this is not ${host ?? 'named'}`;
    if (origin !== undefined && !this.#isOwnPage(origin, { host, name })) return 'a foreign page';
    if (isVisit) return undefined;
    if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none')
      return 'a foreign page';
    return undefined;
  }

  /** An address is nobody's name; a certificate is given only to who has its names. */
  #isOwn(name: string): boolean {
    if (this.#names.has(name) || this.#givenNames.has(name)) return true;
    if (isIP(name) !== 0) return this.#anyAddress;
    return this.#certificate?.checkHost(name) !== undefined;
  }

  #isOwnPage(origin: string, { host = '', name }: { host: string | undefined; name: string }): boolean {
    const schemes = this.#givenNames.has(name) ? ['https', this.#scheme] : [this.#scheme];
    return schemes.some((scheme) => origin === `${scheme}://${host.toLowerCase()}`);
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
