import { HoldfastError } from '@holdfast/protocol';
import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  nkeys,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { read } from './fleet-address.ts';

export interface Credentials {
  readonly authenticator: Authenticator;
  /** Who that is to the servers: the name, or the public key. */
  readonly user: string;
}

const SEED = /SU[A-Z2-7]{56}/;

/** What a file of credentials holds: a NATS creds file, the seed of an nkey, or `USER:PASSWORD`. Throws E_USAGE. */
export function readCredentials(file: string): Credentials {
  const bytes = read(file);
  try {
    const credentials = credentialsIn(bytes);
    if (credentials) return credentials;
  } catch (cause) {
    throw noCredentials(file, cause);
  }
  throw noCredentials(file);
}

/** Throws what NATS says of a seed, or of a creds file, that is damaged. */
function credentialsIn(bytes: Buffer): Credentials | undefined {
  const text = bytes.toString('utf8').trim();
  const [seed] = SEED.exec(text) ?? [];
  if (seed !== undefined) {
    const key = Buffer.from(seed);
    const authenticator = seed === text ? nkeyAuthenticator(key) : credsAuthenticator(bytes);
    // Else what is wrong with it comes up while connecting, as if the server could not be reached.
    authenticator('any nonce');
    return { authenticator, user: nkeys.fromSeed(key).getPublicKey() };
  }
  const split = text.indexOf(':');
  if (split <= 0 || text.includes('\n')) return undefined;
  const user = text.slice(0, split);
  return { authenticator: usernamePasswordAuthenticator(user, text.slice(split + 1)), user };
}

function noCredentials(file: string, cause?: unknown): HoldfastError {
  const why = cause instanceof Error ? ` (${cause.message})` : '';
  const message = `${file} holds no credentials${why}: a NATS creds file, the seed of an nkey, or USER:PASSWORD`;
  return new HoldfastError('E_USAGE', message, { cause });
}
