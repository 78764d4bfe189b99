import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { TestHome } from '@holdfast/testkit';
import { encodeAccount, encodeOperator, encodeUser, fmtCreds } from '@nats-io/jwt';
import { nkeys } from '@nats-io/transport-node';
import { beforeEach, expect, test } from 'vitest';
import { selfSigned } from './support/self-signed.ts';
import { TestHost } from './support/test-host.ts';
import { TestNats, whyNoNats } from './support/test-nats.ts';

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

/** An account has nothing that its token does not give. */
const UNLIMITED = {
  wildcards: true,
  ...Object.fromEntries(
    ['subs', 'conn', 'leaf', 'data', 'payload', 'imports', 'exports']
      .concat(['mem_storage', 'disk_storage', 'streams', 'consumer'])
      .map((what) => [what, -1]),
  ),
};

/** Writes a file that only this user can read; returns its path. */
function secret(folder: string, name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

test('with tls:// a fleet is reached by a certificate that is trusted, and a server that has another one, or none, is refused', async () => {
  await using files = new TestHome();
  const folder = files.scratch('tls');
  const { cert, key } = selfSigned();
  const trusted = secret(folder, 'cert.pem', cert);
  const other = secret(folder, 'other.pem', selfSigned().cert);
  const keyFile = secret(folder, 'key.pem', key);
  const tls = `tls { cert_file: ${JSON.stringify(trusted)}, key_file: ${JSON.stringify(keyFile)} }`;
  await using nats = await TestNats.start(tls);
  const url = nats.url.replace('nats:', 'tls:');
  await using _alpha = await TestHost.start({
    args: ['--fleet', url, '--fleet-name', 'alpha'],
    env: { HOLDFAST_FLEET_CA: trusted },
  });
  const hosts = async (env: Record<string, string>) => {
    await using here = new TestHome({ env });
    return await here.cli(['hosts', '--json']);
  };
  const reached = await hosts({ HOLDFAST_FLEET: url, HOLDFAST_FLEET_CA: trusted });
  expect(reached).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(String(reached.stdout))).toMatchObject([{ name: 'alpha' }]);
  for (const env of [{ HOLDFAST_FLEET: url }, { HOLDFAST_FLEET: url, HOLDFAST_FLEET_CA: other }])
    expect(await hosts(env)).toMatchObject({ code: 4, stderr: expect.stringContaining('certificate') });

  await using plain = await TestNats.start();
  const refused = await hosts({ HOLDFAST_FLEET: plain.url.replace('nats:', 'tls:') });
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('tls') });
}, 60_000);

test('the seed of an nkey is a host’s credentials, and another one is not', async () => {
  await using files = new TestHome();
  const folder = files.scratch('nkeys');
  const [known, unknown] = [nkeys.createUser(), nkeys.createUser()];
  const seedOf = (name: string, pair: typeof known) => secret(folder, name, pair.getSeed());
  await using nats = await TestNats.start(
    `accounts { HOUSE { jetstream: enabled, users: [ { nkey: ${known.getPublicKey()} } ] } }`,
  );
  await reachedBy(nats, { creds: seedOf('known', known), refused: seedOf('unknown', unknown) });
}, 60_000);

test('a creds file that an account has signed is let in, and one that another account has signed is not', async () => {
  await using files = new TestHome();
  const folder = files.scratch('creds');
  const [operator, account, stranger] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
  ];
  const credsBy = async (name: string, issuer: typeof account) => {
    const user = nkeys.createUser();
    return secret(folder, name, fmtCreds(await encodeUser(name, user, issuer), user));
  };
  const house = await encodeAccount('HOUSE', account, { limits: UNLIMITED }, { signer: operator });
  const system = nkeys.createAccount();
  const servers = await encodeAccount('SYS', system, {}, { signer: operator });
  await using nats = await TestNats.start(`operator: ${await encodeOperator('OWNER', operator)}
resolver: MEMORY
system_account: ${system.getPublicKey()}
resolver_preload: { ${system.getPublicKey()}: ${servers}, ${account.getPublicKey()}: ${house} }`);
  await reachedBy(nats, {
    creds: await credsBy('known', account),
    refused: await credsBy('other', stranger),
  });
}, 60_000);

/** A host and who asks it have these credentials; with the others nobody gets in. */
async function reachedBy(nats: TestNats, { creds, refused }: { creds: string; refused: string }) {
  await using _alpha = await TestHost.start({
    args: ['--fleet', nats.url, '--fleet-name', 'alpha', '--creds', creds],
  });
  const run = async (file: string) => {
    await using here = new TestHome({ env: { ...nats.env, HOLDFAST_FLEET_CREDS: file } });
    return await here.cli(['--host', 'alpha', 'run', '--', 'sh', '-c', 'echo $((6 * 7))']);
  };
  expect(await run(creds)).toMatchObject({ code: 0, stderr: '', stdout: Buffer.from('42\r\n') });
  expect(await run(refused)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('does not accept these credentials'),
  });
}
