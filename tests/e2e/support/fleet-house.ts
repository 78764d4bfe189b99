import { readFileSync } from 'node:fs';
import { TestHome } from '@holdfast/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type FleetAccounts, fleetAccounts, sharedAccount } from './fleet-accounts.ts';
import { TestHost } from './test-host.ts';
import { TestNats } from './test-nats.ts';

/** A server as docs/fleet.md has it set up, unless something else is said, and the users of it. */
export class FleetHouse implements AsyncDisposable {
  readonly nats: TestNats;
  readonly #accounts: FleetAccounts;
  readonly #folders: TestHome;
  readonly #raw: NatsConnection[] = [];

  private constructor(nats: TestNats, accounts: FleetAccounts, folders: TestHome) {
    this.nats = nats;
    this.#accounts = accounts;
    this.#folders = folders;
  }

  /** `hosts`: their names; by default build1 and build2. */
  static async open(hosts?: readonly string[]): Promise<FleetHouse> {
    const folders = new TestHome();
    const accounts = fleetAccounts(folders.scratch('accounts'), hosts);
    const house = new FleetHouse(await TestNats.start(accounts.configuration), accounts, folders);
    await using administrator = house.as('store');
    const { code, stderr } = await administrator.cli(['hosts', '--set-up']);
    if (code !== 0) throw new Error(`the fleet can't be set up: ${stderr}`);
    return house;
  }

  /** Another one, with all users in one account. */
  static async openShared(): Promise<FleetHouse> {
    const folders = new TestHome();
    const accounts = sharedAccount(folders.scratch('accounts'));
    return new FleetHouse(await TestNats.start(accounts.configuration), accounts, folders);
  }

  creds(user: string): string {
    return this.#accounts.creds(user);
  }

  /** A home whose commands are that user's. */
  as(user: string): TestHome {
    return new TestHome({ env: { ...this.nats.env, HOLDFAST_FLEET_CREDS: this.creds(user) } });
  }

  /** `pageUser`: who its page is in the fleet; by default the host. */
  host(name: string, pageUser?: string): Promise<TestHost> {
    const fleet = ['--fleet', this.nats.url, '--fleet-name', name, '--creds', this.creds(name)];
    const page = pageUser === undefined ? [] : ['--page-creds', this.creds(pageUser)];
    return TestHost.start({ args: [...fleet, ...page] });
  }

  /** A connection of that user's that says to the server whatever that user likes. */
  async raw(user: string): Promise<NatsConnection> {
    const [name = '', pass = ''] = readFileSync(this.creds(user), 'utf8').trim().split(':');
    const nc = await connect({
      servers: this.nats.url,
      user: name,
      pass,
      inboxPrefix: `_INBOX.${user}`,
      reconnect: false,
    });
    this.#raw.push(nc);
    return nc;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#raw.map((nc) => nc.close()));
    await this.nats[Symbol.asyncDispose]();
    await this.#folders[Symbol.asyncDispose]();
  }
}
