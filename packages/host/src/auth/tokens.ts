import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '@holdfast/protocol';
import type { Home } from '@holdfast/supervisor/home';
import * as z from 'zod/mini';

const ID_BYTES = 6;
const SECRET_BYTES = 32;
const TOKEN = /^([0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;
const ID = /^[0-9a-f]{12}$/;
/** Browsers that one token was traded for: the oldest goes for one more, so that who has a link can't fill the disk. */
const BROWSERS_MAX = 32;

const shareShape = z.object({
  namespace: z.string(),
  /** The session's id: a name may be given to another one. */
  session: z.string(),
});

const recordShape = z.object({
  id: z.string(),
  /** `owner`: everything. `share`: one session, to be seen. `browser`: a cookie, with the rights of its parent. */
  kind: z.enum(['owner', 'share', 'browser']),
  /** SHA-256 of the secret. */
  hash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  createdAt: z.string(),
  expiresAt: z.nullable(z.string()),
  share: z.nullable(shareShape),
  parent: z.nullable(z.string()),
});
export type TokenRecord = z.infer<typeof recordShape>;

/** What a token says of whoever has it. */
export interface Principal {
  readonly tokenId: string;
  readonly kind: TokenRecord['kind'];
  /** The token that was given to somebody: for a browser's, the one that it was traded for. */
  readonly grantId: string;
  /** When all of it ends, as milliseconds since 1970; undefined = never. */
  readonly expiresAtMs: number | undefined;
  /** The one session that it is about, which may only be seen; undefined = everything is allowed. */
  readonly share: { readonly namespace: string; readonly session: string } | undefined;
}

/**
 * The tokens of all namespaces under one root: one file a token, which holds no more than the hash of its secret, and beside
 * them the owner's token itself, for whoever may read this user's files. A token is `ID.SECRET`.
 */
export class Tokens {
  /** Where they are, for whoever needs a name for all of them. */
  readonly folder: string;
  readonly #records: string;
  readonly #ownerFile: string;

  /** Any namespace's home: its root is what counts. Touches no file. */
  constructor(home: Pick<Home, 'stateDir'>) {
    // No namespace begins with a dot.
    this.folder = path.join(path.dirname(home.stateDir), '.host');
    this.#records = path.join(this.folder, 'tokens');
    this.#ownerFile = path.join(this.folder, 'token');
  }

  /** The token that is allowed everything; made if there is none, or none that is valid. */
  owner(): string {
    const token = readIfThere(this.#ownerFile)?.trim();
    const principal = token === undefined ? undefined : this.verify(token);
    if (token !== undefined && principal && !principal.share) return token;
    const made = this.#create({ kind: 'owner', expiresAt: null, share: null, parent: null });
    this.#write(this.#ownerFile, `${made}\n`);
    return made;
  }

  /** A token for one session, which may only be seen. */
  share(share: { namespace: string; session: string }, expiresInMs: number): string {
    const expiresAt = new Date(Date.now() + expiresInMs).toISOString();
    return this.#create({ kind: 'share', expiresAt, share, parent: null });
  }

  /** Trades a token, not a browser's, for one that a browser keeps as a cookie: it ends with the other one, or before. */
  browser(token: Principal, expiresInMs: number): string {
    const { share = null, tokenId, expiresAtMs = Number.POSITIVE_INFINITY } = token;
    const browsers = this.list().filter(({ parent }) => parent === tokenId);
    for (const { id } of browsers.slice(0, Math.max(0, browsers.length + 1 - BROWSERS_MAX))) this.#remove(id);
    const expiresAt = new Date(Math.min(Date.now() + expiresInMs, expiresAtMs)).toISOString();
    return this.#create({ kind: 'browser', expiresAt, share, parent: tokenId });
  }

  /** Whom a token stands for; undefined if it is none, has expired, or was revoked. */
  verify(token: string): Principal | undefined {
    const [, id = '', secret = ''] = TOKEN.exec(token) ?? [];
    const record = ID.test(id) ? this.#read(id) : undefined;
    // Compared in any case, so that it takes as long.
    const expected = Buffer.from(record?.hash ?? '0'.repeat(64), 'hex');
    if (!timingSafeEqual(expected, hashOf(secret)) || !record) return undefined;
    return this.isValid(id) ? principalOf(record) : undefined;
  }

  /** Whether a token is still good, by its id. */
  isValid(id: string): boolean {
    const record = ID.test(id) ? this.#read(id) : undefined;
    return record !== undefined && isGood(record, (parent) => this.#read(parent));
  }

  /** Every token that is still good, oldest first; those that are not are removed. */
  list(): TokenRecord[] {
    const records = new Map<string, TokenRecord>();
    for (const file of readFolder(this.#records)) {
      const id = path.basename(file, '.json');
      const record = ID.test(id) ? this.#read(id) : undefined;
      if (record) records.set(id, record);
    }
    const good = [...records.values()].filter((record) => {
      const isStillGood = isGood(record, (parent) => records.get(parent));
      if (!isStillGood) this.#remove(record.id);
      return isStillGood;
    });
    return good.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  }

  /** Revokes a token by its id, and those that it was traded for. False if there is none. */
  revoke(id: string): boolean {
    if (!ID.test(id) || !this.#read(id)) return false;
    this.#remove(id);
    for (const { id: child, parent } of this.list()) if (parent === id) this.#remove(child);
    return true;
  }

  /** Revokes it if it was given to a browser: a token that is its owner's outlives the browser's session. */
  revokeBrowser(id: string): void {
    if (this.#read(id)?.kind === 'browser') this.#remove(id);
  }

  #create(what: Pick<TokenRecord, 'kind' | 'expiresAt' | 'share' | 'parent'>): string {
    const id = randomBytes(ID_BYTES).toString('hex');
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const record: TokenRecord = {
      id,
      ...what,
      hash: hashOf(secret).toString('hex'),
      createdAt: new Date().toISOString(),
    };
    this.#write(this.#recordFile(id), JSON.stringify(record));
    return `${id}.${secret}`;
  }

  #read(id: string): TokenRecord | undefined {
    const text = readIfThere(this.#recordFile(id));
    if (text === undefined) return undefined;
    try {
      const parsed = recordShape.safeParse(JSON.parse(text));
      return parsed.success ? parsed.data : undefined;
    } catch {
      // SyntaxError: it is not one of ours.
      return undefined;
    }
  }

  /** Renamed into place: a reader sees all of it or nothing. */
  #write(file: string, text: string): void {
    try {
      mkdirSync(this.#records, { recursive: true, mode: 0o700 });
      const fresh = `${file}.${randomBytes(ID_BYTES).toString('hex')}.tmp`;
      writeFileSync(fresh, text, { mode: 0o600, flag: 'wx' });
      renameSync(fresh, file);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new HoldfastError('E_INTERNAL', `can't write the token to ${file}: ${why}`, { cause });
    }
  }

  #remove(id: string): void {
    rmSync(this.#recordFile(id), { force: true });
  }

  #recordFile(id: string): string {
    return path.join(this.#records, `${id}.json`);
  }
}

function principalOf({ id, kind, parent, expiresAt, share }: TokenRecord): Principal {
  return {
    tokenId: id,
    kind,
    grantId: parent ?? id,
    expiresAtMs: expiresAt === null ? undefined : Date.parse(expiresAt),
    share: share ?? undefined,
  };
}

/** A browser's token is as good as the one it was traded for; there are no chains. */
function isGood(record: TokenRecord, read: (id: string) => TokenRecord | undefined): boolean {
  if (hasExpired(record)) return false;
  if (record.parent === null) return true;
  const parent = ID.test(record.parent) ? read(record.parent) : undefined;
  return parent !== undefined && parent.parent === null && !hasExpired(parent);
}

function hasExpired({ expiresAt }: TokenRecord): boolean {
  // Written so that what is no time has expired.
  return expiresAt !== null && !(Date.parse(expiresAt) > Date.now());
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // ENOENT: it was never made, or was revoked. What can't be read opens no door.
    return undefined;
  }
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // ENOENT: no token was ever made.
    return [];
  }
}
