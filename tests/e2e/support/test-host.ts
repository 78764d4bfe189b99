import type { AppRouter } from '@holdfast/host';
import { type CliProcess, TestHome, within } from '@holdfast/testkit';
import { createTRPCClient, httpLink, type TRPCClient } from '@trpc/client';

export interface Accepting {
  readonly url: string;
  readonly token: string;
  readonly port: number;
  readonly pid: number;
}

export interface TestHostOptions {
  /** By default one of its own. */
  readonly home?: TestHome;
  readonly args?: readonly string[];
  /** Beside the home's. */
  readonly env?: Readonly<Record<string, string>>;
}

/** `holdfast serve` in a home, started again at the same port as often as a test likes. */
export class TestHost implements AsyncDisposable {
  readonly home: TestHome;
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #ownsHome: boolean;
  #process: CliProcess | undefined;
  #accepting: Accepting | undefined;

  constructor(options: TestHostOptions = {}) {
    this.#ownsHome = options.home === undefined;
    this.home = options.home ?? new TestHome();
    this.#args = options.args ?? [];
    this.#env = options.env ?? {};
  }

  /** Starts a host in a home of its own; resolves when it accepts. */
  static async start(options: TestHostOptions = {}): Promise<TestHost> {
    const host = new TestHost(options);
    await host.start();
    return host;
  }

  async start(): Promise<void> {
    const port = String(this.#accepting?.port ?? 0);
    this.#process = this.home.startCli(['serve', '--port', port, '--json', ...this.#args], {
      env: this.#env,
    });
    const [line] = await within('the host accepts', this.#process.stdout.waitFor(/^.*\n/));
    this.#accepting = JSON.parse(line) as Accepting;
  }

  get process(): CliProcess {
    if (!this.#process) throw new Error('the host was not started');
    return this.#process;
  }

  get at(): Accepting {
    if (!this.#accepting) throw new Error('the host was not started');
    return this.#accepting;
  }

  get authorization(): { authorization: string } {
    return { authorization: `Bearer ${this.at.token}` };
  }

  /** As a crash ends it. */
  async crash(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.process.ended;
  }

  /** As Ctrl-C and an update of it end it. */
  async end(): Promise<void> {
    this.process.kill('SIGTERM');
    await within('the end of the host', this.process.ended);
  }

  /** Asks with the token, unless `headers` says otherwise. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, this.at.url), {
      ...init,
      headers: { ...this.authorization, ...Object.fromEntries(new Headers(init.headers)) },
    });
  }

  /** A client with the types of the API. */
  client(token: string = this.at.token): TRPCClient<AppRouter> {
    const url = new URL('trpc', this.at.url).href;
    return createTRPCClient<AppRouter>({
      links: [httpLink({ url, headers: { authorization: `Bearer ${token}` } })],
    });
  }

  /** What a subscription yields, as it comes: a browser has an EventSource for this. */
  async *events(procedure: string, signal: AbortSignal): AsyncGenerator<unknown, void, undefined> {
    const response = await this.fetch(`/trpc/${procedure}`, { signal });
    let text = '';
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += piece;
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const message = text.slice(0, end);
        text = text.slice(end + 2);
        const [, data] = /^data: (.*)$/m.exec(message) ?? [];
        if (data !== undefined && !/^event:/m.test(message)) yield JSON.parse(data);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process?.isRunning) await this.end();
    if (this.#ownsHome) await this.home[Symbol.asyncDispose]();
  }
}
