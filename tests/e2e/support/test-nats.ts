import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { eventually, within } from '@holdfast/testkit';

/** Why none can be started here; undefined if one can. */
export function whyNoNats(): string | undefined {
  return spawnSync('nats-server', ['-v']).status === 0 ? undefined : 'needs nats-server';
}

/** Of clients; servers of a cluster are among each other besides. */
export interface NatsTraffic {
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** One `nats-server` of a test's own, killed and started again at the same port as often as a test likes. */
export class TestNats implements AsyncDisposable {
  readonly port: number;
  readonly #monitorPort: number;
  readonly #folder = mkdtempSync('/tmp/hf-nats-');
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(port: number, monitorPort: number) {
    this.port = port;
    this.#monitorPort = monitorPort;
  }

  static async #make(): Promise<TestNats> {
    return new TestNats(await freePort(), await freePort());
  }

  /** `configuration`: what its file has besides the port and JetStream. */
  static async start(configuration = ''): Promise<TestNats> {
    const nats = await TestNats.#make();
    nats.write(configuration);
    await nats.start();
    return nats;
  }

  /** So many servers that are one; disposed of one by one. Each tells clients of no other: who reaches them by a cable stays with it. */
  static async cluster(size: number): Promise<TestNats[]> {
    const servers: TestNats[] = [];
    const routePorts: number[] = [];
    for (let count = 0; count < size; count += 1) {
      servers.push(await TestNats.#make());
      routePorts.push(await freePort());
    }
    const routes = routePorts.map((port) => `nats-route://127.0.0.1:${port}`).join(', ');
    for (const [index, server] of servers.entries()) {
      const listen = `"127.0.0.1:${routePorts[index]}"`;
      server.write(`server_name: server-${index}
cluster { name: test, no_advertise: true, listen: ${listen}, routes: [ ${routes} ] }`);
    }
    await Promise.all(servers.map((server) => server.start()));
    return servers;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  /** What has come in and gone out at it since it began. */
  async traffic(): Promise<NatsTraffic> {
    const answer = await fetch(`http://127.0.0.1:${this.#monitorPort}/varz`);
    const told = (await answer.json()) as Record<string, number>;
    const figure = (name: string) => told[name] ?? Number.NaN;
    return {
      messagesIn: figure('in_msgs'),
      messagesOut: figure('out_msgs'),
      bytesIn: figure('in_bytes'),
      bytesOut: figure('out_bytes'),
    };
  }

  /** For the environment of commands. */
  get env(): { HOLDFAST_FLEET: string } {
    return { HOLDFAST_FLEET: this.url };
  }

  write(configuration: string): void {
    writeFileSync(
      path.join(this.#folder, 'nats.conf'),
      `listen: 127.0.0.1:${this.port}
http: 127.0.0.1:${this.#monitorPort}
jetstream { store_dir: ${JSON.stringify(path.join(this.#folder, 'store'))} }
${configuration}
`,
    );
  }

  /** A file with credentials that are made up. */
  creds(user: string, password: string): string {
    const file = path.join(this.#folder, `${user}.creds`);
    writeFileSync(file, `${user}:${password}\n`, { mode: 0o600 });
    return file;
  }

  async start(): Promise<void> {
    const child = spawn('nats-server', ['-c', path.join(this.#folder, 'nats.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.on('data', (text: Buffer) => {
      this.#log += text.toString();
    });
    this.#child = child;
    await eventually('nats-server accepts', () => {
      if (child.exitCode !== null) throw new Error(`nats-server has ended: ${this.#log}`);
      return accepts(this.port);
    });
  }

  /** Has it read its configuration again. */
  async reload(configuration: string): Promise<void> {
    this.write(configuration);
    const before = this.#log.length;
    this.#child?.kill('SIGHUP');
    await eventually('it has read it', () =>
      this.#log.slice(before).includes('Reloaded server configuration'),
    );
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await within('the end of nats-server', ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    // It greets when it is ready.
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
