import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from '@holdfast/testkit';

const STRANGER = 'ELSEWHERE { jetstream: enabled, users: [ { user: stranger, password: "far away" } ] }';

export interface FleetAccounts {
  /** For a server. */
  readonly configuration: string;
  /** The file with a user's credentials: build1 and build2 are hosts if no others were named, me operates, guest looks, store sets up. */
  creds(user: string): string;
}

/** What docs/fleet.md sets up, by the script that it has, in that folder, for its hosts or others; and an account beside it. */
export function fleetAccounts(folder: string, hosts: readonly string[] = []): FleetAccounts {
  const page = readFileSync(path.join(repository, 'docs', 'fleet.md'), 'utf8');
  const [, script = ''] = /```sh\n(mkdir -p -m 700 fleet.*?)```/s.exec(page) ?? [];
  const said = hosts.length === 0 ? script : script.replace(/^hosts='[^']*'/m, `hosts='${hosts.join(' ')}'`);
  execFileSync('sh', ['-e', '-c', said], { cwd: folder });
  const written = readFileSync(path.join(folder, 'fleet', 'fleet.conf'), 'utf8');
  // Where it listens, and where it keeps things, is another matter in tests.
  const configuration = written
    .replace(/^(listen|jetstream) .*\n|^listen: .*\n/gm, '')
    .replace('accounts {', `accounts {\n${STRANGER}\n`);
  return { configuration, creds: (user) => path.join(folder, 'fleet', `${user}.creds`) };
}

/** All of them in one account, with permissions between them, and JetStream in the same: what docs/security.md warns of. */
export function sharedAccount(folder: string): FleetAccounts {
  mkdirSync(path.join(folder, 'fleet'));
  const creds = (user: string) => path.join(folder, 'fleet', `${user}.creds`);
  const user = (name: string, publish: readonly string[], subscribe: readonly string[]) => {
    writeFileSync(creds(name), `${name}:secret\n`);
    const permissions = { publish, subscribe: [...subscribe, `_INBOX.${name}.>`] };
    return JSON.stringify({ user: name, password: 'secret', permissions });
  };
  const buckets = ['holdfast_hosts', 'holdfast_sessions'];
  const reads = buckets.flatMap((name) => [
    `$JS.API.STREAM.INFO.KV_${name}`,
    `$JS.API.DIRECT.GET.KV_${name}.>`,
  ]);
  const host = (name: string) =>
    user(
      name,
      [
        `holdfast.${name}.*.down.*`,
        '_INBOX.>',
        ...buckets.flatMap((bucket) => [
          `$KV.${bucket}.${name}`,
          `$JS.API.STREAM.INFO.KV_${bucket}`,
          `$JS.API.STREAM.CREATE.KV_${bucket}`,
        ]),
        `$JS.API.DIRECT.GET.KV_holdfast_hosts.$KV.holdfast_hosts.${name}`,
      ],
      [`holdfast.${name}.*.*`, `holdfast.${name}.*.up.*`],
    );
  const person = (name: string, role: string) =>
    user(name, [`holdfast.*.${role}.*`, `holdfast.*.${role}.up.*`, ...reads], [`holdfast.*.${role}.down.*`]);
  const store = (name: string) => {
    writeFileSync(creds(name), `${name}:secret\n`);
    return JSON.stringify({ user: name, password: 'secret' });
  };
  const users = [
    store('store'),
    host('build1'),
    host('build2'),
    person('me', 'operate'),
    person('guest', 'view'),
  ];
  return {
    configuration: `accounts { HOUSE { jetstream: enabled, users: [ ${users.join(', ')} ] } }`,
    creds,
  };
}
