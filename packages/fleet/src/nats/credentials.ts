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
  const text = bytes.toString('utf8').trim();
  const [seed] = SEED.exec(text) ?? [];
  if (seed !== undefined) {
    const key = Buffer.from(seed);
    const isAlone = seed === text;
    return {
      authenticator: isAlone ? nkeyAuthenticator(key) : credsAuthenticator(bytes),
      user: nkeys.fromSeed(key).getPublicKey(),
    };
  }
  const split = text.indexOf(':');
  if (split > 0 && !text.includes('\n')) {
    const user = text.slice(0, split);
    return { authenticator: usernamePasswordAuthenticator(user, text.slice(split + 1)), user };
  }
  throw new HoldfastError(
    'E_USAGE',
    `${file} holds no credentials: a NATS creds file, the seed of an nkey, or USER:PASSWORD`,
  );
}
