import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from '@holdfast/testkit';

const STRANGER = 'ELSEWHERE { jetstream: enabled, users: [ { user: stranger, password: "far away" } ] }';

export interface FleetAccounts {
  /** For a server. */
  readonly configuration: string;
  /** The file with a user's credentials: build1 and build2 are hosts, me operates, guest looks. */
  creds(user: string): string;
}

/** What docs/fleet.md sets up, by the script that it has, in that folder; and an account beside it. */
export function fleetAccounts(folder: string): FleetAccounts {
  const page = readFileSync(path.join(repository, 'docs', 'fleet.md'), 'utf8');
  const [, script = ''] = /```sh\n(mkdir -m 700 fleet.*?)```/s.exec(page) ?? [];
  execFileSync('sh', ['-e', '-c', script], { cwd: folder });
  const written = readFileSync(path.join(folder, 'fleet', 'fleet.conf'), 'utf8');
  // Where it listens, and where it keeps things, is another matter in tests.
  const configuration = written
    .replace(/^(listen|jetstream) .*\n|^listen: .*\n/gm, '')
    .replace('accounts {', `accounts {\n${STRANGER}\n`);
  return { configuration, creds: (user) => path.join(folder, 'fleet', `${user}.creds`) };
}
